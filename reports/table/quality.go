package table

import (
	"fmt"
	"strconv"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
	"cri-stats-bench/reports/format"
)

// quality is what the evidence is worth.
func quality(r *analysis.Report) Section {
	s := Section{ID: "quality", Heading: "Quality of evidence"}
	add := func(t Table) {
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	add(selfChecks(r))
	add(controls(r))
	add(carryOver(r))
	if len(r.Arms) > 0 {
		s.Lines = append(s.Lines, "Of intervals of an arm against itself, one in ten misses 1 by chance; those that differ after adjustment (Holm) are marked failed.", carryOverLine(r))
	}
	if len(r.Arms) > 0 {
		s.Tables = append(s.Tables, trials(r))
	}
	return s
}

// carryOverLine says whether trials cost more after those of some other arm.
func carryOverLine(r *analysis.Report) string {
	if len(r.CarryOver) == 0 {
		return "Carry-over between trials was not tested: that takes five trials of an arm after another one."
	}
	significant := 0
	for _, o := range r.CarryOver {
		if o.Significant {
			significant++
		}
	}
	return fmt.Sprintf("Carry-over between trials: %d pairs of arms were tested, %d differ (Holm, 5 %%).", len(r.CarryOver), significant)
}

func selfChecks(r *analysis.Report) Table {
	t := Table{
		Caption: "arms against themselves",
		Header:  []string{"arm", "of", "cell", "endpoint", "ratio\n" + verdictLevel(r), "holds 1", "noise\nfloor"},
	}
	for _, c := range r.SelfChecks {
		holds, floor := format.Absent, format.Absent
		if c.Ratio.Interval != nil {
			holds, floor = yes(c.HoldsOne), "± "+relative(c.HalfWidth)
			if c.Failed {
				holds = "no, failed"
			}
		}
		t.Rows = append(t.Rows, Row{
			plain(c.Arm), plain(c.Of), plain(cellName(r, c.Cell)), plain(seriesName(c.Series, 1)),
			number(format.One, c.Ratio), plain(holds), plain(floor),
		})
	}
	return t
}

func yes(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

func controls(r *analysis.Report) Table {
	t := Table{
		Caption: "positive control: planted differences",
		Header:  []string{"arm", "cell", "endpoint", "unit", "planted", "found\n" + verdictLevel(r), "detected", "agrees"},
	}
	for _, c := range r.Controls {
		u := UnitOf(c.Series.Metric)
		detected, agrees := format.Absent, format.Absent
		if c.Found.Interval != nil {
			detected, agrees = yes(c.Detected), yes(c.Agrees)
		}
		t.Rows = append(t.Rows, Row{
			plain(c.Arm), plain(cellName(r, c.Cell)), plain(seriesName(c.Series, 1)), plain(u.Name),
			plain(u.Number(c.Planted)), number(u, c.Found), plain(detected), plain(agrees),
		})
	}
	return t
}

// carryOver shows only what was found.
func carryOver(r *analysis.Report) Table {
	t := Table{
		Caption: "trials that cost more or less after those of another arm",
		Header:  []string{"arm", "cell", "after", "trials", "CPU, %\n" + level(r), "p\n(Holm)"},
	}
	for _, o := range r.CarryOver {
		if o.Significant {
			t.Rows = append(t.Rows, Row{
				plain(o.Arm), plain(cellName(r, o.Cell)), plain(o.After), plain(strconv.Itoa(o.Effect.N)), number(percent, o.Effect), plain(probability(o.Adjusted)),
			})
		}
	}
	return t
}

// probability writes a p-value; very small ones say no more than that they are.
func probability(p float64) string {
	if p < 0.0001 {
		return "<0.0001"
	}
	return format.One.Number(p)
}

// steadiness shows every arm whose calls or trials can be classified.
func steadiness(r *analysis.Report) Table {
	t := Table{
		Caption: "steady states: service time over a window's calls, CPU over the run",
		Header:  []string{"arm", "cell", "calls", "values", "drift, %\n[99 %]", "trials", "values", "drift, %\n[99 %]"},
	}
	for i := range r.Cells {
		for j := range r.Cells[i].Arms {
			a := &r.Cells[i].Arms[j]
			if a.Steadiness.Calls.State == "" && a.Steadiness.Trials.State == "" {
				continue
			}
			row := Row{plain(a.Arm), plain(cellName(r, r.Cells[i].Cell))}
			for _, s := range []analysis.Settled{a.Steadiness.Calls, a.Steadiness.Trials} {
				row = append(row, plain(state(s)), plain(strconv.Itoa(s.Values)), number(percent, s.Drift))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func state(s analysis.Settled) string {
	switch s.State {
	case "":
		return format.Absent
	case stat.StateCyclic:
		return fmt.Sprintf("cyclic (%s)", format.Count(s.Period))
	case stat.StateNone:
		return "none"
	}
	return string(s.State)
}

func residue(r *analysis.Report) Table {
	t := Table{Caption: "residue: what no axis names", Header: []string{"what", "varies", "least", "median", "most", "n"}}
	for _, x := range r.Residue {
		t.Rows = append(t.Rows, Row{
			plain(strings.ReplaceAll(x.Name, "_", " ")), plain(yes(x.Varies())), plain(format.Count(x.Least)), plain(format.Count(x.Median)), plain(format.Count(x.Most)), plain(strconv.Itoa(x.N)),
		})
	}
	return t
}
