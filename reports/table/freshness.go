package table

import (
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// freshness sets the cost of arms against the age of what they answer.
func freshness(r *analysis.Report) Section {
	s := Section{ID: "freshness", Heading: "Cost and freshness"}
	for i := range r.Cells {
		if t := ages(r, &r.Cells[i]); len(t.Rows) > 0 {
			s.Tables = append(s.Tables, aside(r, &r.Cells[i], t))
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
		row := Row{{Text: a.Arm, Notes: numbers(a.Notes)}, Plain(format.Absent), Plain(format.Absent), Plain(format.Hundredths.Number(f.Share)), Plain(format.One.Number(f.PerSecond)), Measured(format.Microseconds, f.CPUPerSample)}
		if f.Age != nil {
			row[1], row[2] = Plain(stamped(seconds(f.Age.P50), f.Stamped)), Plain(stamped(seconds(f.Age.P95), f.Stamped))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
