package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/agreement/live"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/collectors/cgroup"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/workloads/image"
	"cri-stats-bench/workloads/pods"
)

// What a burner does: enough to be a clock of tens of milliseconds, and memory
// enough for a factor of two to show.
const (
	burnerCPU    = 0.3
	burnerMemory = 16 << 20
	// Page cache, of which the inactive half is none of the working set: a runtime that
	// gives usage for it is off by more than any rounding.
	burnerCache = 16 << 20
	loadCPU     = 0.01 // of the other pods
)

// A verification is one run of verify.
type verification struct {
	flags     verifyFlags
	stderr    io.Writer
	runtime   string
	endpoint  string
	simulated bool
	started   time.Time
	took      time.Duration
	report    *agreement.Report
}

// verdict is the error that the exit status stands for.
func (v *verification) verdict() error {
	rule, err := agreement.ParseRule(v.flags.rule)
	if err != nil {
		return err
	}
	defects, limits := 0, 0
	for i := range v.report.Sources {
		defects += len(rule.Broken(v.report, v.report.Sources[i].Name))
	}
	if v.flags.strict {
		limits = len(v.report.Findings) - v.report.Defects()
	}
	switch {
	case defects > 0 && limits > 0:
		return fmt.Errorf("verify: %d defects and %d limits", defects, limits)
	case defects > 0:
		return fmt.Errorf("verify: %d defects", defects)
	case limits > 0:
		return fmt.Errorf("verify: %d limits", limits)
	case !slices.ContainsFunc(v.report.Sources, func(s agreement.SourceReport) bool { return s.ContainersDue > 0 }):
		return errors.New("verify: no container ran all the time, so nothing was verified; see --burners and --pods")
	}
	return nil
}

// onNode verifies the sources of this node and leaves it as it was.
func (v *verification) onNode(ctx context.Context) (err error) {
	// Calls for stats are load: not beside a run.
	lock, err := v.flags.claim(ctx, "verifying")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	t, err := v.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	v.runtime, v.endpoint = t.conn.String(), t.conn.Endpoint
	fmt.Fprintf(v.stderr, "verifying %s on %s\n", format.Plain(t.conn.String()), format.Plain(t.conn.Endpoint))

	real := pods.Config{CgroupFS: cgroupfs.Root, AvailableMemory: pods.AvailableMemory}
	load, err := v.load(ctx, t, real)
	if err != nil {
		return err
	}
	burners, err := v.burn(ctx, t, real)
	if err != nil {
		return err
	}
	odd, err := v.odd(ctx, t, real)
	if err != nil {
		return err
	}
	// Everything that runs is verified, whoever made it, wherever it is.
	parent := "/"
	if t.managed != nil {
		parent = pods.CgroupParent(t.conn.CgroupDriver)
	}
	cfg := v.config(t.conn, burners)
	cfg.Own = slices.Concat(burners, load, odd)
	cfg.Source.CgroupParent = parent
	cfg.Reference = cgroup.Open
	cfg.Node = nodeFacts(cgroupfs.Root)
	return v.observe(ctx, cfg)
}

// open connects to the runtime, or starts a private one. Without burners nothing
// is given to a runtime that was there.
func (v *verification) open(ctx context.Context) (*target, error) {
	if v.flags.burners+v.flags.pods > 0 || v.flags.existing() == "" {
		return openTarget(ctx, v.flags.endpointFlags)
	}
	t := new(target)
	if err := t.dial(ctx, v.flags.existing()); err != nil {
		return nil, errors.Join(err, t.close(ctx))
	}
	return t, nil
}

// burn makes the burners.
func (v *verification) burn(ctx context.Context, t *target, cfg pods.Config) ([]bench.Pod, error) {
	cfg.NamePrefix, cfg.ActiveCPU, cfg.ActiveMemory, cfg.ActiveCache = "burner", burnerCPU, burnerMemory, burnerCache
	// Every quantity has a value that a wrong rule would miss: a writable layer of a known
	// size, files that are open, threads beyond processes.
	cfg.ActiveMore = []string{"--files", "500", "--open", "64", "--threads", "8"}
	return v.makePods(ctx, t, cfg, v.flags.burners)
}

// load makes the pods that are there besides.
func (v *verification) load(ctx context.Context, t *target, cfg pods.Config) ([]bench.Pod, error) {
	cfg.NamePrefix, cfg.ActiveCPU = "load", loadCPU
	return v.makePods(ctx, t, cfg, v.flags.pods)
}

// odd makes the pod of what stats are often wrong about, if any are to be made.
func (v *verification) odd(ctx context.Context, t *target, cfg pods.Config) ([]bench.Pod, error) {
	if v.flags.burners == 0 {
		return nil, nil
	}
	fmt.Fprintln(v.stderr, "  making a pod with containers that have ended, were made anew, and have long names")
	w, err := v.workload(t, cfg, "odd")
	if err != nil {
		return nil, err
	}
	pod, err := w.Odd(ctx)
	if err != nil {
		return nil, err
	}
	return []bench.Pod{pod}, nil
}

// workload makes pods of a name that are removed when t is closed.
func (v *verification) workload(t *target, cfg pods.Config, name string) (*pods.Workload, error) {
	cfg.NamePrefix = name
	cfg.Run = fmt.Sprintf("verify-%s-%s", v.started.UTC().Format("20060102-150405"), name)
	cfg.Image, cfg.CgroupDriver = t.image, t.conn.CgroupDriver
	w, err := pods.New(t.conn.Runtime, cfg)
	if err != nil {
		return nil, err
	}
	t.undo = append(t.undo, w.Stop)
	return w, nil
}

