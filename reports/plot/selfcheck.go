package plot

import (
	"cmp"
	"fmt"
	"slices"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// selfCheck sets what an arm differs from itself, which is noise, beside what arms
// differ from the baseline: an effect counts as far as it leaves the noise.
func (s *studio) selfCheck() {
	c := s.checkedCell()
	if c == nil {
		return
	}
	r := s.report
	var groups []group
	floor := make(map[analysis.Metric]*analysis.Interval)
	t := table.Table{
		Caption: "Noise and effects, " + s.place(c.Cell),
		Header:  []string{"arm", "against", "endpoint", "ratio\n[" + format.Percent(r.VerdictLevel) + "]", "rounds"},
	}
	var n []int
	add := func(name, arm, against string, rows []row) {
		if len(rows) == 0 {
			return
		}
		groups = append(groups, group{name: name, rows: rows})
		for _, row := range rows {
			t.Rows = append(t.Rows, table.Row{plain(arm), plain(against), plain(row.label), cell(format.One, row.ratio), plain(fmt.Sprint(row.ratio.N))})
			if positive(row.ratio) {
				n = append(n, row.ratio.N)
			}
		}
	}
	for _, arm := range r.Arms {
		of, rows := s.againstItself(c, arm.Name, floor)
		add(fmt.Sprintf("noise: %s against %s", short(arm.Name, 28), short(of, 28)), short(arm.Name, nameLength), of, rows)
	}
	noise := len(groups)
	for i := range c.Pairings {
		p := &c.Pairings[i]
		var rows []row
		for _, m := range []analysis.Metric{analysis.CPUCores, analysis.PSS} {
			j := p.Judged(total(m))
			if j == nil {
				continue
			}
			row := s.judged(p.Of, j)
			row.word, row.lo, row.hi = "", 0, 0
			if f := floor[m]; f != nil {
				row.lo, row.hi = f.Lo, f.Hi
			}
			rows = append(rows, row)
		}
		add(short(p.Of, nameLength)+" / "+short(p.To, nameLength), short(p.Of, nameLength), short(p.To, nameLength), rows)
	}
	groups[0].heading = "An arm against itself, " + s.place(c.Cell)
	if len(groups) > noise {
		groups[noise].heading = "One way of reading over another"
	}
	e := s.easel()
	e.intervals(groups, "ratio (log scale); shaded: the interval of the arm against itself for the same endpoint")
	s.hang("self-check", "Noise floor beside effects", fmt.Sprintf(
		"Above, an arm against itself under another name: what it differs is noise. Below, the comparisons of arms. Ratios with %s intervals (%s rounds) on a logarithmic axis; an effect whose interval leaves the shaded range is more than this run's noise.",
		format.Percent(r.VerdictLevel), trials(n)), t, e)
}

// againstItself has the rows of an arm that ran against another name of itself, and
// notes the first interval of each metric as its floor.
func (s *studio) againstItself(c *analysis.Cell, arm string, floor map[analysis.Metric]*analysis.Interval) (of string, rows []row) {
	for _, check := range s.report.SelfChecks {
		if check.Cell != c.Cell || check.Arm != arm || check.Series.Component != analysis.Total {
			continue
		}
		of = short(check.Of, nameLength)
		row := row{label: endpoint(check.Series), ratio: check.Ratio, why: s.absence(check.Ratio), look: s.looks[arm]}
		if i := check.Ratio.Interval; i != nil {
			row.lo, row.hi = i.Lo, i.Hi
			if floor[check.Series.Metric] == nil {
				floor[check.Series.Metric] = i
			}
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.label, b.label) }) // CPU, PSS
	return of, rows
}

// checkedCell is the primary cell if an arm ran against itself there, else the first
// cell where one did.
func (s *studio) checkedCell() *analysis.Cell {
	var first *analysis.Cell
	for i := range s.report.Cells {
		c := &s.report.Cells[i]
		if !slices.ContainsFunc(s.report.SelfChecks, func(k analysis.SelfCheck) bool { return k.Cell == c.Cell && k.Ratio.Interval != nil }) {
			continue
		}
		if c == s.primary() {
			return c
		}
		if first == nil {
			first = c
		}
	}
	return first
}
