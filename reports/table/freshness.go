package table

import (
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

var microseconds = format.Unit{Name: "µs", Size: 1e-6}

// freshness sets the cost of arms against the age of what they answer.
func freshness(r *analysis.Report) Section {
	s := Section{ID: "freshness", Heading: "Cost and freshness"}
	for i := range r.Cells {
		for _, t := range []Table{ages(r, &r.Cells[i]), equallyFresh(r, &r.Cells[i])} {
			if len(t.Rows) > 0 {
				s.Tables = append(s.Tables, aside(r, &r.Cells[i], t))
			}
		}
	}
	if len(s.Tables) == 0 {
		return Section{}
	}
	s.Lines = []string{
		"A container sample is new if it held at another instant than the one in the answer before: who reads a cache more often than it is filled pays for answers that say nothing new. Ages are those of CPU time when the answer is there, of an arm with several collectors those of the oldest; they are those of the highest density.",
	}
	return s
}

// ages is how old the values of each arm are, and what new ones cost.
func ages(r *analysis.Report, cell *analysis.Cell) Table {
	above := "CPU\n"
	for i := range cell.Arms {
		if f := cell.Arms[i].Freshness; f != nil && !f.Total {
			above = "CPU above idle\n"
		}
	}
	t := Table{
		Caption: caption(cell, "how old values are, and what new ones cost"),
		Header:  []string{"arm", "age p50\ns", "age p95\ns", "fresh\n%", "new container\nsamples per s", above + "per new sample, µs\n" + level(r)},
	}
	for i := range cell.Arms {
		a := &cell.Arms[i]
		f := a.Freshness
		if f == nil {
			continue
		}
		row := Row{{Text: a.Arm, Notes: numbers(a.Notes)}, plain(format.Absent), plain(format.Absent), plain(percent.Number(f.Share)), plain(format.One.Number(f.PerSecond)), number(microseconds, f.CPUPerSample)}
		if f.Age != nil {
			row[1], row[2] = plain(stamped(seconds(f.Age.P50), f.Stamped)), plain(stamped(seconds(f.Age.P95), f.Stamped))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// equallyFresh compares what arms cost whose values are of one age.
func equallyFresh(r *analysis.Report, cell *analysis.Cell) Table {
	t := Table{
		Caption: caption(cell, "arms that are as fresh as each other, at the same interval"),
		Header:  []string{"arm", "against", "age p95\ns", "the other's\ns", "CPU\nratio " + level(r), "PSS\nratio " + level(r)},
	}
	for _, e := range cell.EqualFreshness {
		row := Row{plain(e.Arm), plain(e.Against), plain(seconds(e.Age)), plain(seconds(e.AgainstAge)), plain(format.Absent), plain(format.Absent)}
		for _, c := range e.Ratios {
			column := 4
			if c.Series.Metric == analysis.PSS {
				column = 5
			}
			row[column] = number(format.One, c.Estimate)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
