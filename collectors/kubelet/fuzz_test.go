package kubelet

import (
	"os"
	"path/filepath"
	"testing"

	"cri-stats-bench/bench"
)

// someone knows one pod and its container, and nobody else.
func someone() *population {
	pod := podName{"default", "web"}
	return &population{
		pods:       map[podName]string{pod: "pod"},
		containers: map[containerName]string{{pod, "main"}: "container"},
		placed:     make(map[bench.Entity]int32), described: -1,
	}
}

// whole holds that a batch refers to nothing that is not in it.
func whole(t *testing.T, b *bench.Batch) {
	t.Helper()
	for _, s := range b.Samples {
		if int(s.Entity) < 0 || int(s.Entity) >= len(b.Entities) || s.Metric == nil {
			t.Fatalf("a sample of entity %d, of %d", s.Entity, len(b.Entities))
		}
	}
}

func fuzzDecoder(f *testing.F, d decoder, seeds ...string) {
	for _, name := range seeds {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bench.Batch
		pods := someone()
		pods.begin()
		if err := d.decode(data, pods, &b); err == nil {
			whole(t, &b)
		}
	})
}

func FuzzSummary(f *testing.F) { fuzzDecoder(f, newSummary(), "summary.json") }

func FuzzExposition(f *testing.F) {
	fuzzDecoder(f, newExposition(), "cadvisor.txt", "cadvisor-cri.txt", "resource.txt")
}
