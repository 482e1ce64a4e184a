package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/host"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/reports/format"
)

// runFlags are those of run.
type runFlags struct {
	endpointFlags
	preset, plan string
	out, resume  string
	seed         uint64
	metricsAddr  string
	allowRestart bool
	profile      bool
	verbose      bool
	failOn       failOn
	// variants are the plan's treatments of the runtime.
	variants []node.Variant
}

func newRun() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run an experiment: pods, trials, records, report",
		Long: `run makes pods on a node, lets the arms of a plan take turns at reading their
stats, meters what that costs, and prints a report. Records go to a folder of
their own below --out; "report" renders them again.

Without an endpoint it starts a private containerd and removes it afterwards.
With one it measures the runtime that is there: nothing is started, stopped or
reconfigured, and only pods that it made itself are removed. Only a plan that
names a way to restart this node's kubelet may do so, with --allow-restart; its
configuration is put back at the end, also after an interruption, and by cleanup
after a crash.`,
		Example: indent(`
# A private containerd, twelve minutes:
cri-stats-bench run --preset quick

# A private kubelet on CRI-O, with the gate of KEP-2371 off and on:
cri-stats-bench run --preset kep-quick --runtime crio

# One plan on three runtimes, one report:
cri-stats-bench run --preset quick --runtime containerd,containerd-distribution,crio

# This node's runtime, a plan of your own:
cri-stats-bench plan show quick > mine.yaml
cri-stats-bench run --plan mine.yaml -r unix:///run/containerd/containerd.sock

# Who pays, and for what: profiles of each arm after the trials.
cri-stats-bench run --preset quick --profile
cri-stats-bench report --full out/20261122-210315-quick

# Go on with a run that was interrupted:
cri-stats-bench run --resume out/20261122-210315-quick`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runExperiment(cmd, f) },
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.preset, "preset", "", "a plan that comes with the program: "+strings.Join(plan.Presets(), ", ")+" (default quick)")
	flags.StringVar(&f.plan, "plan", "", "a plan file")
	flags.StringVar(&f.out, "out", "out", "folder for the folders of runs")
	flags.StringVar(&f.resume, "resume", "", "folder of a run to go on with")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of the shuffling (default: the plan's, or a random one; it is recorded)")
	flags.StringVar(&f.metricsAddr, "metrics-addr", "", "serve Prometheus metrics of the run on this loopback address (127.0.0.1:9099)")
	flags.BoolVar(&f.allowRestart, "allow-restart", false, "let the plan change this node's kubelet configuration and restart the kubelet")
	flags.BoolVar(&f.profile, "profile", false, "after all trials, profile each arm: who pays, in which function, and which processes are started (report --full)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log more to run.log")
	f.failOn.add(cmd)
	cmd.MarkFlagsMutuallyExclusive("preset", "plan", "resume")
	cmd.MarkFlagsMutuallyExclusive("seed", "resume")
	return cmd
}

func runExperiment(cmd *cobra.Command, f runFlags) error {
	p, err := f.choosePlan()
	if err != nil {
		return err
	}
	return f.run(cmd, p)
}

// run carries out a plan and reports.
func (f runFlags) run(cmd *cobra.Command, p *plan.Plan) error {
	if err := f.failOn.valid(); err != nil {
		return err
	}
	if f.resume == "" {
		f.seedOf(p)
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "plan: %s\n", format.Plain(warning.Error()))
	}
	if runtimes := strings.Split(f.runtime, ","); len(runtimes) > 1 {
		return f.runEach(cmd, p, runtimes)
	}
	dir := f.dir(p)
	err := f.measure(cmd, p, dir)
	if err != nil && !ended(dir) {
		return err
	}
	// What failed after the last trial, an image that could not be removed, is to be told and
	// costs nobody the report.
	return errors.Join(err, finish(dir, f.failOn, cmd.OutOrStdout(), cmd.ErrOrStderr()))
}

// ended says whether a folder has a run that came to its end.
func ended(dir string) bool {
	r, err := record.Open(dir)
	return err == nil && r.End != nil
}

// measure carries out a plan on one runtime.
func (f runFlags) measure(cmd *cobra.Command, p *plan.Plan, dir string) error {
	if err := f.wantKubelet(p); err != nil {
		return err
	}
	if err := f.wantTreatments(p); err != nil {
		return err
	}
	f.debug = f.debug || f.profile
	return measureHere(cmd.Context(), f, p, dir, cmd.ErrOrStderr())
}

// longestRun is how long the id of a run may be: pods bear it as a label.
const longestRun = 63

