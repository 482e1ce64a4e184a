package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Registry serves images, read-only, on a port of 127.0.0.1.
type Registry struct {
	refs     map[string]string
	listener net.Listener
	server   *http.Server
	serving  sync.WaitGroup
	serveErr error
	stop     func() bool
}

// Serve serves images by name ("podload") on a free port until Close, or until ctx ends.
func Serve(ctx context.Context, images map[string]v1.Image) (*Registry, error) {
	return ServeOn(ctx, "127.0.0.1:0", images)
}

// ServeOn serves images at an address of this host that no other one reaches.
func ServeOn(ctx context.Context, address string, images map[string]v1.Image) (*Registry, error) {
	if to, err := netip.ParseAddrPort(address); err != nil || !to.Addr().IsLoopback() {
		return nil, fmt.Errorf("listen for the image registry at %s: it must be on loopback, as 127.0.0.1:5000", address)
	}
	blobs := make(blobStore)
	handler := registry.New(registry.WithBlobHandler(blobs), registry.Logger(log.New(io.Discard, "", 0)))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the image registry: %w", err)
	}
	r := &Registry{
		refs:     make(map[string]string),
		listener: listener,
		server:   &http.Server{Handler: readOnly(handler), ReadHeaderTimeout: 10 * time.Second},
	}
	for _, repo := range slices.Sorted(maps.Keys(images)) {
		ref, err := add(handler, blobs, listener.Addr().String(), repo, images[repo])
		if err != nil {
			return nil, errors.Join(fmt.Errorf("serve image %q: %w", repo, err), listener.Close())
		}
		r.refs[repo] = ref
	}
	r.serving.Go(func() { r.serveErr = r.server.Serve(listener) })
	r.stop = context.AfterFunc(ctx, func() { _ = r.server.Close() }) // Close tells what was wrong
	return r, nil
}

// Ref is the reference to pull an image by: 127.0.0.1:PORT/name@sha256:…. It is
// the digest, so that what an earlier run left in the runtime under the same port
// and name is never taken for it. It is empty for a name that is not served.
func (r *Registry) Ref(name string) string { return r.refs[name] }

// Address is where the registry listens: 127.0.0.1:PORT.
func (r *Registry) Address() string { return r.listener.Addr().String() }

// Close stops serving and waits for its end. It may be called twice.
func (r *Registry) Close() error {
	r.stop()
	err := r.server.Close()
	r.serving.Wait()
	if !errors.Is(r.serveErr, http.ErrServerClosed) {
		err = errors.Join(err, r.serveErr)
	}
	if err != nil {
		return fmt.Errorf("close image registry: %w", err)
	}
	return nil
}

// readOnly lets through what only reads. The images are in before it is put in
// front of the handler, so nobody on the node can change what pods will run.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this registry is read-only", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// add puts an image in and returns its reference.
func add(handler http.Handler, blobs blobStore, address, repo string, img v1.Image) (string, error) {
	if err := blobs.add(img); err != nil {
		return "", err
	}
	digest, err := img.Digest()
	if err != nil {
		return "", err
	}
	ref, err := name.NewDigest(fmt.Sprintf("%s/%s@%s", address, repo, digest), name.StrictValidation)
	if err != nil {
		return "", err
	}
	manifest, err := img.RawManifest()
	if err != nil {
		return "", err
	}
	mediaType, err := img.MediaType()
	if err != nil {
		return "", err
	}
	put, err := http.NewRequestWithContext(context.Background(), http.MethodPut, "/v2/"+repo+"/manifests/"+digest.String(), bytes.NewReader(manifest))
	if err != nil {
		return "", err
	}
	put.Header.Set("Content-Type", string(mediaType))
	var status statusWriter
	handler.ServeHTTP(&status, put)
	if status.code != http.StatusCreated {
		return "", fmt.Errorf("put manifest: status %d", status.code)
	}
	return ref.Name(), nil
}

// A statusWriter keeps the status of an answer and nothing else.
type statusWriter struct{ code int }

func (w *statusWriter) Header() http.Header            { return make(http.Header) }
func (w *statusWriter) Write(data []byte) (int, error) { return len(data), nil }
func (w *statusWriter) WriteHeader(code int)           { w.code = code }

// A blobStore has layers and configs by digest. It is filled before it is served
// and only read then.
type blobStore map[v1.Hash]blob

type blob struct {
	size int64
	open func() (io.ReadCloser, error)
}

var (
	_ registry.BlobHandler     = blobStore{}
	_ registry.BlobStatHandler = blobStore{}
)

func (b blobStore) add(img v1.Image) error {
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	configName, err := img.ConfigName()
	if err != nil {
		return err
	}
	b[configName] = blob{int64(len(config)), func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(config)), nil
	}}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			return err
		}
		size, err := layer.Size()
		if err != nil {
			return err
		}
		b[digest] = blob{size, layer.Compressed}
	}
	return nil
}

// Get returns the bytes of a blob.
func (b blobStore) Get(_ context.Context, _ string, h v1.Hash) (io.ReadCloser, error) {
	blob, ok := b[h]
	if !ok {
		return nil, registry.ErrNotFound
	}
	return blob.open()
}

// Stat returns the size of a blob.
func (b blobStore) Stat(_ context.Context, _ string, h v1.Hash) (int64, error) {
	blob, ok := b[h]
	if !ok {
		return 0, registry.ErrNotFound
	}
	return blob.size, nil
}
