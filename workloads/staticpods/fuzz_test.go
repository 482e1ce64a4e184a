package staticpods

import (
	"encoding/json"
	"testing"

	"cri-stats-bench/workloads/pods"
)

// Whatever stands in a file with a name of ours: it is a manifest of ours only if it is whole
// and bears our label. All else would be removed though somebody else wrote it.
func FuzzDecodeManifest(f *testing.F) {
	f.Add([]byte(`{"metadata":{"name":"bench-0001","labels":{"` + pods.LabelCreatedBy + `":"` + pods.CreatedBy + `"}}}`))
	f.Add([]byte(`{"metadata":{"labels":{"` + pods.LabelCreatedBy + `":"` + pods.CreatedBy + `"}`))
	f.Add([]byte(`{"metadata":{"labels":null}}`))
	f.Add([]byte("apiVersion: v1\nkind: Pod\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := decodeManifest(data)
		if len(m.Metadata.Labels) > 0 && !json.Valid(data) {
			t.Errorf("%q has the labels %v", data, m.Metadata.Labels)
		}
	})
}
