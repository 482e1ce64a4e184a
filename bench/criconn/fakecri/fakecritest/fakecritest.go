// Package fakecritest starts the in-memory CRI server for a test, and ends it with
// the test. What the server does is package fakecri's; it makes no pods.
package fakecritest

import (
	"testing"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
)

// Start starts a server.
func Start(t testing.TB, opts fakecri.Options) *fakecri.Server {
	t.Helper()
	server, err := fakecri.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// Dial starts a server, dials it, and pulls an image unless that is empty.
func Dial(t testing.TB, opts fakecri.Options, image string) (*fakecri.Server, *criconn.Conn) {
	t.Helper()
	server := Start(t, opts)
	conn, err := criconn.Dial(t.Context(), server.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	if image == "" {
		return server, conn
	}
	request := &runtimev1.PullImageRequest{Image: &runtimev1.ImageSpec{Image: image, UserSpecifiedImage: image}}
	if _, err := conn.Images.PullImage(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	return server, conn
}
