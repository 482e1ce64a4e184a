package table

import (
	"fmt"
	"strconv"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// statistics is what each verdict of a cell rests on.
func statistics(r *analysis.Report, cell *analysis.Cell) Table {
	t := Table{
		Caption: caption(cell, "what ratios rest on"),
		Header: []string{
			"arm", "to", "endpoint", "rounds", "SD, %", "ratio\n" + verdictLevel(r), "Hodges-\nLehmann", "p\n(adjusted)", "can\nfind, %", "settled\nby",
		},
	}
	for i := range cell.Pairings {
		p := &cell.Pairings[i]
		for k := range p.Judgements {
			t.Rows = append(t.Rows, evidenceOf(p, &p.Judgements[k]))
		}
	}
	return t
}

func evidenceOf(of *analysis.Pairing, j *analysis.Judgement) Row {
	twin, spread, p := plain(format.Absent), format.Absent, plain(format.Absent)
	if j.Twin != nil {
		twin = number(format.One, *j.Twin)
	}
	if j.SD > 0 {
		spread = percent.Number(j.SD)
		if j.Pooled {
			spread += fmt.Sprintf(" of all, df %d", j.Ratio.DF)
		}
	}
	if j.Ratio.Interval != nil {
		p = Cell{Text: probability(j.P), Interval: "(" + probability(j.Adjusted) + ")"}
	}
	return Row{
		plain(of.Of), plain(of.To), plain(MetricName(j.Series.Metric)), plain(strconv.Itoa(j.Ratio.N)), plain(spread),
		number(format.One, j.Ratio), twin, p, plain(found(j)), plain(settled(j)),
	}
}