// makePods makes pods that are removed when t is closed.
func (v *verification) makePods(ctx context.Context, t *target, cfg pods.Config, n int) ([]bench.Pod, error) {
	if n == 0 {
		return nil, nil
	}
	fmt.Fprintf(v.stderr, "  making %d pods\n", n)
	w, err := v.workload(t, cfg, cfg.NamePrefix)
	if err != nil {
		return nil, err
	}
	return w.Scale(ctx, bench.Cell{Pods: n, ContainersPerPod: 1, Profile: "active"})
}

// config says what to observe.
func (v *verification) config(conn *criconn.Conn, burners []bench.Pod) live.Config {
	cfg := live.Config{
		Client: conn.Runtime, Sources: v.sources(),
		Source:   bench.Source{Endpoint: conn.Endpoint, Runtime: conn.Version.GetRuntimeName()},
		Duration: v.flags.duration, Interval: v.flags.interval, Timeout: v.flags.timeout,
		Progress: func(what string) { fmt.Fprintf(v.stderr, "  %s\n", what) },
	}
	if len(burners) > 0 && len(burners[0].Containers) > 0 {
		cfg.StepContainer = burners[0].Containers[0]
		cfg.StepCommand = holdCommand()
	}
	return cfg
}

// holdCommand makes a container hold the memory of a step: the image has this
// program and no other.
func holdCommand() []string {
	return []string{"/podload", "pause", "--hold", strconv.Itoa(live.StepBytes)}
}

// burnCommand makes a container burn so many CPUs.
func burnCommand(cpu float64) []string {
	return []string{"/podload", "burn", "--cpu", strconv.FormatFloat(cpu, 'g', -1, 64)}
}

// cacheCommand makes a container hold page cache.
func cacheCommand() []string {
	return []string{"/podload", "pause", "--cache", strconv.Itoa(burnerCache)}
}

// sources are those that the flags name, or the usual ones.
func (v *verification) sources() []live.Source {
	var out []live.Source
	for i := range collectors {
		c := &collectors[i]
		named := slices.Contains(v.flags.sources, c.Name)
		if c.form == nil || !named && (len(v.flags.sources) > 0 || !c.usual || v.simulated && c.fixed) {
			continue
		}
		s := c.source(0)
		if !s.OwnClock {
			s.MaxAge = v.flags.maxAge
		}
		out = append(out, s)
	}
	return out
}

// observe makes the observations and judges them.
func (v *verification) observe(ctx context.Context, cfg live.Config) error {
	in, err := live.Observe(ctx, cfg)
	if err != nil {
		return err
	}
	if v.report, err = agreement.Check(in); err != nil {
		return err
	}
	if len(v.report.Sources) == 0 {
		why := make([]error, 0, len(v.report.Unsupported))
		for _, u := range v.report.Unsupported {
			why = append(why, errors.New(u.Why))
		}
		return fmt.Errorf("verify: there is nothing here to verify: %w", errors.Join(why...))
	}
	return nil
}

// nodeFacts says what the kernel keeps of cgroups.
func nodeFacts(root string) agreement.Node {
	n := agreement.Node{CPUs: onlineCPUs()}
	hierarchies, err := cgroupfs.Open(root)
	if err != nil {
		return n // and nothing of it applies
	}
	n.CgroupVersion = hierarchies.Version()
	if f, err := os.Open(filepath.Join(root, "cpu.pressure")); err == nil { // the kubelet's own test (IsPsiEnabled)
		n.Pressure = f.Close() == nil
	}
	if n.CgroupVersion == 1 {
		_, err = hierarchies.Dir("hugetlb", "/")
		n.HugeTLB = err == nil
	} else if data, err := os.ReadFile(filepath.Join(root, "cgroup.controllers")); err == nil {
		n.HugeTLB = slices.Contains(strings.Fields(string(data)), "hugetlb")
	}
	return n
}

// onlineCPUs counts the CPUs of the node, of which this process may have but some; 0 if
// that cannot be read.
func onlineCPUs() int {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0
	}
	stat, err := fs.Stat()
	if err != nil {
		return 0
	}
	return len(stat.CPU)
}

// Of a simulated node: pods that have run for a while, besides the burners.
const (
	simulatedPods = 12
	simulatedAge  = 10 * time.Minute
)

// simulate verifies an in-memory runtime, in synthetic time.
func (v *verification) simulate(ctx context.Context) (err error) {
	v.simulated = true
	if v.flags.pods == 0 {
		v.flags.pods = simulatedPods
	}
	defect := fakecri.Defect(v.flags.simulate)
	if v.flags.simulate == "healthy" {
		defect = fakecri.Healthy
	}
	clock := fakecri.NewClock(time.Now(), v.flags.seed)
	server, err := fakecri.Start(fakecri.Options{Clock: clock.Now, Defect: defect, Seed: v.flags.seed})
	if err != nil {
		return err
	}
	t := &target{image: imageName}
	t.undo = append(t.undo, func(context.Context) error { return server.Stop() })
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	if err := t.dial(ctx, server.Endpoint()); err != nil {
		return err
	}
	v.runtime, v.endpoint = t.conn.String(), "in memory"
	if err := image.Pull(ctx, t.conn.Images, t.image); err != nil {
		return err
	}
	quick := pods.Config{Settle: time.Millisecond}
	if _, err := v.load(ctx, t, quick); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, simulatedAge); err != nil {
		return err
	}
	burners, err := v.burn(ctx, t, quick)
	if err != nil {
		return err
	}
	cfg := v.config(t.conn, burners)
	cfg.Clock, cfg.Progress = clock, nil
	cfg.Reference = func(context.Context, bench.Source) (bench.Collector, error) { return server.Direct(), nil }
	cfg.Node = agreement.Node{Pressure: true, HugeTLB: true, CPUs: 2}
	return v.observe(ctx, cfg)
}
