package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cri-stats-bench/bench/analysis"
)

// scaling shows how costs grow with density: one table per metric and for each set
// of cells that differ by density alone.
func scaling(r *analysis.Report) Section {
	s := Section{ID: "growth", Heading: "Growth with pods"}
	type key struct {
		metric     analysis.Metric
		profile    string
		containers int
	}
	var order []key
	of := make(map[key][]analysis.Scaling)
	for _, c := range r.Scaling {
		k := key{c.Series.Metric, c.Profile, c.ContainersPerPod}
		if of[k] == nil {
			order = append(order, k)
		}
		of[k] = append(of[k], c)
	}
	for _, m := range []analysis.Metric{analysis.CPUCores, analysis.PSS, analysis.ResponseP50} {
		for _, k := range order {
			if k.metric == m {
				s.Tables = append(s.Tables, lines(r, of[k]))
			}
		}
	}
	if len(s.Tables) == 0 {
		s.Lines = []string{"One density has no slope: a plan with two or more shows how costs grow."}
	}
	return s
}

// lines is the table of one metric.
func lines(r *analysis.Report, all []analysis.Scaling) Table {
	u := UnitOf(all[0].Series.Metric)
	t := Table{
		Caption: fmt.Sprintf("containers=%d profile=%s: %s, %s per pod", all[0].ContainersPerPod, all[0].Profile, MetricName(all[0].Series.Metric), u.Name),
		Header: []string{
			"arm", "per pod\n" + level(r), "at 0 pods\n" + level(r), "bends", "only at\npods",
		},
	}
	// Arms that were measured at all densities need not say so each.
	widest := all[0].Densities
	for _, s := range all {
		if len(s.Densities) > len(widest) {
			widest = s.Densities
		}
	}
	t.Caption += ", at " + span(widest) + " pods"
	for _, s := range all {
		name := Cell{Text: s.Arm, Notes: numbers(s.Notes)}
		bends, at := Plain(""), Plain("")
		if s.Curved {
			bends = Plain("yes")
		}
		if !slices.Equal(s.Densities, widest) {
			at = Plain(span(s.Densities))
		}
		t.Rows = append(t.Rows, Row{
			name, Measured(u, s.PerPod), Measured(u, s.Fixed), bends, at,
		})
	}
	return t
}

// span writes densities: "10,35,110", or the first and the last of many.
func span(pods []int) string {
	if len(pods) > 3 {
		return fmt.Sprintf("%d..%d", pods[0], pods[len(pods)-1])
	}
	texts := make([]string, len(pods))
	for i, p := range pods {
		texts[i] = strconv.Itoa(p)
	}
	return strings.Join(texts, ",")
}
