package kubeletconn

import (
	"bytes"
	"testing"
)

// PEM of anything: certificates or an error.
func FuzzParseCertificates(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		trusted, err := parseCertificates(data)
		if (err == nil) != (len(trusted) > 0) {
			t.Errorf("%d certificates, %v", len(trusted), err)
		}
	})
}

// What a kubelet says of its pods: each of them, or an error.
func FuzzParsePods(f *testing.F) {
	f.Add([]byte(`{"items":[{"metadata":{"name":"a","labels":{"k":"v"}},"status":{"reason":"Evicted","message":"disk"}}]}`))
	f.Add([]byte(`{"items":[{"status":{"containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ErrImageNeverPull"}}},{}]}},null]}`))
	f.Add([]byte(`{"items":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		pods, err := parsePods(data)
		if err != nil && pods != nil {
			t.Errorf("%d pods and %v", len(pods), err)
		}
	})
}

// What a kubelet says of its configuration is there, or an error: an answer without one is
// not the default configuration.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"kubeletconfig":{"staticPodPath":"/m","featureGates":{"PodAndContainerStatsFromCRI":true}}}`))
	f.Add([]byte(`{"kubeletconfig":null}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := parseConfig(data); err == nil && !bytes.Contains(bytes.ToLower(data), []byte("kubeletconfig")) && !bytes.Contains(data, []byte(`\u`)) {
			t.Errorf("a configuration of %q", data)
		}
	})
}
