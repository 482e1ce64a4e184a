package plot

import (
	"fmt"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// forest draws the ratios of one density, that of the primary cell: of every pair of
// arms that is compared there, CPU and memory, in windows of equal length.
func (s *renderer) forest() {
	c := s.primary()
	if c == nil {
		return
	}
	groups, any := s.pairings(c)
	if !any {
		return
	}
	r := s.report
	var n []int
	t := table.Table{
		Caption: fmt.Sprintf("Ratios at %s, %s intervals, margin %s", s.place(c.Cell), format.Percent(r.VerdictLevel), format.Percent(r.Margin)),
		Header:  []string{"arm to arm", "endpoint", "ratio\n[" + format.Percent(r.VerdictLevel) + "]", "rounds"},
	}
	if !r.Simulated() {
		t.Header = append(t.Header, "verdict")
	}
	for _, g := range groups {
		for _, row := range g.rows {
			line := table.Row{table.Plain(g.name), table.Plain(row.label), table.Measured(format.One, row.ratio), table.Plain(fmt.Sprint(row.ratio.N))}
			if !r.Simulated() {
				line = append(line, table.Plain(format.OrAbsent(row.word)+row.qualifier))
			}
			t.Rows = append(t.Rows, line)
			if positive(row.ratio) {
				n = append(n, row.ratio.N)
			}
		}
	}
	groups[0].heading = s.place(c.Cell)
	e := s.canvas()
	e.intervals(groups, fmt.Sprintf("ratio (log scale): left of 1 costs less; shaded: within ± %s", format.Percent(r.Margin)))
	caption := fmt.Sprintf("CPU time and PSS of %s: one way of reading over another at %s, with %s intervals (%s rounds); logarithmic axis. "+
		"Left of the line at 1 the first costs less; the shaded band is the margin of ± %s.",
		r.TotalName(), s.place(c.Cell), format.Percent(r.VerdictLevel), trials(n), format.Percent(r.Margin))
	if !r.Simulated() {
		caption += " The word at the right is the verdict, adjusted for all comparisons of the report."
	}
	caption += s.without([]*analysis.Cell{c}, func(a *analysis.ArmResult) bool { return a.Used > 0 })
	s.hang("forest", "CPU and memory of one way of reading over another", caption, t, e)
}

// pairings has one group for each pair of arms of a cell, with CPU and memory; any says
// whether one of them has a ratio.
func (s *renderer) pairings(c *analysis.Cell) (out []group, any bool) {
	for i := range c.Pairings {
		p := &c.Pairings[i]
		g := group{name: short(p.Of, nameLength) + " / " + short(p.To, nameLength)}
		for _, m := range []analysis.Metric{analysis.CPUCores, analysis.PSS} {
			if j := p.Judged(analysis.TotalOf(m)); j != nil {
				g.rows = append(g.rows, s.judged(p.Of, j))
				any = any || positive(j.Ratio)
			}
		}
		if len(g.rows) > 0 {
			out = append(out, g)
		}
	}
	return out, any
}

// judged is the row of one endpoint.
func (s *renderer) judged(arm string, j *analysis.Judgement) row {
	out := row{
		label: table.MetricName(j.Series.Metric), ratio: j.Ratio, look: s.looks[arm],
		lo: 1 / (1 + s.report.Margin), hi: 1 + s.report.Margin,
	}
	if !s.report.Simulated() {
		out.word, out.paint = table.Word(j.Verdict), verdictPaint(j.Verdict)
	}
	switch {
	case j.Verdict != j.Unadjusted:
		out.qualifier = " (Holm)"
	case j.WithinMargin:
		out.qualifier = " by the margin"
	}
	if !positive(j.Ratio) {
		out.why = s.absence(j.Ratio)
	}
	return out
}
