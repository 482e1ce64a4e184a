package main

import (
	"strings"
	"testing"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
)

// A runtime is asked to pull what it is told to, and who names none is told what is missing.
func TestImagePull(t *testing.T) {
	server, err := fakecri.Start(fakecri.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	if code, _, errs := invoke("image", "pull", "127.0.0.1:5000/pause:1", "-r", server.Endpoint()); code != exitDone {
		t.Fatalf("status %d, %s", code, errs)
	}
	conn, err := criconn.Dial(t.Context(), server.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	there, err := conn.Images.ImageStatus(t.Context(), &runtimev1.ImageStatusRequest{Image: &runtimev1.ImageSpec{Image: "127.0.0.1:5000/pause:1"}})
	if err != nil || there.GetImage() == nil {
		t.Errorf("the image is %v, %v", there.GetImage(), err)
	}
	t.Setenv("CONTAINER_RUNTIME_ENDPOINT", "")
	if code, _, errs := invoke("image", "pull", "x"); code != exitUsage || !strings.Contains(errs, "--runtime-endpoint") {
		t.Errorf("without a runtime: status %d, %s", code, errs)
	}
	if code, _, errs := invoke("image", "serve", "--address", "0.0.0.0:5000", "--podload", "nowhere"); code == exitDone {
		t.Errorf("served to everybody: status %d, %s", code, errs)
	}
}
