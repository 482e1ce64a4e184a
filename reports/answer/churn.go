package answer

import (
	"fmt"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// churn says how answers were where pods came and went.
func churn(r *analysis.Report) Fact {
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Churn != nil && c.Churn.Seconds > 0 {
			return churned(c)
		}
	}
	return Fact{}
}

func churned(c *analysis.Cell) Fact {
	g := Grid{
		Caption: "answers where pods come and go",
		Header:  []string{"arm", "calls", "failed", "partial", "p50 ms", "p99 ms", "CPU mcores"},
	}
	for i := range c.Arms {
		a := &c.Arms[i]
		for j := range a.Collectors {
			k := &a.Collectors[j]
			name := a.Arm
			if len(a.Collectors) > 1 {
				name += ": " + k.Collector
			}
			g.Rows = append(g.Rows, []string{
				name, fmt.Sprint(k.Calls), fmt.Sprint(k.Failed), fmt.Sprint(k.Partial),
				quantity(format.Milliseconds, k.Response.P50), quantity(format.Milliseconds, k.Response.P99), quantity(format.Millicores, a.Total.CPU),
			})
		}
	}
	text := fmt.Sprintf("%d pods were replaced in %.0f s (%s a second; the plan asks for %d), half of the pods stay. Partial answers lack a container that stays.",
		c.Churn.Replaced, c.Churn.Seconds, format.One.Number(float64(c.Churn.Replaced)/c.Churn.Seconds), c.Churn.Due)
	return Fact{Label: "CHURN", Text: text, Grid: g, Main: true}
}
