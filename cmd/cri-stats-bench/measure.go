package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agent"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/meter"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/schedule"
	"cri-stats-bench/workloads/pods"
	"cri-stats-bench/workloads/staticpods"
)

// openTimeout is for opening a collector and for its first call: cAdvisor finds
// all containers first, and a rate-limited call of a full node takes a while.
const openTimeout = 60 * time.Second

// A measurement is one run of a plan on a runtime that answers: it joins the
// parts to a Runner. It neither sets up nor removes the runtime.
type measurement struct {
	plan   *plan.Plan
	about  about
	target *target
	dir    string
	resume bool
	// variants are the plan's treatments of the runtime.
	variants []node.Variant
	// profiled has each arm profiled after all trials.
	profiled bool

	stderr      io.Writer
	metricsAddr string
	verbose     bool
}

func (m *measurement) run(ctx context.Context) (err error) {
	known := &looks{plan: m.plan}
	order := schedule.New(m.plan, schedule.Options{Look: known.look})
	records, made, err := m.openRecords(order, known)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	defer interrupted(ctx, m.stderr, m.dir, m.about.Simulated)

	log := m.logger(records.Log())
	known.log = log
	workload, err := m.workload()
	if err != nil {
		return err
	}
	source, metered, treatment := m.subject(workload)
	costs, err := meter.New(metered)
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, to run it as an agent: %w", err)
	}
	agents, done, err := agent.Copy(exe)
	if err != nil { // the numbers stand, but agents share the program's text with the harness
		log.Warn("agents run the program itself", "err", err)
		agents, done = exe, func() error { return nil }
	}
	defer func() { err = errors.Join(err, done()) }()
	progress := newProgress(m.stderr)
	var checks bench.Checker // an in-memory runtime has no cgroups to check it by
	if m.plan.Truth != plan.TruthOff && !m.about.Simulated {
		checks = newChecker(checker{path: exe, pods: slices.Max(m.plan.Pods), source: source, records: records, log: log, tell: progress}, made)
	}
	metrics, err := serveMetrics(ctx, m.metricsAddr, m.plan)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, metrics.close()) }()

	runner := bench.Runner{
		Workload:  workload,
		Agents:    &agent.Command{Path: agents, Args: []string{"agent"}, Stderr: records.Log(), Timeout: openTimeout},
		Meter:     costs,
		Schedule:  order,
		Recorder:  known.watch(records),
		Treatment: treatment,
		Blocks:    len(m.variants) > 0,
		Checker:   checks,
		Source:    source,
		Limits:    m.plan.Guards,
		Timeout:   m.plan.Timeout,
		Settle:    m.plan.Settle,
		Churn:     m.plan.Churn,
		Log:       log,
		Progress: func(p bench.Progress) {
			progress(p)
			metrics.observe(p)
		},
	}
	if err := runner.Run(ctx); err != nil {
		return err
	}
	log.Info("the run is over", "because", order.StopReason())
	if err := records.End(order.StopReason()); err != nil || !m.profiled {
		return err
	}
	return m.profile(ctx, runner, records)
}

func (m *measurement) logger(w io.Writer) *slog.Logger {
	level := slog.LevelInfo
	if m.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// subject says where agents read, what is metered, and what is treated: the kubelet where
// there is one, the runtime otherwise.
func (m *measurement) subject(workload bench.Workload) (bench.Source, meter.Config, bench.Treatment) {
	source := bench.Source{
		Endpoint: m.target.conn.Endpoint, Runtime: m.target.conn.Version.GetRuntimeName(),
		CgroupParent: pods.CgroupParent(m.target.conn.CgroupDriver),
	}
	metered := meter.Config{Runtime: m.target.pid, RuntimeSocket: m.target.conn.Endpoint, HarnessPID: os.Getpid()}
	treatment := m.target.treatRuntime(m.variants, workload)
	if k := m.target.kubelet; k != nil {
		source.Kubelet, source.CgroupParent = &k.serves, k.podsCgroup
		if metered.Kubelet = k.pid; m.plan.Experiment == plan.Kubelet {
			treatment = k.treatment
		}
	}
	metered.PodsCgroup = source.CgroupParent
	return source, metered, treatment
}

// openRecords makes the run's folder, or goes on with it and says what was checked
// already.
func (m *measurement) openRecords(order *schedule.Schedule, known *looks) (*record.Writer, []record.Check, error) {
	if !m.resume {
		w, err := record.Create(m.dir, m.plan, m.about)
		return w, nil, err
	}
	w, done, err := record.Resume(m.dir, m.plan, m.about)
	if err != nil {
		return nil, nil, usage("resume: %w", err)
	}
	known.trials = done.Trials // which the looks of the part that is skipped are asked of
	if err := order.Skip(done.Trials); err != nil {
		return nil, nil, errors.Join(usage("resume: %w", err), w.Close())
	}
	return w, done.Checks, nil
}

// workload makes pods through the kubelet where one is measured, through the
// runtime otherwise, labelled with the run.
func (m *measurement) workload() (bench.Workload, error) {
	if k := m.target.kubelet; k != nil {
		return staticpods.New(m.target.conn.Runtime, staticpods.Config{
			Run: filepath.Base(m.dir), Image: m.target.image, Dir: k.manifests,
			ActiveCPU: m.plan.Active.CPU, ActiveMemory: m.plan.Active.Memory,
			AvailableMemory: pods.AvailableMemory, Why: k.why,
		})
	}
	cfg := pods.Config{
		Run: filepath.Base(m.dir), Image: m.target.image, FilesImage: m.target.filesImage, CgroupDriver: m.target.conn.CgroupDriver,
		ActiveCPU: m.plan.Active.CPU, ActiveMemory: m.plan.Active.Memory,
	}
	if !m.about.Simulated {
		logs, err := filepath.Abs(filepath.Join(m.dir, "pods"))
		if err != nil {
			return nil, err
		}
		cfg.LogDir, cfg.CgroupFS, cfg.AvailableMemory = logs, cgroupfs.Root, pods.AvailableMemory
	}
	return pods.New(m.target.conn.Runtime, cfg)
}
