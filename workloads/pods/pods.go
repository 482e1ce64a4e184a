// Package pods makes pod density through the CRI: it runs pod sandboxes and
// containers of package image's program on a runtime, brings their number up and
// down by difference, and removes all of them again.
//
// Beside it stand the kubelet's static pods, for experiments with a kubelet, and
// package workloadtest, whose conformance test holds for both. The Runner sees a
// [Workload] through bench.Workload only.
//
// It never touches a pod without the labels of its run: what it removes it finds
// by label, not by what it remembers, so that a dead run's pods are found too.
package pods

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
)

// Labels of every pod sandbox and container that this package makes.
const (
	LabelRun       = "cri-stats-bench/run"        // value: Config.Run
	LabelCreatedBy = "cri-stats-bench/created-by" // value: CreatedBy
	CreatedBy      = "cri-stats-bench"
	// LabelSpec tells pods of one profile and size from others of the same run.
	LabelSpec = "cri-stats-bench/spec"
	// LabelEnds is on containers that are to have ended.
	LabelEnds = "cri-stats-bench/ends"
)

// Namespace is the Kubernetes namespace in the sandboxes' metadata.
const Namespace = "cri-stats-bench"

// A Config says which pods to make. Run and Image must be set.
type Config struct {
	// Run is the id of the run: what a Kubernetes label may hold.
	Run string
	// Image is the reference of an image that the runtime has pulled, FilesImage that of the
	// same with many files, for the profile "image-files"; empty where no cell has it.
	Image      string
	FilesImage string
	// CgroupDriver decides the form of cgroup paths; cgroupfs if empty, which is
	// what containerd does unless told otherwise.
	CgroupDriver criconn.CgroupDriver
	// CgroupFS is where the cgroup file systems are mounted (/sys/fs/cgroup). If
	// empty, emptied cgroups are left alone: for a runtime that makes none.
	CgroupFS string
	// LogDir is an absolute folder for the containers' logs, where each pod gets
	// one of its own that goes with it. If empty, there are no logs.
	LogDir string
	// NamePrefix starts the name of each pod; "bench" if empty.
	NamePrefix string
	// RuntimeHandler is the runtime class to use; empty for the default one.
	RuntimeHandler string
	// Parallel is how many pods are made or removed at once; twice the number of
	// CPUs if 0.
	Parallel int
	// ActiveCPU is what each container of the profile "active" burns, in CPUs
	// (0.01 if 0), and ActiveMemory what it holds, in bytes (8 MiB if 0).
	ActiveCPU    float64
	ActiveMemory int64
	// ActiveMore are further arguments of the image's program in containers of the profile
	// "active", ActiveCache the page cache that they make it hold, in bytes.
	ActiveMore  []string
	ActiveCache int64
	// CallTimeout bounds each call to the runtime; two minutes if 0, the kubelet's
	// runtimeRequestTimeout.
	CallTimeout time.Duration
	// Settle is how long after the last start Scale looks once more; half a second
	// if 0. containerd calls a container that ended at once running for up to 0.3 s.
	Settle time.Duration
	// AvailableMemory tells the bytes that could be used without swapping
	// (see AvailableMemory); nil makes pods without asking.
	AvailableMemory func() (int64, error)
	// Progress, if set, is told after each pod how many of the pods to make and
	// remove are done. It is called by one goroutine at a time.
	Progress func(done, total int)
}

// A Workload is the pods of one run on one runtime.
type Workload struct {
	client runtimev1.RuntimeServiceClient
	cfg    Config

	mu      sync.Mutex // one Scale or Stop at a time
	cgroups uidSet     // to remove
}

var _ bench.Workload = (*Workload)(nil)

// Defaults of Config.
const (
	defaultNamePrefix   = "bench"
	defaultActiveCPU    = 0.01
	defaultActiveMemory = 8 << 20
	defaultCallTimeout  = 2 * time.Minute
	defaultSettle       = 500 * time.Millisecond
)

var (
	// labelValue is what Kubernetes lets a label hold (and not nothing).
	labelValue = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	// podName leaves room for a number in a name of at most 63 characters.
	podName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$`)
)

// New checks the config and fills in its defaults. It asks the runtime nothing.
func New(client runtimev1.RuntimeServiceClient, cfg Config) (*Workload, error) {
	var errs []error
	if !labelValue.MatchString(cfg.Run) {
		errs = append(errs, fmt.Errorf("run id %q is not a label value", cfg.Run))
	}
	if cfg.Image == "" {
		errs = append(errs, errors.New("no image"))
	}
	if cfg.NamePrefix == "" {
		cfg.NamePrefix = defaultNamePrefix
	}
	if !podName.MatchString(cfg.NamePrefix) {
		errs = append(errs, fmt.Errorf("name prefix %q is not the start of a pod name", cfg.NamePrefix))
	}
	switch cfg.CgroupDriver {
	case "":
		cfg.CgroupDriver = criconn.Cgroupfs
	case criconn.Cgroupfs, criconn.Systemd:
	default:
		errs = append(errs, fmt.Errorf("unknown cgroup driver %q", cfg.CgroupDriver))
	}
	if cfg.LogDir != "" && !filepath.IsAbs(cfg.LogDir) {
		errs = append(errs, fmt.Errorf("log folder %q is not absolute", cfg.LogDir))
	}
	if cfg.ActiveCPU == 0 {
		cfg.ActiveCPU = defaultActiveCPU
	}
	if !(cfg.ActiveCPU > 0 && cfg.ActiveCPU <= 1) { // also refuses NaN
		errs = append(errs, fmt.Errorf("a container cannot burn %v CPUs: above 0 and at most 1", cfg.ActiveCPU))
	}
	if cfg.ActiveMemory == 0 {
		cfg.ActiveMemory = defaultActiveMemory
	}
	if cfg.ActiveMemory < 0 {
		errs = append(errs, fmt.Errorf("a container cannot hold %d bytes", cfg.ActiveMemory))
	}
	if cfg.Parallel == 0 {
		cfg.Parallel = 2 * runtime.NumCPU()
	}
	if cfg.Parallel < 0 {
		errs = append(errs, fmt.Errorf("cannot make %d pods at once", cfg.Parallel))
	}
	if cfg.CallTimeout == 0 {
		cfg.CallTimeout = defaultCallTimeout
	}
	if cfg.Settle == 0 {
		cfg.Settle = defaultSettle
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("pods: %w", err)
	}
	return &Workload{client: client, cfg: cfg}, nil
}

// selector finds what bears the labels of a run.
func selector(run string) map[string]string {
	return map[string]string{LabelCreatedBy: CreatedBy, LabelRun: run}
}

// callGrace is how long a call that was under way when its context ended may go
// on. A runtime that is left alone in the middle of making a sandbox may still
// finish it, after the removal has looked.
const callGrace = 10 * time.Second

// call makes one call to the runtime, for at most timeout. It does not begin once
// ctx has ended, and ends callGrace after it at the latest.
func call(ctx context.Context, timeout time.Duration, do func(context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	inner, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		grace := time.NewTimer(callGrace)
		defer grace.Stop()
		select {
		case <-grace.C:
			cancel()
		case <-inner.Done():
		}
	})
	defer stop()
	return do(inner)
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
