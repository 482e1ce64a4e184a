package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/agreement/live"
	"cri-stats-bench/bench/criconn/fakecri"
)

// verifyFlags are those of verify.
type verifyFlags struct {
	endpointFlags
	duration, interval, timeout, maxAge time.Duration
	burners, pods                       int
	sources                             []string
	format, rule                        string
	fields, strict                      bool
	simulate                            string
	seed                                uint64
}

func newVerify() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Say whether the stats of a live endpoint are true: complete, fresh, in agreement with the cgroup files",
		Long: `verify calls each CRI call for stats, and cAdvisor, again and again for some
seconds, reads the cgroup files right before and right after each call, and says
what is missing, old, frozen, wrong or dishonest. It ends with status 1 if numbers
cannot be trusted; what a reader of right numbers must know besides is listed as a
limit.

Without an endpoint it starts a private containerd and removes it afterwards. It
makes two pods that burn CPU at a known rate, hold page cache and have written files, and
one with containers that have ended or were made anew, and removes them, unless
--burners=0.`,
		Example: indent(`
# The runtime of this node:
cri-stats-bench verify -r unix:///run/containerd/containerd.sock

# Read only, one call, every field:
cri-stats-bench verify -r unix:///run/crio/crio.sock --burners 0 --source cri-pod-stats --fields

# Agreement with cAdvisor takes minutes:
cri-stats-bench verify --duration 3m

# What a defect looks like (no root, any OS):
cri-stats-bench verify --simulate frozen`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runVerify(cmd, f) },
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.DurationVar(&f.duration, "duration", live.DefaultDuration, "how long to go on calling")
	flags.DurationVar(&f.interval, "interval", live.DefaultInterval, "time between two calls of one source")
	flags.DurationVar(&f.timeout, "timeout", live.DefaultTimeout, "deadline of each call")
	flags.DurationVar(&f.maxAge, "max-age", agreement.DefaultMaxAge, "how old values may be that a call reads")
	flags.IntVar(&f.burners, "burners", 2, "pods to make that burn CPU; 0 makes none")
	flags.IntVar(&f.pods, "pods", 0, "more pods to make, that burn 1 % of a CPU each")
	flags.StringSliceVar(&f.sources, "source", nil, "sources to verify (default: all CRI calls and cadvisor)")
	flags.StringVar(&f.format, "format", "text", "form of the answer: "+strings.Join(verifyFormatNames(), ", "))
	flags.BoolVar(&f.fields, "fields", false, "show every field of every answer")
	flags.StringVar(&f.rule, "rule", string(agreement.Everything), "which defects fail: required (CPU time, working set, and what is about whole answers), everything, nothing")
	flags.BoolVar(&f.strict, "strict", false, "let limits fail as well")
	flags.StringVar(&f.simulate, "simulate", "", "verify an in-memory runtime with a planted defect: healthy, "+strings.Join(defectNames(), ", "))
	flags.Uint64Var(&f.seed, "seed", 1, "seed of --simulate")
	cmd.MarkFlagsMutuallyExclusive("simulate", "runtime-endpoint")
	return cmd
}

func defectNames() []string {
	var names []string
	for _, d := range fakecri.Defects() {
		names = append(names, string(d))
	}
	return names
}

func runVerify(cmd *cobra.Command, f verifyFlags) error {
	write, err := f.check()
	if err != nil {
		return err
	}
	v := &verification{flags: f, stderr: cmd.ErrOrStderr(), started: time.Now()}
	if f.simulate != "" {
		err = v.simulate(cmd.Context())
	} else {
		err = v.onNode(cmd.Context())
	}
	if err != nil {
		return err
	}
	v.took = time.Since(v.started)
	if err := write(cmd.OutOrStdout(), v); err != nil {
		return err
	}
	return v.verdict()
}

// check refuses flags that make no sense, all at once.
func (f *verifyFlags) check() (verifyFormat, error) {
	var errs []error
	write, ok := verifyFormats[f.format]
	if !ok {
		errs = append(errs, fmt.Errorf("no format named %q: give one of %s", f.format, strings.Join(verifyFormatNames(), ", ")))
	}
	for _, name := range f.sources {
		if formOf(name) == nil {
			errs = append(errs, fmt.Errorf("no source named %q can be verified", name))
		}
	}
	if _, err := agreement.ParseRule(f.rule); err != nil {
		errs = append(errs, err)
	}
	if f.simulate != "" && f.simulate != "healthy" && !slices.Contains(defectNames(), f.simulate) {
		errs = append(errs, fmt.Errorf("no defect named %q: give healthy or one of %s", f.simulate, strings.Join(defectNames(), ", ")))
	}
	if f.burners < 0 || f.pods < 0 {
		errs = append(errs, errors.New("cannot make fewer than no pods"))
	}
	if f.duration <= 0 || f.interval <= 0 || f.timeout <= 0 || f.maxAge <= 0 {
		errs = append(errs, errors.New("durations must be above 0"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, statusError{exitUsage, err}
	}
	return write, nil
}
