package table

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// summary is the report on one screen: what can be said of each arm in the primary
// cell, three numbers, and what they do not say.
func summary(r *analysis.Report) Section {
	s := verdict(r)
	s.ID, s.Heading = "summary", "Summary"
	s.Tables = append(kepSummary(r), s.Tables...)
	s.Numbers = keyNumbers(r)
	s.Sections = []Section{{ID: "not-shown", Heading: "What this does not show", Lines: notShown(r)}}
	return s
}

// rivals are the arms that three numbers can be about, the first that the report
// has: what a kubelet with the feature gate on does, then what comes near to it.
func rivals() []string {
	return []string{"kubelet-cri", "cri-pod-stats", "cri-container-stats"}
}

// rival is the arm that the summary's numbers are about, nil if none was compared.
func rival(cell *analysis.Cell) *analysis.ArmResult {
	if cell == nil {
		return nil
	}
	for _, name := range rivals() {
		if a := cell.Arm(name); a != nil && len(a.Judgements) > 0 {
			return a
		}
	}
	for i := range cell.Arms {
		if len(cell.Arms[i].Judgements) > 0 {
			return &cell.Arms[i]
		}
	}
	return nil
}

func total(m analysis.Metric) analysis.Series {
	return analysis.Series{Metric: m, Component: analysis.Total}
}

// keyNumbers sets one arm against the baseline in CPU, memory and latency. Without
// a baseline they are what the first arm took.
func keyNumbers(r *analysis.Report) []Number {
	cell := primary(r)
	if cell == nil && len(r.Cells) > 0 {
		cell = &r.Cells[len(r.Cells)-1]
	}
	if a := rival(cell); a != nil {
		return compared(r, cell, a)
	}
	if cell == nil || len(cell.Arms) == 0 {
		return nil
	}
	a := &cell.Arms[0]
	var out []Number
	add := func(label string, m analysis.Metric, e analysis.Estimate) {
		u := UnitOf(m)
		if n := absolute(u, e); n.Value != "" {
			n.Label, n.Says = label, fmt.Sprintf("%s at %s; %s interval, n = %d", a.Arm, cellName(r, cell.Cell), format.Percent(r.Level), e.N)
			out = append(out, n)
		}
	}
	add("CPU", analysis.CPUCores, a.Total.CPU)
	add("PSS", analysis.PSS, a.Total.PSS)
	for i := range a.Collectors {
		if i == 0 {
			add("Median latency of "+a.Collectors[i].Collector, analysis.ResponseP50, a.Collectors[i].Response.P50)
		}
	}
	return out
}

// absolute is a number with its unit; its value is empty if it is absent.
func absolute(u format.Unit, e analysis.Estimate) Number {
	if e.Absent() {
		return Number{}
	}
	c := number(u, e)
	return Number{Value: c.Text + " " + u.Name, Interval: c.Interval, Notes: c.Notes}
}

// compared are the ratios of one arm to the baseline, with what they are made of.
func compared(r *analysis.Report, cell *analysis.Cell, a *analysis.ArmResult) []Number {
	base := cell.Arm(r.Baseline)
	var out []Number
	add := func(label string, m analysis.Metric, j *analysis.Judgement, of func(*analysis.ArmResult) analysis.Estimate) {
		if j == nil || j.Ratio.Absent() {
			return
		}
		c := number(format.One, j.Ratio)
		n := Number{Label: label, Value: c.Text + " ×", Interval: c.Interval, Notes: c.Notes}
		says := fmt.Sprintf("%s over %s at %s", a.Arm, r.Baseline, cellName(r, cell.Cell))
		in := ": "
		if j.Kind == analysis.OverheadRatio {
			says, in = says+", each above "+r.Idle, "; in all "
		}
		u := UnitOf(m)
		mine, theirs := of(a), analysis.Estimate{}
		if base != nil {
			theirs = of(base)
		}
		if !mine.Absent() && !theirs.Absent() {
			says += fmt.Sprintf("%s%s against %s %s", in, u.Number(mine.Value), u.Number(theirs.Value), u.Name)
		}
		n.Says = says + fmt.Sprintf("; %s interval, %s", format.Percent(r.VerdictLevel), worth(j.Ratio))
		switch {
		case j.Verdict != analysis.NoVerdict:
			n.Word, n.Tone = word(j.Verdict)+within(j), tone(j.Verdict)
		case len(withheld(r, cell, a)) > 0:
			n.Word, n.Tone = noVerdict, Open
		}
		out = append(out, n)
	}
	add("CPU", analysis.CPUCores, a.Judged(total(analysis.CPUCores)), func(a *analysis.ArmResult) analysis.Estimate { return a.Total.CPU })
	add("PSS", analysis.PSS, a.Judged(total(analysis.PSS)), func(a *analysis.ArmResult) analysis.Estimate { return a.Total.PSS })
	if len(a.Collectors) > 0 {
		add("Median latency", analysis.ResponseP50, latencyOf(a, a.Collectors[0].Collector), func(a *analysis.ArmResult) analysis.Estimate {
			if len(a.Collectors) == 0 {
				return analysis.Estimate{}
			}
			return a.Collectors[0].Response.P50
		})
	}
	return out
}

