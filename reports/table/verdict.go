package table

import (
	"fmt"
	"math"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// verdict is what can be said of each arm in the primary cell, and what that is
// worth in two lines.
func verdict(r *analysis.Report) Section {
	var s Section
	switch cell := primary(r); {
	case r.Simulated():
		s.Lines = []string{"No verdict: the run is simulated."}
		return s
	case r.Baseline == "":
		s.Lines = []string{"No verdict: the plan has no baseline."}
		return s
	case cell == nil:
		s.Lines = []string{fmt.Sprintf("No verdict: the primary cell (%s) was not run.", r.Primary)}
	default:
		s.Tables = []Table{verdicts(r, cell)}
		s.Lines = withheldLines(r, cell)
	}
	if len(r.Host.NotForPublication) > 0 {
		s.Lines = append(s.Lines, "Not for publication: the verdicts show how a report looks, and hold for this run on this machine alone.")
	}
	s.Lines = append(s.Lines, evidence(r)...)
	return s
}

// primary returns the cell that verdicts are about first, nil if it was not run.
func primary(r *analysis.Report) *analysis.Cell {
	for i := range r.Cells {
		if r.Primary != nil && r.Cells[i].Cell == *r.Primary {
			return &r.Cells[i]
		}
	}
	return nil
}

// evidence sums up in a line each what the self checks and the controls say.
func evidence(r *analysis.Report) []string {
	var out []string
	if n := len(r.SelfChecks); n > 0 {
		hold, failed, floor := 0, 0, map[analysis.Metric]float64{}
		for _, c := range r.SelfChecks {
			if c.HoldsOne {
				hold++
			}
			if c.Failed {
				failed++
			}
			if c.Regime == best(r, c) {
				floor[c.Series.Metric] = math.Max(floor[c.Series.Metric], c.HalfWidth)
			}
		}
		text := fmt.Sprintf("Arms against themselves: %d of %d intervals hold 1 (one in ten misses it by chance), %d differ after adjustment (Holm).", hold, n, failed)
		for _, m := range []analysis.Metric{analysis.CPUCores, analysis.PSS} {
			if floor[m] > 0 {
				text += fmt.Sprintf(" Noise floor of %s: ± %s.", MetricName(m), relative(floor[m]))
			}
		}
		out = append(out, text)
	} else {
		out = append(out, "No arm ran against itself: the noise floor is not known.")
	}
	if n := len(r.Controls); n > 0 {
		found := 0
		for _, c := range r.Controls {
			if c.Detected {
				found++
			}
		}
		out = append(out, fmt.Sprintf("Positive control: %d of %d planted differences were found.", found, n))
	}
	return out
}

// best is the regime that a metric of an arm is taken from in all tables.
func best(r *analysis.Report, c analysis.SelfCheck) analysis.Regime {
	if c.Series.Metric == analysis.PSS {
		return analysis.InTrials
	}
	for i := range r.Cells {
		if a := r.Cells[i].Arm(c.Arm); a != nil && r.Cells[i].Cell == c.Cell {
			return a.Source
		}
	}
	return ""
}

// verdicts is the table of one cell: what the KEPs ask for, CPU and memory. What is
// said of latency stands with the other results.
func verdicts(r *analysis.Report, cell *analysis.Cell) Table {
	t := Table{
		Caption: caption(cell, fmt.Sprintf("against %s, margin %s", r.Baseline, format.Percent(r.Margin))),
		Header: []string{
			"arm", "CPU and PSS\ntogether", "CPU\nratio " + verdictLevel(r), "PSS\nratio " + verdictLevel(r), "CPU/PSS:\ncan find, %\n(settled by)",
		},
	}
	for i := range cell.Arms {
		a := &cell.Arms[i]
		if len(a.Judgements) == 0 {
			continue
		}
		cpu, pss := a.Judged(total(analysis.CPUCores)), a.Judged(total(analysis.PSS))
		both := Cell{Text: word(a.Together), Tone: tone(a.Together)}
		if len(withheld(r, cell, a)) > 0 {
			both = Cell{Text: noVerdict, Tone: Open}
		}
		t.Rows = append(t.Rows, Row{{Text: a.Arm, Notes: numbers(a.Notes)}, both, said(cpu), said(pss), reach(cpu, pss)})
	}
	return t
}

func latencyOf(a *analysis.ArmResult, collector string) *analysis.Judgement {
	return a.Judged(analysis.Series{Metric: analysis.ResponseP50, Collector: collector})
}

// said writes a verdict above the ratio that it rests on.
func said(j *analysis.Judgement) Cell {
	if j == nil {
		return plain(format.Absent)
	}
	ratio := number(format.One, j.Ratio)
	if j.Verdict == analysis.NoVerdict {
		return ratio
	}
	value := strings.TrimSpace(ratio.Text + " " + ratio.Interval)
	if j.Kind == analysis.OverheadRatio {
		// It stands in one column with ratios of totals, and must not be taken for one.
		value = "net " + value
	}
	return Cell{Text: word(j.Verdict) + within(j), Interval: value, Notes: ratio.Notes, Tone: tone(j.Verdict)}
}

// within marks what costs more than the baseline, but not by more than the margin,
// and what would be said without the adjustment for many endpoints.
func within(j *analysis.Judgement) string {
	switch {
	case j.Verdict != j.Unadjusted:
		return " (Holm)"
	case j.WithinMargin:
		return " (worse)"
	}
	return ""
}

// tone is what a verdict means for whoever would change to the arm.
func tone(v analysis.Verdict) Tone {
	switch v {
	case analysis.Better, analysis.NonInferior:
		return Good
	case analysis.Inferior:
		return Bad
	case analysis.Inconclusive:
		return Open
	}
	return ""
}

func word(v analysis.Verdict) string {
	if v == analysis.NoVerdict {
		return format.Absent
	}
	return string(v)
}

// reach writes what the run could have found and, in brackets, what would settle
// what is open.
func reach(judgements ...*analysis.Judgement) Cell {
	c := found(judgements...)
	if open := settled(judgements...); open.Text != "" {
		c.Interval = "(" + open.Text + ")"
	}
	return c
}

// found writes the smallest losses that the run could have found, in percent.
func found(judgements ...*analysis.Judgement) Cell {
	return each(judgements, func(j *analysis.Judgement) string {
		switch {
		case j.Detectable <= 0:
			return format.Absent
		case j.Detectable > 10:
			return ">1000"
		}
		return percent.Number(j.Detectable)
	})
}

// settled writes how many rounds or cycles would settle a verdict that is open.
func settled(judgements ...*analysis.Judgement) Cell {
	c := each(judgements, func(j *analysis.Judgement) string {
		switch {
		case j.Verdict != analysis.Inconclusive:
			return format.Absent
		case j.Settles == 0:
			return "never"
		case j.SettlesUnit == analysis.Cycle:
			return many(j.Settles) + "c"
		}
		return many(j.Settles)
	})
	if strings.Trim(c.Text, format.Absent+"/") == "" {
		return plain("")
	}
	return c
}

// each writes something of several judgements, joined by slashes.
func each(judgements []*analysis.Judgement, text func(*analysis.Judgement) string) Cell {
	texts := make([]string, len(judgements))
	for i, j := range judgements {
		texts[i] = format.Absent
		if j != nil {
			texts[i] = text(j)
		}
	}
	return plain(strings.Join(texts, "/"))
}
