package table

import (
	"fmt"
	"math"
	"strconv"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// overheads is what arms cost above the idle arm.
func overheads(r *analysis.Report, cell *analysis.Cell) []Table {
	t := Table{
		Caption: caption(cell, "above "+r.Idle),
		Header: []string{
			"arm", "CPU mcores\n" + level(r), "detection\nlimit", "over\nbaseline's", "PSS MiB\n" + level(r), "detection\nlimit", "over\nbaseline's",
		},
	}
	for i := range cell.Arms {
		a := &cell.Arms[i]
		if len(a.Overheads) == 0 {
			continue
		}
		row := Row{plain(a.Arm)}
		for _, m := range []analysis.Metric{analysis.CPUCores, analysis.PSS} {
			o, u := a.Overhead(m), UnitOf(m)
			limit, ratio := plain(format.Absent), number(format.One, o.Ratio.Estimate)
			if o.Limit > 0 {
				limit = plain(u.Number(o.Limit))
			}
			if a.Arm == r.Baseline || r.Baseline == "" {
				ratio = plain("")
			}
			if o.Below {
				ratio = Cell{Text: "below limit", Notes: numbers(o.Ratio.Estimate.Notes)}
			}
			row = append(row, number(u, o.Net.Estimate), limit, ratio)
		}
		t.Rows = append(t.Rows, row)
	}
	return []Table{t}
}

// statistics is what each verdict of a cell rests on.
func statistics(r *analysis.Report, cell *analysis.Cell) []Table {
	t := Table{
		Caption: caption(cell, "what ratios to "+r.Baseline+" rest on"),
		Header: []string{
			"arm", "endpoint", "pairs\n(units)", "worth", "SD, %", "ratio\n" + verdictLevel(r), "Hodges-\nLehmann", "p\n(adjusted)", "can\nfind, %", "settled\nby",
		},
	}
	for i := range cell.Arms {
		a := &cell.Arms[i]
		for k := range a.Judgements {
			j := &a.Judgements[k]
			if j.Class == analysis.Exploratory {
				continue
			}
			pairs := Cell{Text: strconv.Itoa(j.Ratio.N)}
			worth := format.Absent
			if b := j.Ratio.Basis; b != nil {
				worth = format.Count(math.Floor(b.Effective))
				if b.Count != j.Ratio.N {
					pairs.Interval = "(" + unitsOf(b) + ")"
				}
			}
			twin := plain(format.Absent)
			if j.Twin != nil {
				twin = number(format.One, *j.Twin)
			}
			spread := format.Absent
			if j.SD > 0 {
				spread = percent.Number(j.SD)
			}
			p := plain(format.Absent)
			if j.Ratio.Interval != nil {
				p = Cell{Text: probability(j.P), Interval: "(" + probability(j.Adjusted) + ")"}
			}
			name := a.Arm
			if j.Series.Collector != "" && len(a.Collectors) > 1 {
				name = "· " + j.Series.Collector
			}
			t.Rows = append(t.Rows, Row{
				plain(name), plain(MetricName(j.Series.Metric)), pairs, plain(worth), plain(spread), number(format.One, j.Ratio), twin, p, found(j), settled(j),
			})
		}
	}
	return []Table{t}
}

// unitsOf writes what an interval counts: "12 rounds", "30 batches".
func unitsOf(b *analysis.Basis) string {
	unit := string(b.Unit)
	switch {
	case b.Count == 1:
	case b.Unit == analysis.Batch:
		unit = "batches"
	default:
		unit += "s"
	}
	return fmt.Sprintf("%d %s", b.Count, unit)
}

// exploratory shows where differences come from: ratios of components, without a
// verdict.
func exploratory(r *analysis.Report, cell *analysis.Cell) []Table {
	var cpu, pss []analysis.Series
	seen := make(map[analysis.Series]bool)
	for i := range cell.Arms {
		for _, j := range cell.Arms[i].Judgements {
			switch {
			case j.Class != analysis.Exploratory || seen[j.Series]:
				continue
			case j.Series.Metric == analysis.PSS:
				pss = append(pss, j.Series)
			default:
				cpu = append(cpu, j.Series)
			}
			seen[j.Series] = true
		}
	}
	return []Table{byComponent(r, cell, "CPU", cpu), byComponent(r, cell, "PSS", pss)}
}

func byComponent(r *analysis.Report, cell *analysis.Cell, what string, series []analysis.Series) Table {
	t := Table{Caption: caption(cell, what+", ratios to "+r.Baseline+" by component "+verdictLevel(r)), Header: []string{"arm"}}
	for _, s := range series {
		head := string(s.Component)
		if s.Component == analysis.Total {
			head = "total\nper call"
		}
		t.Header = append(t.Header, head)
	}
	for i := range cell.Arms {
		a := &cell.Arms[i]
		if len(a.Judgements) == 0 || len(series) == 0 {
			continue
		}
		row := Row{plain(a.Arm)}
		for _, s := range series {
			row = append(row, untold(a.Judged(s)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// untold writes a ratio, and marks one that cannot be told from 1.
func untold(j *analysis.Judgement) Cell {
	if j == nil {
		return plain(format.Absent)
	}
	c := number(format.One, j.Ratio)
	if j.Ratio.Interval != nil && j.Adjusted >= 0.05 {
		c.Text = "~ " + c.Text
	}
	return c
}