// worth says what an interval counts.
func worth(e analysis.Estimate) string {
	if e.Basis != nil {
		return unitsOf(e.Basis)
	}
	return fmt.Sprintf("%d pairs", e.N)
}

// kubeletPods is how many pods a kubelet takes if nobody says otherwise, and
// kubeletInterval how often its eviction manager asks for stats.
const (
	kubeletPods     = 110
	kubeletInterval = 10 * time.Second
)

// notShown is what a reader could take from the summary and must not.
func notShown(r *analysis.Report) []string {
	out := []string{place(r)}
	if r.Experiment == "api" {
		out = append(out, "The cost of a kubelet: agents do what a kubelet does for stats, and nothing else. This explains a kubelet's cost; it is not one.")
	}
	text := "Equal answers: what costs less may answer less, or answer from a cache. "
	if len(r.Checks) > 0 {
		text += "How old values are and whether they are right was checked outside of all windows, once in each profile; answers inside of them were counted."
	} else {
		text += "How many containers an answer has is in the report; how old its values are and whether they are right was not checked."
	}
	out = append(out, text)
	most, _ := densities(r)
	if most > 0 && most < kubeletPods {
		out = append(out, fmt.Sprintf("More than %d pods: nothing is said beyond what was measured, and a kubelet takes %d.", most, kubeletPods))
	}
	out = append(out, kepNotCovered(r)...)
	if profiles := profiles(r); len(profiles) == 1 && profiles[0] == "idle" {
		out = append(out, "Pods that work: all containers slept. Idle containers are read from warm caches, and cAdvisor looks at them less often.")
	}
	if i := shortest(r); i > 0 && i < kubeletInterval {
		out = append(out, fmt.Sprintf("Production cadence: arms read every %s, a kubelet every %v. What is paid per call shrinks with the cadence, what works on a clock of its own (cAdvisor's housekeeping) does not.", intervals(r), kubeletInterval))
	}
	return out
}

// place says of which node alone the run speaks.
func place(r *analysis.Report) string {
	if r.Simulated() {
		return "Anything of a node: the run is simulated."
	}
	what := []string{runtimeName(r)}
	for _, f := range []struct{ name, before, after string }{
		{"host.kernel.release", "kernel ", ""}, {"host.cgroup.mode", "cgroup ", ""}, {"host.cpu.count", "", " CPUs"},
	} {
		if v := fact(r, f.name); v != "" {
			what = append(what, f.before+format.Shorten(v, 60)+f.after)
		}
	}
	return "Other nodes: this is one node, with " + strings.Join(what, ", ") + "."
}

// runtimeName names the runtime and its version.
func runtimeName(r *analysis.Report) string {
	if name := strings.TrimSpace(r.Host.Runtime.Name + " " + r.Host.Runtime.Version); name != "" {
		return format.Shorten(name, 80)
	}
	return "a runtime that is not known"
}

// fact returns what host.json says under a name, "" if it says nothing.
func fact(r *analysis.Report, name string) string {
	for _, f := range r.Host.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// densities are the most pods of any cell, and all different numbers of pods,
// ascending.
func densities(r *analysis.Report) (most int, all []int) {
	for _, c := range r.Cells {
		all = append(all, c.Pods)
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) > 0 {
		most = all[len(all)-1]
	}
	return most, all
}

func profiles(r *analysis.Report) []string {
	return distinct(r, func(c bench.Cell) string { return c.Profile })
}

// distinct are the different values of something over all cells, in their order.
func distinct[T comparable](r *analysis.Report, of func(bench.Cell) T) []T {
	var out []T
	for _, c := range r.Cells {
		if v := of(c.Cell); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// shortest is the shortest interval between calls of any arm that ran; 0 if none
// did.
func shortest(r *analysis.Report) time.Duration {
	var out time.Duration
	for _, a := range r.Arms {
		if i := a.Trials.Interval; i > 0 && (out == 0 || i < out) {
			out = i
		}
	}
	return out
}

// intervals lists the different intervals between calls, ascending.
func intervals(r *analysis.Report) string {
	var all []time.Duration
	for _, a := range r.Arms {
		if a.Trials.Interval > 0 {
			all = append(all, a.Trials.Interval)
		}
	}
	slices.Sort(all)
	var texts []string
	for _, i := range slices.Compact(all) {
		texts = append(texts, i.String())
	}
	return strings.Join(texts, ", ")
}
