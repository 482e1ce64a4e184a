package answer

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// A Comparison is one arm instead of another.
type Comparison struct {
	// Name is how the other arm is called, Of and To the arms.
	Name, Of, To string
	Rows         []Row
	// Why says why there is no verdict, or no number; empty where there is one.
	Why string
}

// A Row is one endpoint of a comparison.
type Row struct {
	// What is measured in which Unit: "CPU" in "mcores". Old and New are in it.
	What, Unit, Old, New string
	// Ratio and Interval are those of new to old. Word is the verdict, Beside what else
	// must be known of it.
	Ratio, Interval, Word, Beside string
	// Verdict is what Word says, for whoever has colours; none in a simulated run.
	Verdict analysis.Verdict
	// Estimate is the ratio for pictures.
	Estimate analysis.Estimate
}

// Says is the verdict with what must be known of it.
func (r Row) Says() string { return r.Word + r.Beside }

// A measure is one of the endpoints that are answered.
type measure struct {
	what   string
	series analysis.Series
	unit   format.Unit
	of     func(*analysis.ArmResult) analysis.Estimate
}

func measures() []measure {
	return []measure{
		{"CPU", analysis.TotalOf(analysis.CPUCores), format.Millicores, func(a *analysis.ArmResult) analysis.Estimate { return a.Total.CPU }},
		{"memory (PSS)", analysis.TotalOf(analysis.PSS), format.MiB, func(a *analysis.ArmResult) analysis.Estimate { return a.Total.PSS }},
		{"latency p50", analysis.Series{Metric: analysis.ResponseP50}, format.Milliseconds, func(a *analysis.ArmResult) analysis.Estimate { return a.Response }},
	}
}

// comparison lays out one pairing.
func comparison(r *analysis.Report, p *analysis.Pairing, i int, short bool) Comparison {
	name := p.Says
	if name == "" {
		name = p.To
	}
	if !short {
		name = p.Of + " instead of " + name
	}
	out := Comparison{Name: fmt.Sprintf("%d. %s", i+1, name), Of: p.Of, To: p.To, Why: line(strings.Join(p.Withheld, "; "))}
	for _, m := range measures() {
		out.Rows = append(out.Rows, row(r, p.Judged(m.series), m))
	}
	return out
}

func row(r *analysis.Report, j *analysis.Judgement, m measure) Row {
	out := Row{What: m.what, Unit: m.unit.Name, Old: format.Absent, New: format.Absent, Ratio: format.Absent, Word: "not measured"}
	switch {
	case j == nil:
		return out
	case j.Ratio.Absent():
		for _, i := range j.Ratio.Notes {
			out.Beside = ": " + line(r.Notes[i].Text)
		}
		return out
	}
	out.Old, out.New, out.Ratio, out.Estimate = m.unit.Number(j.Old), m.unit.Number(j.New), format.One.Number(j.Ratio.Value), j.Ratio
	if ci := j.Ratio.Interval; ci != nil {
		out.Interval = format.One.Interval(ci.Lo, ci.Hi)
	}
	if out.Word, out.Beside = Says(r, j); !r.Simulated() {
		out.Verdict = j.Verdict
	}
	return out
}

// Word is a verdict in plain words: every form of report has these.
func Word(v analysis.Verdict) string {
	switch v {
	case analysis.Better:
		return "cheaper"
	case analysis.NonInferior:
		return "not dearer"
	case analysis.Inferior:
		return "dearer"
	case analysis.Inconclusive:
		return "not settled"
	}
	return "no verdict"
}

// Says is a verdict in words, and what must be known beside it: (Holm) marks one of which
// more would be said if it were the only one. Of latency, costs are times.
func Says(r *analysis.Report, j *analysis.Judgement) (word, beside string) {
	switch word = Word(j.Verdict); {
	case r.Simulated():
		return Word(analysis.NoVerdict), ": simulated"
	case j.Ratio.Interval == nil:
		beside = ": too few rounds"
	case j.WithinMargin:
		word, beside = "dearer", ", within "+format.Percent(r.Margin)
	case j.Verdict != j.Unadjusted:
		beside = " (Holm)"
	case j.Verdict == analysis.Inconclusive && j.Worse:
		beside = ", but dearer"
	}
	if j.Series.Metric == analysis.ResponseP50 {
		words := strings.NewReplacer("cheaper", "faster", "dearer", "slower")
		word, beside = words.Replace(word), words.Replace(beside)
	}
	return word, beside
}

// sentence is the first comparison in one.
func sentence(r *analysis.Report, all []Comparison) string {
	if len(all) == 0 {
		return "Nothing was compared: the plan names no comparison that was measured."
	}
	c := all[0]
	var parts []string
	for _, row := range c.Rows[:2] {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s × %s %s", row.What, row.Ratio, row.Interval))+" ("+row.Says()+")")
	}
	out := fmt.Sprintf("%s instead of %s, margin %s: %s.", c.Of, c.To, format.Percent(r.Margin), strings.Join(parts, ", "))
	if c.Why != "" {
		out += " No verdict: " + c.Why + "."
	}
	return out
}
