package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/schedule"
)

//go:embed ab.yaml.tmpl
var abPlan string

// abFlags are those of ab.
type abFlags struct {
	runFlags
	old, new abSide
	pods     int
	limit    time.Duration
	show     bool
}

const (
	// abRounds are the fewest, and abLeast is about what they take.
	abRounds = 3
	abLeast  = 6 * time.Minute
	// abMargin is kept for trials that have to be run again.
	abMargin = 30 * time.Second
)

// An abSide is one of two builds or configurations.
type abSide struct{ programs, config string }

// add adds the flags of a side.
func (s *abSide) add(cmd *cobra.Command, name string) {
	cmd.Flags().StringVar(&s.programs, name, "", "programs of the "+name+" runtime: a folder, or a version that scripts/node/build.sh has built (default: those of the private node)")
	cmd.Flags().StringVar(&s.config, name+"-config", "", "file with TOML that is laid over the configuration of the "+name+" runtime")
}

// An abTreatment is a side as the template of the plan has it.
type abTreatment struct{ Name, Programs, Config string }

// treatment reads what a side names.
func (s *abSide) treatment(name string) (abTreatment, error) {
	t := abTreatment{Name: name, Programs: s.programs}
	if s.programs != "" && !(&plan.Treatment{Programs: s.programs}).Version() {
		dir, err := filepath.Abs(s.programs)
		if err == nil {
			_, err = os.Stat(dir)
		}
		if err != nil {
			return t, usage("--%s: %w (give a folder with the runtime's programs, or a version like v2.4.2)", name, err)
		}
		t.Programs = dir
	}
	if s.config != "" {
		data, err := os.ReadFile(s.config)
		if err != nil {
			return t, usage("--%s-config: %w", name, err)
		}
		t.Config = string(data)
	}
	return t, nil
}

func newAB() *cobra.Command {
	var f abFlags
	cmd := &cobra.Command{
		Use:   "ab",
		Short: "Compare two builds or configurations of a runtime in one run",
		Long: `ab starts a private runtime with pods, lets two builds (or configurations) of it
take turns, and says what the new one costs against the old: CPU time of runtime
and shims, memory, latency and allocations, of each call and of all together.

The daemon is restarted for each turn; pods stay, unless the builds have other
shims. Two builds that take turns see the same machine: what changes from one
quarter of an hour to the next does not pass for a difference of theirs.

Without --old and --new both sides are the same: what is found then is chance.`,
		Example: indent(`
# A build of yours against the pinned containerd, ten minutes:
cri-stats-bench ab --new ~/src/containerd/bin

# Two configurations:
printf '[plugins."io.containerd.cri.v1.runtime"]\nstats_collect_period = "24h"\n' > day.toml
cri-stats-bench ab --new-config day.toml

# The plan, to change it and give it to run --plan:
cri-stats-bench ab --new ~/src/containerd/bin --show > mine.yaml`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAB(cmd, f) },
	}
	flags := cmd.Flags()
	f.old.add(cmd, "old")
	f.new.add(cmd, "new")
	flags.StringVar(&f.runtime, "runtime", "containerd", "runtime of the private node: containerd, crio")
	flags.StringVar(&f.podload, "podload", "", "the program that pods run (default: podload beside this program)")
	flags.IntVar(&f.pods, "pods", 35, "how many pods run")
	flags.DurationVar(&f.limit, "for", 10*time.Minute, "how long it may take")
	flags.StringVar(&f.out, "out", "out", "folder for the folders of runs")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of the shuffling (default: a random one; it is recorded)")
	flags.BoolVar(&f.show, "show", false, "print the plan and do nothing")
	f.failOn.add(cmd)
	return cmd
}

func runAB(cmd *cobra.Command, f abFlags) error {
	if f.existing() != "" && !f.show {
		return usage("ab restarts the runtime: it takes a private one, unset CONTAINER_RUNTIME_ENDPOINT")
	}
	data, err := f.fitting()
	if err != nil {
		return err
	}
	if f.show {
		_, err := cmd.OutOrStdout().Write(data)
		return err
	}
	p, err := plan.Decode("ab.yaml", data, names())
	if err != nil {
		return err
	}
	return f.runFlags.run(cmd, p)
}

// fitting writes the plan of the flags with as many rounds as fit in the time.
func (f *abFlags) fitting() ([]byte, error) {
	data, err := f.plan(abRounds)
	if err != nil {
		return nil, err
	}
	rounds := abRounds
	for ; ; rounds++ {
		more, err := f.plan(rounds + 1)
		if err != nil {
			return nil, err
		}
		p, err := plan.Decode("ab.yaml", more, names())
		if err != nil {
			return nil, err
		}
		p.MaxDuration = 0
		if _, longest := schedule.Estimate(p); longest > f.limit-abMargin {
			return data, nil
		}
		data = more
	}
}

// metricsTimes are how often ListPodSandboxMetrics is called and in which window: a call of
// containerd's takes a tenth of a second for each pod.
func metricsTimes(pods int) (every, window time.Duration) {
	const usual = 12 * time.Second
	least := time.Duration(pods) * 150 * time.Millisecond
	for _, every := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second, 6 * time.Second, usual} {
		if every >= least {
			return every, usual
		}
	}
	least = least.Truncate(time.Second) + time.Second
	return least, least
}

// plan writes the plan of the flags with so many rounds.
func (f *abFlags) plan(rounds int) ([]byte, error) {
	switch {
	case f.pods < 1:
		return nil, usage("--pods %d: must be at least 1", f.pods)
	case f.limit < abLeast:
		return nil, usage("--for %v: three rounds, of which fewer say nothing, take %v", f.limit, abLeast)
	}
	var sides []abTreatment
	for _, s := range []struct {
		name string
		side *abSide
	}{{"old", &f.old}, {"new", &f.new}} {
		t, err := s.side.treatment(s.name)
		if err != nil {
			return nil, err
		}
		sides = append(sides, t)
	}
	t, err := template.New("ab.yaml").Funcs(template.FuncMap{"quote": func(s string) string { return fmt.Sprintf("%q", s) }}).Parse(abPlan)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	every, window := metricsTimes(f.pods)
	err = t.Execute(&b, map[string]any{
		"Metrics": every, "MetricsWindow": window,
		"Sides": sides, "Pods": f.pods, "Rounds": rounds, "Limit": f.limit, "Itself": sides[0].Programs == sides[1].Programs && sides[0].Config == sides[1].Config,
	})
	return b.Bytes(), err
}
