package html

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/plot"
	"cri-stats-bench/reports/table"
)

// A picture is a figure in the page.
type picture struct {
	ID, Title, Caption string
	// SVG has variables for colours that differ between themes.
	SVG template.HTML
	// Grid is table as the page shows it.
	Grid  grid
	table table.Table
}

// home is the section that a figure stands in, "" if none is meant for it. Of
// several figures to one question the ids have numbers behind them.
func home(id string) string {
	sections := map[string]string{
		"forest":       "summary",
		"latency-pods": "latency",
		"cpu-pods":     "cpu", "components": "cpu",
		"pss-pods":  "memory",
		"cost-age":  "freshness",
		"run-order": "quality",
	}
	if section, ok := sections[id]; ok {
		return section
	}
	return sections[strings.TrimRight(strings.TrimRight(id, "0123456789"), "-")]
}

// pictures draws the figures of a report, and declares their colours on light and dark
// pages, and light again on paper.
func pictures(r *analysis.Report) ([]picture, string, error) {
	figures, err := plot.Figures(r)
	if err != nil || len(figures) == 0 {
		return nil, "", err
	}
	var out []picture
	for i := range figures {
		f := &figures[i]
		var svg bytes.Buffer
		if err := f.SVG(&svg, plot.Both); err != nil {
			return nil, "", err
		}
		// Package plot has escaped it.
		out = append(out, picture{ID: f.ID, Title: f.Title, Caption: f.Caption, SVG: template.HTML(svg.String()), table: f.Table})
	}
	light, dark := plot.Variables(figures)
	return out, fmt.Sprintf(":root{%s}\n@media screen and (prefers-color-scheme:dark){:root{%s}}\n", light, dark), nil
}
