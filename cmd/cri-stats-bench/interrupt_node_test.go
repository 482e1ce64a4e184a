//go:build node

package main

import "testing"

// Commands that claim the node end, too, when a runtime hangs in what they make or remove.
func TestNodeInterruptHanging(t *testing.T) {
	load := podload(t)
	const plan = "name: hangs\npods: [3]\nrounds: 1\ninterval: 500ms\nwindow: 1s\nwarm_up: 0s\nsettle: 0s\narms: [idle, cri-pod-stats]\nidle: idle\ntruth: off\n"
	f := func(hang string, args ...string) {
		t.Run(args[0]+" "+hang, func(t *testing.T) { endsWhenInterrupted(t, hang, args...) })
	}
	for _, hang := range []string{"RunPodSandbox", "ListPodSandboxStats", "StopPodSandbox"} {
		f(hang, "run", "--plan", file(t, "hangs.yaml", plan), "--podload", load, "--out", t.TempDir())
	}
	f("StopPodSandbox", "verify", "--podload", load, "--duration", "1m")
	f("ListPodSandbox", "cleanup")
}
