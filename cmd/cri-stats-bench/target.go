package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/host"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/workloads/image"
)

// What the pods' images are called in the loopback registry, and how many files the one has.
const (
	imageName      = "podload"
	filesImageName = "podload-files"
	imageFiles     = 10_000
)

// tearDownTimeout is for putting everything back, after a run's own context has
// ended.
const tearDownTimeout = 3 * time.Minute

// endpointFlags say which runtime is meant; they are those of crictl.
type endpointFlags struct {
	endpoint string
	runtime  string
	podload  string
	// kubelet is what a plan wants on top of a private runtime; nil for none.
	kubelet *node.KubeletConfig
	// debug lets a private runtime say what it has allocated.
	debug bool
	// bridge gives a private node one, for pods with networks of their own; files asks for
	// the image of many files.
	bridge, files bool
}

func (f *endpointFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.endpoint, "runtime-endpoint", "r", "",
		"CRI endpoint of this node's runtime (unix:///path); without it a private runtime is started (default $CONTAINER_RUNTIME_ENDPOINT)")
	cmd.Flags().StringVar(&f.runtime, "runtime", "containerd", "runtime of the private node: "+strings.Join(privateRuntimes, ", ")+"; of run also several, separated by commas")
	cmd.Flags().StringVar(&f.podload, "podload", "", "the program that pods run (default: podload beside this program)")
}

// existing returns the endpoint of a runtime that is there; "" asks for a
// private one.
func (f *endpointFlags) existing() string {
	if f.endpoint != "" {
		return f.endpoint
	}
	return os.Getenv("CONTAINER_RUNTIME_ENDPOINT")
}

// privateRuntimes are those that a private node can have.
var privateRuntimes = []string{"containerd", "containerd-distribution", "crio"}

// check refuses a private runtime that there is not.
func (f *endpointFlags) check() error {
	if !slices.Contains(privateRuntimes, f.runtime) {
		return usage("no private runtime %q: give --runtime one of %s", f.runtime, strings.Join(privateRuntimes, ", "))
	}
	return nil
}

// claim takes the lock of the node. First of all it sees whether the flags make sense and
// whether the runtime that is asked for answers, since this is where most mistakes are.
func (f *endpointFlags) claim(ctx context.Context, doing string) (*host.Lock, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.podload != "" {
		if _, err := os.Stat(f.podload); err != nil {
			return nil, usage("find the program that pods run: %w", err)
		}
	}
	if endpoint := f.existing(); endpoint != "" {
		conn, err := criconn.Dial(ctx, endpoint)
		if err != nil {
			return nil, err
		}
		if err := conn.Close(); err != nil {
			return nil, err
		}
	}
	lock, err := host.AcquireLock("")
	if errors.Is(err, fs.ErrPermission) {
		return nil, statusError{exitUnfit, fmt.Errorf("%w: %s a node takes root", err, doing)}
	}
	return lock, err
}

// A target is the runtime that is measured, and what was set up around it.
type target struct {
	conn   *criconn.Conn
	daemon *node.Daemon
	// image is the reference that pods use, filesImage that with many files, where it is asked
	// for.
	image, filesImage string
	// managed is nil for a runtime that was there before.
	managed *node.Node
	// kubelet is nil where none is measured.
	kubelet *kubeletTarget
	// undo puts everything back, the last first.
	undo []func(context.Context) error
}

// openTarget brings up a private runtime, or connects to the one that is there,
// and gives it the image. It puts everything back if it fails.
func openTarget(ctx context.Context, f endpointFlags) (_ *target, err error) {
	t := &target{}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close(ctx))
		}
	}()
	endpoint := f.existing()
	if endpoint != "" {
		if err := t.dial(ctx, endpoint); err != nil {
			return nil, err
		}
	}
	if endpoint != "" {
		if p, known, err := image.PauseOf(ctx, t.conn.Runtime, t.conn.Images); err == nil && known && !p.There {
			return nil, statusError{exitUnfit, fmt.Errorf("the runtime's sandbox image %s is not there, and pods would wait for a registry: pull it first (cri-stats-bench image pull), or import it (ctr -n k8s.io images import FILE)", p.Ref)}
		}
	}
	img, err := podloadImage(f.podload)
	if err != nil {
		return nil, err
	}
	served := map[string]v1.Image{imageName: img}
	if f.files {
		if served[filesImageName], err = image.WithFiles(img, imageFiles); err != nil {
			return nil, err
		}
	}
	// The registry must outlive an interruption until the pods are gone.
	registry, err := image.Serve(context.WithoutCancel(ctx), served)
	if err != nil {
		return nil, err
	}
	t.undo = append(t.undo, func(context.Context) error { return registry.Close() })
	t.image, t.filesImage = registry.Ref(imageName), registry.Ref(filesImageName)
	if endpoint == "" {
		if t.managed, err = startNode(ctx, node.Config{Runtime: f.runtime, SandboxImage: t.image, Kubelet: f.kubelet, Debug: f.debug, Bridge: f.bridge}); err != nil {
			return nil, err
		}
		t.undo = append(t.undo, t.managed.Down)
		t.kubelet = managedKubelet(t.managed)
		if err := t.dial(ctx, t.managed.Endpoint()); err != nil {
			return nil, err
		}
	}
	if t.daemon, err = node.Discover(ctx, t.conn.Endpoint); err != nil {
		return nil, err
	}
	for _, ref := range []string{t.image, t.filesImage} {
		if ref == "" {
			continue
		}
		if err := t.pull(ctx, ref); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// pull gives the runtime an image. What somebody else has may not be taken away: a node that
// `node up` has started makes its sandboxes of it.
func (t *target) pull(ctx context.Context, ref string) error {
	had, err := image.Has(ctx, t.conn.Images, ref)
	if err != nil {
		return err
	}
	if err := image.Pull(ctx, t.conn.Images, ref); err != nil {
		return err
	}
	if t.managed == nil && !had {
		t.undo = append(t.undo, func(ctx context.Context) error { return image.Remove(ctx, t.conn.Images, ref) })
	}
	return nil
}

// dial connects to the runtime.
func (t *target) dial(ctx context.Context, endpoint string) error {
	conn, err := criconn.Dial(ctx, endpoint)
	if err != nil {
		return err
	}
	t.conn = conn
	t.undo = append(t.undo, func(context.Context) error { return conn.Close() })
	return nil
}

// podloadImage makes the pods' image from the program at path, or beside this one.
func podloadImage(path string) (v1.Image, error) {
	if path == "" {
		exe, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program: %w", err)
		}
		path = filepath.Join(filepath.Dir(exe), "podload")
		if _, err := os.Stat(path); err != nil {
			return nil, usage("find the program that pods run: %w; build both with `make build`, or give --podload", err)
		}
	}
	return image.FromFile(path)
}

// close puts everything back, also after ctx has ended.
func (t *target) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tearDownTimeout)
	defer cancel()
	var errs []error
	for i := len(t.undo) - 1; i >= 0; i-- {
		errs = append(errs, t.undo[i](ctx))
	}
	t.undo = nil
	return errors.Join(errs...)
}
