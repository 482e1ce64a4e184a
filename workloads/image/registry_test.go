package image_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/bench/criconn/fakecri/fakecritest"
	"cri-stats-bench/workloads/image"
)

func serve(t *testing.T, images map[string]v1.Image) *image.Registry {
	t.Helper()
	r, err := image.Serve(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// get fetches a path from the registry and checks that the bytes are what the
// digest at its end names.
func get(t *testing.T, r *image.Registry, path string) (body []byte, mediaType string) {
	t.Helper()
	resp, err := http.Get("http://" + r.Address() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v", path, resp.Status, err)
	}
	got, _, err := v1.SHA256(strings.NewReader(string(body)))
	if err != nil || !strings.HasSuffix(path, got.String()) {
		t.Errorf("GET %s: bytes of digest %s, %v", path, got, err)
	}
	return body, resp.Header.Get("Content-Type")
}

func TestServe(t *testing.T) {
	r := serve(t, map[string]v1.Image{"podload": newImage(t, "binary", amd64), "other": newImage(t, "other", amd64)})
	if got := r.Ref("missing"); got != "" {
		t.Errorf("reference of an image that is not served: %q", got)
	}
	host, _, err := net.SplitHostPort(r.Address())
	if err != nil || host != "127.0.0.1" {
		t.Errorf("listens at %s, %v", r.Address(), err)
	}
	for _, name := range []string{"podload", "other"} {
		repo, digest, ok := strings.Cut(strings.TrimPrefix(r.Ref(name), r.Address()+"/"), "@")
		if !ok || repo != name {
			t.Fatalf("reference %q of %s", r.Ref(name), name)
		}
		raw, mediaType := get(t, r, "/v2/"+repo+"/manifests/"+digest)
		if mediaType != "application/vnd.oci.image.manifest.v1+json" {
			t.Errorf("media type %s", mediaType)
		}
		var manifest v1.Manifest
		if err := json.Unmarshal(raw, &manifest); err != nil {
			t.Fatal(err)
		}
		get(t, r, "/v2/"+repo+"/blobs/"+manifest.Config.Digest.String())
		layer, _ := get(t, r, "/v2/"+repo+"/blobs/"+manifest.Layers[0].Digest.String())
		if int64(len(layer)) != manifest.Layers[0].Size {
			t.Errorf("layer of %d bytes, manifest says %d", len(layer), manifest.Layers[0].Size)
		}
	}
}

func TestServeIsReadOnly(t *testing.T) {
	r := serve(t, map[string]v1.Image{"podload": newImage(t, "binary", amd64)})
	_, digest, _ := strings.Cut(r.Ref("podload"), "@")
	f := func(method, path string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.Address()+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: %s", method, path, resp.Status)
		}
	}
	f(http.MethodPut, "/v2/podload/manifests/latest")
	f(http.MethodPost, "/v2/podload/blobs/uploads/")
	f(http.MethodPatch, "/v2/podload/blobs/uploads/1")
	f(http.MethodDelete, "/v2/podload/manifests/"+digest)
	f("MKCOL", "/")
	get(t, r, "/v2/podload/manifests/"+digest)
}

func TestServeRefusesBadNames(t *testing.T) {
	if r, err := image.Serve(t.Context(), map[string]v1.Image{"Pod Load": newImage(t, "binary", amd64)}); err == nil {
		t.Errorf("served %s", r.Ref("Pod Load"))
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := image.Serve(ctx, map[string]v1.Image{"podload": newImage(t, "binary", amd64)})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if conn, err := net.DialTimeout("tcp", r.Address(), time.Second); err == nil {
		conn.Close()
		t.Error("somebody still listens")
	}
}

func TestPullAndRemove(t *testing.T) {
	_, conn := fakecritest.Dial(t, fakecri.Options{}, "")
	const ref = "127.0.0.1:5000/podload@sha256:0000"
	count := func(want int) {
		t.Helper()
		list, err := conn.Images.ListImages(t.Context(), &runtimev1.ListImagesRequest{})
		if err != nil || len(list.GetImages()) != want {
			t.Errorf("images %v, %v, want %d", list, err, want)
		}
	}
	if err := image.Pull(t.Context(), conn.Images, ref); err != nil {
		t.Fatal(err)
	}
	count(1)
	for range 2 {
		if err := image.Remove(t.Context(), conn.Images, ref); err != nil {
			t.Error(err)
		}
	}
	count(0)
	if err := image.Pull(t.Context(), conn.Images, ""); err == nil {
		t.Error("pulled nothing")
	}
}

// An image is the same under another name.
func TestHas(t *testing.T) {
	_, conn := fakecritest.Dial(t, fakecri.Options{}, "127.0.0.1:5000/podload@sha256:0000")
	f := func(ref string, want bool) {
		t.Helper()
		if got, err := image.Has(t.Context(), conn.Images, ref); err != nil || got != want {
			t.Errorf("%s: %t, %v, want %t", ref, got, err, want)
		}
	}
	f("127.0.0.1:5000/podload@sha256:0000", true)
	f("127.0.0.1:6000/podload@sha256:0000", true)
	f("127.0.0.1:5000/podload@sha256:0001", false)
	if _, err := image.Has(t.Context(), conn.Images, "podload:latest"); err == nil {
		t.Error("looked for an image without a digest")
	}
}