// runEach carries out a plan on one private runtime after the other, pods and all made
// anew, and reports on all of them together.
func (f runFlags) runEach(cmd *cobra.Command, p *plan.Plan, runtimes []string) error {
	if f.existing() != "" || f.resume != "" {
		return usage("--runtime %s: several runtimes are private ones and begin anew: leave out --runtime-endpoint and --resume", f.runtime)
	}
	dir := f.dir(p)
	var dirs []string
	for _, name := range runtimes {
		one := f
		one.runtime = name
		if err := one.check(); err != nil {
			return err
		}
		dirs = append(dirs, dir+"-"+name)
		if run := filepath.Base(dirs[len(dirs)-1]); len(run) > longestRun {
			return usage("the run %s has more than the %d characters of a label: give the plan a shorter name", run, longestRun)
		}
	}
	for i, name := range runtimes {
		one := f
		one.runtime = name
		if err := one.measure(cmd, p, dirs[i]); err != nil {
			return fmt.Errorf("on %s: %w", name, err)
		}
		a, err := analyse(cmd.ErrOrStderr(), dirs[i])
		if err == nil {
			err = writeForPeople(dirs[i], a)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "records and reports: %s\n", dirs[i])
	}
	return reportNodes(cmd, dirs, "text", "", f.failOn)
}

// measureHere runs a plan on this node and leaves the node as it was.
func measureHere(ctx context.Context, f runFlags, p *plan.Plan, dir string, stderr io.Writer) (err error) {
	lock, err := f.claim(ctx, "measuring")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	// Before anything is started: the probe sees the node as it is by itself.
	h, err := host.Describe(ctx, host.Options{Probe: hostProbe})
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%s: %s\n", p.Name, duration(p))
	if err := foresee(stderr, p); err != nil {
		return err
	}
	if err := fits(p); err != nil {
		return err
	}
	f.bridge, f.files = slices.Contains(p.Profiles, bench.ProfileNetworked), slices.Contains(p.Profiles, bench.ProfileImage)
	t, err := openTarget(ctx, f.endpointFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	if p.Kubelet != nil {
		if t.kubelet, err = existingKubelet(ctx, p.Kubelet, t.conn.CgroupDriver); err != nil {
			return err
		}
	}
	about, err := describe(h, t, p)
	if err != nil {
		return err
	}
	about.Kubelet, err = t.kubelet.describe(ctx)
	if err != nil {
		return err
	}
	if pid := kubeletOf(h); pid != 0 && t.managed == nil && p.Kubelet == nil {
		fmt.Fprintf(stderr, "warning: %s\n", removesPods(pid))
	}
	fmt.Fprintf(stderr, "measuring %s on %s\n", format.Plain(t.conn.String()), format.Plain(t.conn.Endpoint))
	m := measurement{
		plan: p, about: about, target: t, resume: f.resume != "", dir: dir,
		variants: f.variants, profiled: f.profile, stderr: stderr, metricsAddr: f.metricsAddr, verbose: f.verbose,
	}
	return m.run(ctx)
}

// choosePlan reads the plan that the flags name, with its seed.
func (f *runFlags) choosePlan() (*plan.Plan, error) {
	if f.resume != "" {
		run, err := record.Open(f.resume)
		if err != nil {
			return nil, usage("resume: %w", err)
		}
		if h, err := analysis.DecodeHost(run.Host); err == nil && h.Simulated {
			return nil, usage("resume: %s is a demo on an in-memory runtime, which no run goes on with: make another one with cri-stats-bench demo", f.resume)
		}
		return plan.Decode(filepath.Join(f.resume, record.PlanFile), run.Plan, names())
	}
	name := f.plan
	if name == "" {
		name = f.preset
	}
	if name == "" {
		name = "quick"
	}
	p, _, err := readPlan(name)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// seedOf gives a plan its seed.
func (f *runFlags) seedOf(p *plan.Plan) {
	if f.seed != 0 {
		p.Seed = f.seed
	}
	for p.Seed == 0 {
		p.Seed = rand.Uint64N(1 << 32) // short enough to be typed again
	}
}

// dir is the folder of the run's records.
func (f *runFlags) dir(p *plan.Plan) string {
	if f.resume != "" {
		return f.resume
	}
	return filepath.Join(f.out, time.Now().UTC().Format("20060102-150405")+"-"+p.Name)
}

// finish writes the reports of a run beside its records and prints the one for
// the terminal.
func finish(dir string, fail failOn, stdout, stderr io.Writer) error {
	a, err := analyse(stderr, dir)
	if err != nil {
		return err
	}
	if err := writeForPeople(dir, a); err != nil {
		return err
	}
	if err := forms[0].writeTo(stdout, a); err != nil {
		return err
	}
	if _, err = fmt.Fprintf(stderr, "records and reports: %s\n", dir); err != nil {
		return err
	}
	return fail.check(a.report)
}

// interrupted says what a person wants to know after Ctrl-C.
func interrupted(ctx context.Context, stderr io.Writer, dir string, simulated bool) {
	if ctx.Err() == nil {
		return
	}
	fmt.Fprintf(stderr, "interrupted; what was finished is in %s", dir)
	if !simulated { // a demo takes seconds, and is not gone on with
		fmt.Fprintf(stderr, " (go on with cri-stats-bench run --resume %s)", dir)
	}
	fmt.Fprintln(stderr)
}
