package plot

import (
	"fmt"
	"slices"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// mostRows is how many ratios one forest has: more are a picture of their own, with
// whole cells in each.
const mostRows = 36

// forest sets the CPU and the memory of every rival against the baseline's, in every
// cell, the primary one first: the picture that verdicts are read from.
func (s *studio) forest() {
	cells := s.judgedCells()
	var pages [][]*analysis.Cell
	rows := 0
	for _, c := range cells {
		n := 0
		for _, g := range s.rivals(c) {
			n += len(g.rows)
		}
		if len(pages) == 0 || rows+n > mostRows {
			pages, rows = append(pages, nil), 0
		}
		pages[len(pages)-1] = append(pages[len(pages)-1], c)
		rows += n
	}
	for i, page := range pages {
		s.forestOf(page, i, len(pages))
	}
}

// judgedCells are those in which arms are compared with the baseline, the primary
// one first.
func (s *studio) judgedCells() []*analysis.Cell {
	var out []*analysis.Cell
	first := s.primary()
	for i := range s.report.Cells {
		if c := &s.report.Cells[i]; c != first && len(s.rivals(c)) > 0 {
			out = append(out, c)
		}
	}
	if first != nil && len(s.rivals(first)) > 0 {
		out = slices.Insert(out, 0, first)
	}
	return out
}

func (s *studio) forestOf(cells []*analysis.Cell, page, pages int) {
	r := s.report
	e := s.easel()
	var groups []group
	var n []int
	t := table.Table{
		Caption: fmt.Sprintf("Ratios to %s, %s intervals, margin %s", short(r.Baseline, nameLength), format.Percent(r.VerdictLevel), format.Percent(r.Margin)),
		Header:  []string{"arm", "cell", "endpoint", "ratio\n[" + format.Percent(r.VerdictLevel) + "]", "pairs"},
	}
	if !r.Simulated() {
		t.Header = append(t.Header, "verdict")
	}
	for _, c := range cells {
		heading := s.place(c.Cell)
		if r.Primary != nil && c.Cell == *r.Primary {
			heading += " (primary)"
		}
		for i, g := range s.rivals(c) {
			if i == 0 {
				g.heading = heading
			}
			groups = append(groups, g)
			for _, row := range g.rows {
				ratio := cell(format.One, row.ratio)
				if row.net && row.ratio.N > 0 {
					ratio.Text = "net " + ratio.Text
				}
				line := table.Row{plain(g.name), plain(s.place(c.Cell)), plain(row.label), ratio, plain(fmt.Sprint(row.ratio.N))}
				if !r.Simulated() {
					line = append(line, plain(orAbsent(row.word)+row.qualifier))
				}
				t.Rows = append(t.Rows, line)
				if positive(row.ratio) {
					n = append(n, row.ratio.N)
				}
			}
		}
	}
	e.intervals(groups, fmt.Sprintf("ratio to %s (log scale): left of 1 costs less; shaded: within ± %s",
		short(r.Baseline, nameLength), format.Percent(r.Margin)))
	title := "CPU and memory against " + short(r.Baseline, nameLength)
	if pages > 1 {
		title += fmt.Sprintf(" (%d of %d)", page+1, pages)
	}
	caption := fmt.Sprintf("CPU time and PSS of %s, as ratios to %s, with %s intervals (%s pairs of rounds or cycles); logarithmic axis. "+
		"Left of the line at 1 an arm costs less; the shaded band is the margin of ± %s. \"net\" is a ratio of what is above the idle arm.",
		parts(r), short(r.Baseline, nameLength), format.Percent(r.VerdictLevel), trials(n), format.Percent(r.Margin))
	if !r.Simulated() {
		caption += " The word at the right is the verdict: Better or NonInferior where the whole interval is left of 1 or of the margin, Inferior where it is right of the margin; outside the primary cell adjusted for the number of comparisons (Holm)."
		if slices.ContainsFunc(t.Rows, func(r table.Row) bool { return r[len(r)-1].Text == noVerdict }) {
			caption += " There is none where answers are not true."
		}
	}
	caption += s.without(cells, func(a *analysis.ArmResult) bool { return a.Used+a.Slices.Used > 0 })
	s.hang("forest", title, caption, t, e)
}

// noVerdict stands where there would be a verdict if answers were true.
const noVerdict = "no verdict"

// rivals has one group for each arm of a cell that is set against the baseline, with
// its CPU and its memory; none where no arm has a ratio.
func (s *studio) rivals(c *analysis.Cell) []group {
	var out []group
	any := false
	for i := range c.Arms {
		a := &c.Arms[i]
		g := group{name: short(a.Arm, nameLength)}
		for _, m := range []analysis.Metric{analysis.CPUCores, analysis.PSS} {
			if j := a.Judged(total(m)); j != nil {
				row := s.judged(a.Arm, j)
				if row.word == "" && s.untrue(c, a) {
					row.word = noVerdict
				}
				g.rows = append(g.rows, row)
				any = any || positive(j.Ratio)
			}
		}
		if len(g.rows) > 0 {
			out = append(out, g)
		}
	}
	if !any {
		return nil
	}
	return out
}

// untrue says that an arm has no verdict since its answers, or the baseline's, are not
// true.
func (s *studio) untrue(c *analysis.Cell, a *analysis.ArmResult) bool {
	base := c.Arm(s.report.Baseline)
	return !s.report.Simulated() && (len(a.Untrue) > 0 || base != nil && len(base.Untrue) > 0)
}

// judged is the row of one endpoint.
func (s *studio) judged(arm string, j *analysis.Judgement) row {
	out := row{
		label: endpoint(j.Series), ratio: j.Ratio, net: j.Kind == analysis.OverheadRatio, look: s.looks[arm], word: string(j.Verdict),
		lo: 1 / (1 + s.report.Margin), hi: 1 + s.report.Margin,
	}
	switch {
	case j.Verdict != j.Unadjusted:
		out.qualifier = " (Holm)"
	case j.WithinMargin:
		out.qualifier = " (worse)"
	}
	if !positive(j.Ratio) {
		out.why = s.absence(j.Ratio)
	}
	return out
}

// endpoint is what tables call a metric.
func endpoint(series analysis.Series) string {
	switch series.Metric {
	case analysis.CPUCores:
		return "CPU"
	case analysis.PSS:
		return "PSS"
	case analysis.ResponseP50:
		return "p50 latency"
	}
	return short(string(series.Metric), 24)
}

func orAbsent(text string) string {
	if text == "" {
		return format.Absent
	}
	return text
}

// parts names what totals sum over.
func parts(r *analysis.Report) string {
	text := ""
	for i, p := range r.Parts {
		if i > 0 {
			text += " + "
		}
		text += string(p)
	}
	return text
}
