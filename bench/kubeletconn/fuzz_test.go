package kubeletconn

import "testing"

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
