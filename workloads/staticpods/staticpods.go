// Package staticpods makes pod density through a kubelet: it writes manifests into
// the folder that the kubelet reads static pods from, brings their number up and
// down by difference, and looks through the CRI at what has become of them.
//
// Beside it stands package pods, which makes pods through the CRI alone; a kubelet
// would take those for orphans and end them. Both give their pods the same labels,
// so that what one run has left is found by the other's cleanup.
//
// It never touches a manifest without the labels of its run, and leaves starting
// and ending pods to the kubelet. Only of a kubelet that does not end them it takes
// them over at the end.
package staticpods

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/workloads/pods"
)

// Config says which pods to make. Run, Image and Dir must be set.
type Config struct {
	// Run is the id of the run: what a Kubernetes label may hold.
	Run string
	// Image is the reference of an image that the runtime has: the kubelet is told
	// never to pull it.
	Image string
	// Dir is the kubelet's staticPodPath, an absolute folder.
	Dir string
	// ActiveCPU and ActiveMemory are as in pods.Config.
	ActiveCPU    float64
	ActiveMemory int64
	// Patience is how long nothing may change while pods are waited for; a minute if
	// 0. A kubelet that was just started again lets pods wait for some seconds.
	Patience time.Duration
	// Settle is how long after the last start Scale looks once more; a second if 0.
	Settle time.Duration
	// AvailableMemory is as in pods.Config.
	AvailableMemory func() (int64, error)
	// Why, if set, is asked for what the kubelet says where pods do not come: a pod
	// that it refuses leaves no trace in the runtime.
	Why func() string
}

// Defaults of Config.
const (
	defaultPatience = time.Minute
	defaultSettle   = time.Second
)

// While pods are waited for, the runtime is asked after firstPause, and then less and
// less often: a list of many pods costs it time that it has better use for.
const (
	firstPause   = 10 * time.Millisecond
	longestPause = 200 * time.Millisecond
)

// A Workload is the static pods of one run on one kubelet.
type Workload struct {
	client runtimev1.RuntimeServiceClient
	cfg    Config
	mu     sync.Mutex // one Scale or Stop at a time
}

var _ bench.Workload = (*Workload)(nil)

// labelValue is what Kubernetes lets a label hold (and not nothing).
var labelValue = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)

// New checks the config and fills in its defaults. It asks nobody anything.
func New(client runtimev1.RuntimeServiceClient, cfg Config) (*Workload, error) {
	var errs []error
	if !labelValue.MatchString(cfg.Run) {
		errs = append(errs, fmt.Errorf("run id %q is not a label value", cfg.Run))
	}
	if cfg.Image == "" {
		errs = append(errs, errors.New("no image"))
	}
	if !filepath.IsAbs(cfg.Dir) {
		errs = append(errs, fmt.Errorf("folder of manifests %q is not absolute", cfg.Dir))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("static pods: %w", err)
	}
	if cfg.Patience == 0 {
		cfg.Patience = defaultPatience
	}
	if cfg.Settle == 0 {
		cfg.Settle = defaultSettle
	}
	return &Workload{client: client, cfg: cfg}, nil
}

// Scale writes the manifests that the cell asks for and that are not there, and
// removes those of the run that it does not ask for: too many (the newest first)
// and those of another profile or size. It returns when the kubelet has made just
// these pods and each container runs, and a *pods.MemoryError before it asks for
// pods that the node has no memory for.
func (w *Workload) Scale(ctx context.Context, c bench.Cell) ([]bench.Pod, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out, err := w.scale(ctx, c)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = errors.Join(cause, err)
		}
		return nil, fmt.Errorf("scale to %s: %w", c, err)
	}
	return out, nil
}

func (w *Workload) scale(ctx context.Context, c bench.Cell) ([]bench.Pod, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := w.spec(c)
	if err != nil {
		return nil, err
	}
	there, err := manifests(w.cfg.Dir, w.cfg.Run)
	if err != nil {
		return nil, err
	}
	keep, drop := divide(there, s.label, c.Pods)
	if err := w.remove(ctx, drop); err != nil {
		return nil, err
	}
	missing := c.Pods - len(keep)
	if err := pods.CheckMemory(missing, s.containers, s.memory, w.cfg.AvailableMemory); err != nil {
		return nil, err
	}
	for _, m := range w.fresh(s, keep, missing) {
		if err := m.write(w.cfg.Dir); err != nil {
			return nil, fmt.Errorf("write the manifest of pod %s: %w", m.Metadata.Name, err)
		}
	}
	out, err := w.await(ctx, s, c.Pods)
	if err != nil || missing == 0 {
		return out, err
	}
	if err := sleep(ctx, w.cfg.Settle); err != nil {
		return nil, err
	}
	return w.await(ctx, s, c.Pods)
}

// Running asks the runtime for the pods of the run that are ready, and those of
// their containers that run, sorted by id.
func (w *Workload) Running(ctx context.Context) ([]bench.Pod, error) {
	members, err := w.members(ctx)
	if err != nil {
		return nil, err
	}
	return running(members), nil
}

// Stop removes the manifests of the run and returns when the runtime lists none of
// its pods any more. Those that the kubelet does not end are ended through the CRI.
func (w *Workload) Stop(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stop(ctx)
}

func (w *Workload) stop(ctx context.Context) error {
	err := w.end(ctx)
	// What the kubelet did not end, and what it keeps of what it ended. That it did
	// not is then no error: perhaps it has died, which others tell of.
	if err == nil || errors.Is(err, errNoProgress) {
		err = pods.RemoveRun(ctx, w.client, w.cfg.Run)
	}
	if err != nil {
		return fmt.Errorf("stop run %s: %w", w.cfg.Run, err)
	}
	return nil
}

// end removes all manifests of the run and waits for the kubelet to end the pods.
func (w *Workload) end(ctx context.Context) error {
	there, err := manifests(w.cfg.Dir, w.cfg.Run)
	if err != nil {
		return err
	}
	if err := w.remove(ctx, there); err != nil || len(there) == 0 {
		return err
	}
	// A pod that was just being made comes, and goes again, after its manifest went.
	if err := sleep(ctx, w.cfg.Settle); err != nil {
		return err
	}
	return w.awaitEnd(ctx, func(string) bool { return true })
}

// Remove removes what a run, which is to say a dead one, has left in a folder of
// manifests and on the runtime.
func Remove(ctx context.Context, client runtimev1.RuntimeServiceClient, dir, run string) error {
	w, err := New(client, Config{Run: run, Image: "-", Dir: dir})
	if err != nil {
		return err
	}
	return w.Stop(ctx)
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
