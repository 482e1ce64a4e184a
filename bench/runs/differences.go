package runs

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
)

// A Weight says what a difference between two runs means.
type Weight string

// The weights.
const (
	// Refuses: numbers of the two do not mean the same.
	Refuses Weight = "refuses"
	// Warns: a change of the numbers may come from this one.
	Warns Weight = "warns"
	// Tells: it changes how well numbers are known, or is what is compared.
	Tells Weight = "tells"
)

// A Difference is one thing that is not the same in two runs.
type Difference struct {
	What   string `json:"what"`
	Old    string `json:"old"`
	New    string `json:"new"`
	Weight Weight `json:"weight"`
}

// String is what messages say: "interval: 1s, then 10s".
func (d Difference) String() string {
	return fmt.Sprintf("%s: %s, then %s", d.What, said(d.Old), said(d.New))
}

func said(value string) string {
	if value == "" {
		return "not told"
	}
	return value
}

// A DifferenceError says that two runs cannot be set against each other or joined.
type DifferenceError struct {
	Old, New string
	// Differences are those that are in the way.
	Differences []Difference
}

// Error names all that differs.
func (e *DifferenceError) Error() string {
	texts := make([]string, len(e.Differences))
	for i, d := range e.Differences {
		texts[i] = d.String()
	}
	return fmt.Sprintf("%s and %s did not measure the same: %s", e.Old, e.New, strings.Join(texts, "; "))
}

