package image

import "testing"

func TestPauseRef(t *testing.T) {
	f := func(config, want string) {
		t.Helper()
		if got := pauseRef(config); got != want {
			t.Errorf("%s has the sandbox image %q, want %q", config, got, want)
		}
	}
	f(`{"sandboxImage": "registry.k8s.io/pause:3.8", "enableSelinux": false}`, "registry.k8s.io/pause:3.8")
	f(`{"snapshotter": "overlayfs", "pinnedImages": {"sandbox": "registry.k8s.io/pause:3.10.1"}}`, "registry.k8s.io/pause:3.10.1")
	f(`{"enableSelinux": false}`, "")
	f(`{`, "")
	f("", "")
}
