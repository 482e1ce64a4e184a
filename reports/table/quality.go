package table

import (
	"cri-stats-bench/bench/analysis"
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
	if len(r.Arms) > 0 {
		s.Lines = append(s.Lines, "Of intervals of an arm against itself, one in ten misses 1 by chance; those that differ after adjustment (Holm) are marked failed.")
	}
	if len(r.Arms) > 0 {
		s.Tables = append(s.Tables, trials(r))
	}
	return s
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
			Plain(c.Arm), Plain(c.Of), Plain(cellName(r, c.Cell)), Plain(seriesName(c.Series, 1)),
			Measured(format.One, c.Ratio), Plain(holds), Plain(floor),
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
			Plain(c.Arm), Plain(cellName(r, c.Cell)), Plain(seriesName(c.Series, 1)), Plain(u.Name),
			Plain(u.Number(c.Planted)), Measured(u, c.Found), Plain(detected), Plain(agrees),
		})
	}
	return t
}