// refuse returns an error if one of the differences has that weight.
func refuse(old, new *Run, differences []Difference) error {
	var found []Difference
	for _, d := range differences {
		if d.Weight == Refuses {
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return &DifferenceError{old.Name, new.Name, found}
}

// Alike returns a *DifferenceError where two runs cannot stand in one series, since they
// did not measure the same, or not on the same node, and a *DuplicateError where they are
// one.
func Alike(old, new *Run) error {
	if old.same(new) {
		return &DuplicateError{old.Name, new.Name}
	}
	return refuse(old, new, slices.Concat(reality(old, new), planDifferences(old, new, planFacts()), meteredDifference(old, new), hostDifferences(old, new)))
}

// reality tells simulated runs from real ones.
func reality(old, new *Run) []Difference {
	word := func(r *Run) string {
		if r.Report.Simulated() {
			return "simulated"
		}
		return "measured"
	}
	d := differ(nil, "kind of run", word(old), word(new), Refuses)
	for _, r := range []*Run{old, new} {
		if len(r.Report.Unsound) > 0 {
			d = append(d, Difference{"records of " + r.Name, "as they were written", r.Report.Unsound[0], Refuses})
		}
		if by := r.Report.Host.Emulated(); by != "" {
			d = append(d, Difference{"machine of " + r.Name, "not emulated", by, Refuses})
		}
	}
	return d
}

func differ(to []Difference, what, old, new string, w Weight) []Difference {
	if old == new {
		return to
	}
	return append(to, Difference{what, old, new, w})
}

// A planFact is one thing that a plan says. Axes and arms are looked at one by one.
type planFact struct {
	name   string
	weight Weight
	of     func(*plan.Plan) any
}

// planFacts are what plans are compared by. A test holds that no field of a plan is
// forgotten.
func planFacts() []planFact {
	return []planFact{
		{"experiment", Refuses, func(p *plan.Plan) any { return p.Experiment }},
		{"mode", Refuses, func(p *plan.Plan) any { return p.Mode }},
		{"active", Refuses, func(p *plan.Plan) any {
			if !slices.Contains(p.Profiles, "active") {
				return "" // nobody does it
			}
			return fmt.Sprintf("%g cores, %d bytes", p.Active.CPU, p.Active.Memory)
		}},
		{"churn", Refuses, func(p *plan.Plan) any { return p.Churn }},
		{"treatments", Refuses, func(p *plan.Plan) any {
			texts := make([]string, len(p.Treatments))
			for i, t := range p.Treatments {
				texts[i] = fmt.Sprintf("%s %s %v", t.Name, t.Config, t.Env)
			}
			return strings.Join(texts, "; ")
		}},
		{"treatments.programs", Warns, func(p *plan.Plan) any {
			texts := make([]string, len(p.Treatments))
			for i, t := range p.Treatments {
				texts[i] = t.Programs
			}
			return strings.Join(texts, "; ")
		}},
		{"kubelet", Warns, func(p *plan.Plan) any {
			if p.Kubelet == nil {
				return "" // none, or one of the harness's own
			}
			return "an existing one"
		}},
		{"timeout", Warns, func(p *plan.Plan) any { return p.Timeout }},
		{"settle", Warns, func(p *plan.Plan) any { return p.Settle }},
		{"sweep", Warns, func(p *plan.Plan) any { return p.Sweep }},
		{"guards", Warns, func(p *plan.Plan) any { return fmt.Sprintf("%+v", p.Guards) }},
		{"rounds", Tells, func(p *plan.Plan) any {
			rounds := fmt.Sprintf("%d to %d", p.Rounds.Min, p.Rounds.Max)
			if p.Rounds.Every > 0 {
				rounds += fmt.Sprintf(", looks every %d", p.Rounds.Every)
			}
			return rounds
		}},
		{"retries", Tells, func(p *plan.Plan) any { return p.Retries }},
		{"max_duration", Tells, func(p *plan.Plan) any { return p.MaxDuration }},
		{"name", Tells, func(p *plan.Plan) any { return p.Name }},
	}
}

// verdictFacts are what verdicts of a plan rest on, and ratios inside a run.
func verdictFacts() []planFact {
	return []planFact{
		{"baseline", Refuses, func(p *plan.Plan) any { return p.Baseline }},
		{"idle", Refuses, func(p *plan.Plan) any { return p.Idle }},
		{"hypothesis", Tells, func(p *plan.Plan) any { return p.Hypothesis }},
		{"sums", Refuses, func(p *plan.Plan) any { return p.Sums }},
		{"comparisons", Refuses, func(p *plan.Plan) any { return p.Comparisons }},
		{"also", Refuses, func(p *plan.Plan) any { return p.Also }},
		{"margin", Refuses, func(p *plan.Plan) any { return p.Margin }},
		{"truth", Refuses, func(p *plan.Plan) any { return p.Truth }},
	}
}

// planDifferences lists where plans differ, but for their axes and arms.
func planDifferences(old, new *Run, facts []planFact) []Difference {
	var out []Difference
	for _, f := range facts {
		out = differ(out, "plan: "+f.name, fmt.Sprint(f.of(old.Plan)), fmt.Sprint(f.of(new.Plan)), f.weight)
	}
	return out
}

// axisDifferences lists where the cells of two plans differ.
func axisDifferences(old, new *Run) []Difference {
	out := differ(nil, "plan: pods", fmt.Sprint(old.Plan.Pods), fmt.Sprint(new.Plan.Pods), Refuses)
	out = differ(out, "plan: containers_per_pod", fmt.Sprint(old.Plan.ContainersPerPod), fmt.Sprint(new.Plan.ContainersPerPod), Refuses)
	return differ(out, "plan: profiles", fmt.Sprint(old.Plan.Profiles), fmt.Sprint(new.Plan.Profiles), Refuses)
}

// armDifference says where an arm, by its name in both reports, is not the same in
// two plans; empty if it is, or is in one of them alone.
func armDifference(old, new *Run, name string) string {
	a, inOld := old.planned(name)
	b, inNew := new.planned(name)
	if !inOld || !inNew {
		return ""
	}
	return unlike(a, b)
}

// unlike says where two arms of two plans are not the same.
func unlike(a, b bench.Arm) string {
	var out []Difference
	out = differ(out, "collectors", strings.Join(a.Collectors, "+"), strings.Join(b.Collectors, "+"), Refuses)
	for _, t := range []struct {
		what string
		of   func(bench.Arm) string
	}{
		{"interval", func(a bench.Arm) string { return a.Interval.String() }},
		{"window", func(a bench.Arm) string { return a.Window.String() }},
		{"intervals", func(a bench.Arm) string { return fmt.Sprint(a.Intervals) }},
		{"warm_up", func(a bench.Arm) string { return a.WarmUp.String() }},
		{"treatment", func(a bench.Arm) string { return a.Treatment }},
		{"clients", func(a bench.Arm) string { return fmt.Sprint(max(1, a.Clients)) }},
	} {
		out = differ(out, t.what, t.of(a), t.of(b), Refuses)
	}
	texts := make([]string, len(out))
	for i, d := range out {
		texts[i] = d.String()
	}
	return strings.Join(texts, "; ")
}

// kubeletDifferences lists where the kubelets of two runs differ. What an arm does to a
// kubelet shows in its mode. A and B are one here: which of them it is, is the
// runtime's, and runtimes are kept apart.
func kubeletDifferences(old, new *Run) []Difference {
	var out []Difference
	for _, a := range old.Plan.Arms {
		out = differ(out, "mode of arm "+a.Name, old.gate(a.Name), new.gate(a.Name), Refuses)
	}
	return differ(out, "kubelet version", old.Report.Host.Kubelet.Version, new.Report.Host.Kubelet.Version, Warns)
}

// gate is the mode of an arm of the plan, whatever the runtime; empty where there is
// no kubelet, or its mode is not known.
func (r *Run) gate(arm string) string {
	if r.Report.Kubelet == nil {
		return ""
	}
	switch mode, known := r.Report.Kubelet.Modes[r.label(arm)]; {
	case !known:
		return ""
	case mode == analysis.ModeA || mode == analysis.ModeB:
		return "A or B (the gate off)"
	default:
		return mode.String()
	}
}

// hostFacts are what of host.json is compared. What changes from run to run by
// itself (load, free memory, process ids, paths) is not there.
var hostFacts = []struct {
	name   string
	weight Weight
}{
	{"host.os", Refuses},
	{"host.arch", Refuses},
	{"host.cpu.model", Refuses},
	{"host.cpu.count", Refuses},
	{"host.cpus", Refuses},
	{"host.hostname_hash", Warns},
	{"host.system", Warns},
	{"host.distribution", Warns},
	{"host.kernel", Warns},
	{"host.kernel.release", Warns},
	{"host.kernel.version", Warns},
	{"host.kernel.mitigations", Warns},
	{"host.kernel.clocksource", Warns},
	{"host.cgroup.mode", Warns},
	{"host.cgroup.controllers", Warns},
	{"host.cpu.smt", Warns},
	{"host.cpu.turbo", Warns},
	{"host.cpu.governors", Warns},
	{"host.cpu.isolated", Warns},
	{"host.cpu.numa_nodes", Warns},
	{"host.cpu.virtual", Warns},
	{"host.memory.transparent_huge_pages", Warns},
	{"host.harness.revision", Warns},
	{"host.harness.go_version", Warns},
	{"embeds.cadvisor", Warns},
	{"embeds.cri-api", Warns},
	{"embeds.grpc", Warns},
	{"runtime.cgroup_driver", Warns},
	{"runtime.api_version", Tells},
}

// hostDifferences lists where the nodes, the harness and the runtime differ.
func hostDifferences(old, new *Run) []Difference {
	a, b := old.Report.Host, new.Report.Host
	out := differ(nil, "runtime", a.Runtime.Name, b.Runtime.Name, Warns)
	out = differ(out, "runtime version", a.Runtime.Version, b.Runtime.Version, Tells)
	out = differ(out, "kubelet version", a.Kubelet.Version, b.Kubelet.Version, Warns)
	out = differ(out, "harness version", a.Version, b.Version, Warns)
	for _, f := range hostFacts {
		out = differ(out, f.name, old.Report.Host.Fact(f.name), new.Report.Host.Fact(f.name), f.weight)
	}
	was, is := configLines(old, new), configLines(new, old)
	out = differ(out, "runtime.config", was, is, Warns)
	return differ(out, "host.memory", gibibytes(old), gibibytes(new), Warns)
}

// loopback is an address of this host with a port, which is another one in each run.
var loopback = regexp.MustCompile(`\b127\.0\.0\.1:\d+\b`)

// configLines returns what the runtime's config has that the other run's has not:
// its own lines, without comments.
func configLines(r, other *Run) string {
	lines := func(r *Run) []string {
		var out []string
		for line := range strings.Lines(loopback.ReplaceAllString(r.Report.Host.Fact("runtime.config"), "127.0.0.1")) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				out = append(out, line)
			}
		}
		return out
	}
	theirs := lines(other)
	return strings.Join(slices.DeleteFunc(lines(r), func(line string) bool { return slices.Contains(theirs, line) }), "; ")
}

// gibibytes is the node's memory as it is sold: the last megabytes differ from boot
// to boot.
func gibibytes(r *Run) string {
	bytes, err := strconv.ParseFloat(r.Report.Host.Fact("host.memory.total_bytes"), 64)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%.0f GiB", math.Round(bytes/(1<<30)))
}
