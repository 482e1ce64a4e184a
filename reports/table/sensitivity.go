package table

import (
	"math"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// sensitivity shows in which cells a verdict is another one, and from which margin
// on an arm would pass everywhere.
func sensitivity(r *analysis.Report) Section {
	s := Section{ID: "sensitivity", Heading: "Sensitivity"}
	if len(r.Cells) == 0 {
		return s
	}
	if !verdictsShown(r) {
		s.Lines = []string{"There are no verdicts that could be another from cell to cell."}
		return s
	}
	t := Table{
		Caption: "Verdicts over all cells, against " + r.Baseline,
		Header:  []string{"arm", "endpoint", "passes with a\nmargin from", "verdicts"},
		Prose:   true,
	}
	for _, arm := range r.Arms {
		for _, s := range endpointsOf(r, arm.Name) {
			t.Rows = append(t.Rows, overCells(r, arm.Name, len(arm.Collectors), s))
		}
	}
	if len(t.Rows) > 0 {
		s.Tables = []Table{t}
		s.Lines = []string{
			"An arm passes with a margin if it is NonInferior with it, before adjustment, in every cell: below zero it is less everywhere.",
		}
	}
	return s
}

// endpointsOf are the series of an arm that get a verdict in any cell.
func endpointsOf(r *analysis.Report, arm string) []analysis.Series {
	var out []analysis.Series
	seen := make(map[analysis.Series]bool)
	for i := range r.Cells {
		a := r.Cells[i].Arm(arm)
		if a == nil {
			continue
		}
		for _, j := range a.Judgements {
			if j.Class != analysis.Exploratory && !seen[j.Series] {
				seen[j.Series] = true
				out = append(out, j.Series)
			}
		}
	}
	return out
}

func overCells(r *analysis.Report, arm string, collectors int, s analysis.Series) Row {
	margin, open := math.Inf(-1), false
	cells := make(map[analysis.Verdict][]bench.Cell)
	for i := range r.Cells {
		a := r.Cells[i].Arm(arm)
		if a == nil {
			continue
		}
		j := a.Judged(s)
		if j == nil {
			continue
		}
		cells[j.Verdict] = append(cells[j.Verdict], r.Cells[i].Cell)
		if j.Ratio.Interval == nil || len(withheld(r, &r.Cells[i], a)) > 0 {
			open = true
		} else {
			margin = math.Max(margin, j.Ratio.Interval.Hi-1)
		}
	}
	var texts []string
	for _, v := range verdictOrder() {
		if len(cells[v]) == 0 {
			continue
		}
		text := string(v)
		if v == analysis.NoVerdict {
			text = "none"
		}
		texts = append(texts, text+" at "+cellNames(r, cells[v]))
	}
	passes := format.Absent
	if !open && !math.IsInf(margin, 0) {
		passes = relative(margin)
	}
	return Row{plain(arm), plain(seriesName(s, collectors)), plain(passes), plain(strings.Join(texts, "; "))}
}

// cellNames lists cells, by their densities alone where nothing else differs.
func cellNames(r *analysis.Report, cells []bench.Cell) string {
	names := make([]string, len(cells))
	for i, c := range cells {
		names[i] = cellName(r, c)
		if i > 0 {
			names[i] = strings.TrimPrefix(names[i], "pods=")
		}
	}
	return strings.Join(names, ", ")
}
