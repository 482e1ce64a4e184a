package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestMountsBelow(t *testing.T) {
	f := func(dir string, want ...string) {
		t.Helper()
		data, err := os.ReadFile(filepath.Join("testdata", "mountinfo"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := mountsBelow(data, dir)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("mounts below %s: %v, diff (-want +got):\n%s", dir, err, diff)
		}
	}
	// Deepest first, two at one place in the reverse of their order; neither the
	// folder itself nor a neighbour whose name begins the same.
	f("/var/lib/cri-stats-bench/node",
		"/var/lib/cri-stats-bench/node/state/io.containerd.runtime.v2.task/k8s.io/4f/rootfs/inner",
		"/var/lib/cri-stats-bench/node/state/io.containerd.runtime.v2.task/k8s.io/4f/rootfs",
		"/var/lib/cri-stats-bench/node/state/io.containerd.runtime.v2.task/k8s.io/4f/rootfs",
		"/var/lib/cri-stats-bench/node/state/with space")
	f("/nowhere")
}

func FuzzMountsBelow(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "mountinfo"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, "/var/lib")
	f.Add([]byte("1 2 3:4 / /x/y rw - tmpfs tmpfs rw\n"), "/x")
	f.Fuzz(func(t *testing.T, data []byte, dir string) {
		if !strings.HasPrefix(dir, "/") || filepath.Clean(dir) != dir || dir == "/" {
			return
		}
		points, err := mountsBelow(data, dir)
		if err != nil {
			return
		}
		for _, point := range points {
			if !strings.HasPrefix(point, dir+"/") {
				t.Errorf("%q is not below %q and would be unmounted", point, dir)
			}
		}
	})
}
