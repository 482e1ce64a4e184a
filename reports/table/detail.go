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
			"arm", "to", "endpoint", "rounds", "SD, %", "ratio\n" + verdictLevel(r), "p\n(adjusted)", "can\nfind, %", "settled\nby",
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
	spread, p := format.Absent, Plain(format.Absent)
	if j.SD > 0 {
		spread = format.Hundredths.Number(j.SD)
		if j.Pooled {
			spread += fmt.Sprintf(" of all, df %d", j.Ratio.DF)
		}
	}
	if j.Ratio.Interval != nil {
		p = Cell{Text: format.Probability(j.P), Interval: "(" + format.Probability(j.Adjusted) + ")"}
	}
	return Row{
		Plain(of.Of), Plain(of.To), Plain(MetricName(j.Series.Metric)), Plain(strconv.Itoa(j.Ratio.N)), Plain(spread),
		Measured(format.One, j.Ratio), p, Plain(found(j)), Plain(settled(j)),
	}
}
