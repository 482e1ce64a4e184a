// Package answer says what a run found, as one would tell it a person: what was measured
// on what, what changes against what it is compared with, at which cadence, how fresh and
// true, how sure, and what would settle it.
//
// It is the top of every form of report: packages text, markdown and html lay it out.
// Package table has all that is behind it. It refuses to leave a comparison out: where
// there is no number, it says why. It refuses to print, and to know how wide a line is.
package answer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// An Answer is what a report opens with.
type Answer struct {
	// Title says what was measured on what, Marks what must be known of every number:
	// SIMULATED, NOT FOR PUBLICATION, what was not measured, with why.
	Title string
	Marks []string
	// Sentence is the main comparison in one.
	Sentence string
	// Sentences are those of KEP-2371, for a run of a kubelet, and the hypothesis that the
	// run puts to the test.
	Sentences []Sentence
	// Question opens the comparisons: "35 idle pods: ... instead of".
	Question    string
	Comparisons []Comparison
	// Facts follow: growth, cadence, age and truth, how sure, what settles it, where more
	// is.
	Facts []Fact
}

// A Sentence is one of the KEP, or a hypothesis, and what the run says of it.
type Sentence struct{ Of, Name, Result, Why string }

// A Fact is a paragraph with a word in front, and the few numbers that it is about.
type Fact struct {
	Label, Text string
	Grid        Grid
	// Main: the run was made for it, and other facts give way.
	Main bool
}

// A Grid is a small table: names in the first column.
type Grid struct {
	Caption string
	Header  []string
	Rows    [][]string
}

// New makes the answer of a report.
func New(r *analysis.Report) *Answer {
	a := &Answer{Title: title(r), Marks: marks(r), Sentences: sentences(r)}
	cell := r.PrimaryCell()
	headlines := r.Headlines()
	if cell != nil && len(headlines) > 0 {
		a.Question = question(r, cell, headlines)
	}
	for i := range headlines {
		a.Comparisons = append(a.Comparisons, comparison(r, &headlines[i], i, common(headlines) != ""))
	}
	a.Sentence = sentence(r, a.Comparisons)
	for _, f := range []func(*analysis.Report) Fact{costs, treatments, churn, growth, cadence, age, sure, settle} {
		if fact := f(r); fact.Text != "" {
			a.Facts = append(a.Facts, fact)
		}
	}
	a.Facts = append(a.Facts, Fact{Label: "MORE", Text: "report --full | report --format html | verify | README: What a verdict means"})
	return a
}

// title names plan, runtime, machine and how much of it counts.
func title(r *analysis.Report) string {
	parts := []string{"runtime unknown"}
	if name := strings.TrimSpace(r.Host.Runtime.Name + " " + r.Host.Runtime.Version); name != "" {
		parts[0] = format.Shorten(name, 40)
	}
	if v := r.Host.Kubelet.Version; v != "" {
		parts = append(parts, "kubelet "+format.Shorten(v, 20))
	}
	if cpus := r.Host.Fact("host.cpu.count"); cpus != "" {
		what := " CPUs"
		if r.Host.Fact("host.cpu.virtual") == "true" {
			what = " vCPUs"
		}
		parts = append(parts, format.Shorten(cpus, 10)+what)
	}
	if mode := r.Host.Fact("host.cgroup.mode"); mode != "" {
		parts = append(parts, "cgroup "+format.Shorten(mode, 10))
	}
	used, tried := 0, 0
	for _, arm := range r.Arms {
		used, tried = used+arm.Trials.Used, tried+arm.Trials.Tried
	}
	return fmt.Sprintf("cri-stats-bench %s: %s. %d of %d trials used.", format.Shorten(r.Name, 30), strings.Join(parts, ", "), used, tried)
}

