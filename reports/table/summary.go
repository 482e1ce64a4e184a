package table

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/answer"
	"cri-stats-bench/reports/format"
)

// summary is the answer: the main comparison in a sentence and three numbers, all
// comparisons, and what they are worth.
func summary(r *analysis.Report) Section {
	a := answer.New(r)
	s := Section{ID: "summary", Heading: "Answer", Lines: []string{a.Sentence}, Numbers: keyNumbers(r, a), Tables: kepSummary(r)}
	if len(a.Comparisons) > 0 {
		s.Tables = append(s.Tables, comparisons(r, a))
	}
	if cell := r.PrimaryCell(); cell != nil {
		s.Lines = append(s.Lines, withheldLines(cell)...)
	}
	for _, f := range a.Facts {
		s.Facts = append(s.Facts, Fact{f.Label, f.Text})
		if t := gridTable(f.Grid); len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	s.Sections = []Section{{ID: "not-shown", Heading: "What this does not show", Lines: notShown(r)}}
	return s
}

func gridTable(g answer.Grid) Table {
	t := Table{Caption: g.Caption, Header: g.Header}
	for _, texts := range g.Rows {
		var row Row
		for _, text := range texts {
			row = append(row, Plain(text))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// comparisons has three rows for each comparison of the headline.
func comparisons(r *analysis.Report, a *answer.Answer) Table {
	t := Table{Caption: a.Question, Header: []string{"instead of", "endpoint", "old", "new", "ratio\n" + verdictLevel(r), "verdict"}}
	for _, c := range a.Comparisons {
		for i, row := range c.Rows {
			name := Plain("·")
			if i == 0 {
				name = Plain(c.Name)
			}
			t.Rows = append(t.Rows, Row{
				name, Plain(row.What + ", " + row.Unit), Plain(row.Old), Plain(row.New), {Text: row.Ratio, Interval: row.Interval}, {Text: row.Says(), Tone: ToneOf(row.Verdict)},
			})
		}
	}
	return t
}

// keyNumbers are CPU, memory and latency of the main comparison, which say why where
// there is none. Without a comparison they are what the first arm took.
func keyNumbers(r *analysis.Report, a *answer.Answer) []Number {
	var out []Number
	cell := shown(r)
	if len(a.Comparisons) > 0 {
		c := &a.Comparisons[0]
		for _, row := range c.Rows {
			n := Number{Label: row.What, Value: row.Ratio, Interval: row.Interval, Notes: numbers(row.Estimate.Notes)}
			if !r.Simulated() { // the mark says why there is none
				n.Word, n.Tone = row.Says(), ToneOf(row.Verdict)
			}
			n.Says = fmt.Sprintf("%s over %s at %s", c.Of, c.To, cellName(r, cell.Cell))
			if !row.Estimate.Absent() {
				n.Value += " ×"
				n.Says += fmt.Sprintf(": %s against %s %s; %s interval, %d rounds", row.New, row.Old, row.Unit, format.Percent(r.VerdictLevel), row.Estimate.N)
			} else if c.Why != "" {
				n.Says += ": " + format.Shorten(c.Why, 300)
			}
			out = append(out, n)
		}
		return out
	}
	if cell == nil || len(cell.Arms) == 0 {
		return nil
	}
	first := &cell.Arms[0]
	for _, of := range []struct {
		label string
		unit  format.Unit
		value analysis.Estimate
	}{{"CPU", format.Millicores, first.Total.CPU}, {"memory (PSS)", format.MiB, first.Total.PSS}, {"latency p50", format.Milliseconds, first.Response}} {
		if of.value.Absent() {
			continue
		}
		c := Measured(of.unit, of.value)
		out = append(out, Number{
			Label: of.label, Value: c.Text + " " + of.unit.Name, Interval: c.Interval, Notes: c.Notes,
			Says: fmt.Sprintf("%s at %s; %s interval, n = %d", first.Arm, cellName(r, cell.Cell), format.Percent(r.Level), of.value.N),
		})
	}
	return out
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
	if v := r.Host.Fact("host.readers.0.name"); v != "" {
		out = append(out, fmt.Sprintf("A node without other readers: %s read cgroup files beside the run, and the kernel flushed counters for it, too.", format.Shorten(v, 60)))
	}
	return append(out, "Flushes of cgroup counters that another reader has paid for: they are nobody's.")
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
		if v := r.Host.Fact(f.name); v != "" {
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
	return format.Durations(all, ", ")
}
