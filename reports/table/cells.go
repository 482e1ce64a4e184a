package table

import (
	"slices"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// Plain is a cell of a text.
func Plain(text string) Cell { return Cell{Text: text} }

// Measured writes an estimate with its interval, its footnotes and further ones.
func Measured(u format.Unit, e analysis.Estimate, notes ...int) Cell {
	c := Cell{Text: format.Absent, Notes: numbers(slices.Concat(e.Notes, notes))}
	if e.Absent() {
		return c
	}
	c.Text = u.Number(e.Value)
	if e.Interval != nil {
		c.Interval = u.Interval(e.Interval.Lo, e.Interval.Hi)
	}
	return c
}

// bare is number without the interval, for tables that have it elsewhere.
func bare(u format.Unit, e analysis.Estimate) Cell {
	c := Measured(u, e)
	c.Interval = ""
	return c
}

// count writes an estimate of what is counted.
func count(e analysis.Estimate) Cell {
	c := Cell{Text: format.Absent, Notes: numbers(e.Notes)}
	if !e.Absent() {
		c.Text = format.Count(e.Value)
	}
	return c
}

// numbers turns indices of notes into numbers of footnotes.
func numbers(notes []int) []int {
	var out []int
	for _, i := range notes {
		if !slices.Contains(out, i+1) {
			out = append(out, i+1)
		}
	}
	return out
}

// A shape is how the rows of arms are filled: with so many cells for each of its
// collectors, and then so many for the arm as a whole.
type shape struct {
	perCollector, perArm int
	collector            func(*analysis.ArmResult, *analysis.CollectorResult) []Cell
	arm                  func(*analysis.ArmResult) []Cell
}

// rows writes an arm in one row. Of one with several collectors, what is each
// collector's own comes in rows below it.
func (s shape) rows(a *analysis.ArmResult) []Row {
	arm := make([]Cell, s.perArm)
	if s.arm != nil {
		arm = s.arm(a)
	}
	name := Cell{Text: a.Arm, Notes: numbers(a.Notes)}
	row := func(name Cell, calls, arm []Cell) Row { return slices.Concat(Row{name}, calls, arm) }
	switch len(a.Collectors) {
	case 0:
		return []Row{row(name, slices.Repeat([]Cell{Plain(format.Absent)}, s.perCollector), arm)}
	case 1:
		return []Row{row(name, s.collector(a, &a.Collectors[0]), arm)}
	}
	rows := []Row{row(name, make([]Cell, s.perCollector), arm)}
	for i := range a.Collectors {
		c := &a.Collectors[i]
		rows = append(rows, row(Plain("· "+c.Collector), s.collector(a, c), make([]Cell, s.perArm)))
	}
	return rows
}

// all writes the rows of all arms of a cell.
func (s shape) all(cell *analysis.Cell) []Row {
	var rows []Row
	for i := range cell.Arms {
		rows = append(rows, s.rows(&cell.Arms[i])...)
	}
	return rows
}