// marks are what must be known of every number.
func marks(r *analysis.Report) []string {
	var out []string
	if r.Simulated() {
		out = append(out, "SIMULATED: nothing was measured on a node; the numbers show the form of a report and nothing else.")
	}
	if why := r.Host.NotForPublication; len(why) > 0 {
		out = append(out, "NOT FOR PUBLICATION: "+strings.Join(why, "; ")+".")
	}
	var unsupported []string
	for _, a := range r.Arms {
		if a.Unsupported != "" {
			unsupported = append(unsupported, a.Name+" ("+line(a.Unsupported)+")")
		}
	}
	if len(unsupported) > 0 {
		out = append(out, "Not measured, since the node does not have it: "+strings.Join(unsupported, "; ")+".")
	}
	for _, i := range r.RunNotes {
		switch n := r.Notes[i]; n.Kind {
		case analysis.NoteUnfinished, analysis.NoteDamage, analysis.NoteSelfCheck, analysis.NoteItself:
			out = append(out, line(n.Text)+".")
		}
	}
	return out
}

// line takes the line breaks out of what a node said.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

// kep is whose sentences a run of a kubelet is held against.
const kep = "KEP-2371"

// sentences are what a run of a kubelet says of KEP-2371.
func sentences(r *analysis.Report) []Sentence {
	var out []Sentence
	if h := r.Hypothesis; h != nil {
		out = append(out, Sentence{"Hypothesis " + h.ID, line(h.Claim), string(h.Outcome), line(h.Numbers)})
	}
	if r.Kubelet == nil {
		return out
	}
	for _, v := range r.Kubelet.Verdicts {
		switch {
		case !v.Primary && v.Cell != nil:
		case r.Simulated() || v.Result == "":
			out = append(out, Sentence{kep, v.Sentence.Name, "no verdict", ""})
		default:
			out = append(out, Sentence{kep, v.Sentence.Name, string(v.Result), because(&v)})
		}
	}
	return out
}

// because is what a result rests on: its ratios, or why there is none.
func because(v *analysis.KEPVerdict) string {
	var ratios []string
	for _, p := range v.Parts {
		if p.Ratio.Interval != nil {
			ratios = append(ratios, p.Name+" "+quantity(format.One, p.Ratio))
		}
	}
	if len(ratios) == 0 {
		return line(v.Why)
	}
	return strings.Join(ratios, ", ")
}

// common is the arm that all comparisons are of, "" if they are not of one.
func common(all []analysis.Pairing) string {
	if len(all) == 0 || slices.ContainsFunc(all, func(p analysis.Pairing) bool { return p.Of != all[0].Of }) {
		return ""
	}
	return all[0].Of
}

// question says of which arm the comparisons are.
func question(r *analysis.Report, cell *analysis.Cell, all []analysis.Pairing) string {
	where := fmt.Sprintf("%d %s pods", cell.Pods, format.Shorten(cell.Profile, 20))
	if n := len(r.Treatments); n > 1 {
		return fmt.Sprintf("%s: CPU and memory of runtime and shims, %s instead of %s", where, r.Treatments[n-1].Name, r.Treatments[0].Name)
	}
	if of := common(all); of != "" {
		return fmt.Sprintf("%s: %s instead of ...", where, describe(r, of))
	}
	return fmt.Sprintf("%s: one way of reading instead of another, every %s", where, intervals(r, all))
}

// intervals lists at which intervals the compared arms are read.
func intervals(r *analysis.Report, all []analysis.Pairing) string {
	var found []time.Duration
	for _, a := range r.Arms {
		if slices.ContainsFunc(all, func(p analysis.Pairing) bool { return p.Of == a.Name || p.To == a.Name }) {
			found = append(found, a.Trials.Interval)
		}
	}
	return format.Durations(found, " or ")
}

// describe says what an arm reads and how often.
func describe(r *analysis.Report, name string) string {
	for _, a := range r.Arms {
		if a.Name != name || len(a.Collectors) == 0 {
			continue
		}
		if len(a.Collectors) == 1 && a.Collectors[0] == name {
			return name + ", every " + a.Trials.Interval.String()
		}
		every := ", every " + a.Trials.Interval.String()
		if len(a.Collectors) > 1 {
			every += " or as the plan says"
		}
		return fmt.Sprintf("%s (%s%s)", name, strings.Join(a.Collectors, " + "), every)
	}
	return name
}
