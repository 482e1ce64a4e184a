package html

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"slices"
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
	// paints are the variables that the SVG has.
	paints []paint
}

// A paint is one colour on light and dark pages.
type paint struct{ light, dark string }

// variable is the name of the CSS variable of a paint.
func (p paint) variable() string { return "--c" + p.light[1:] + "-" + p.dark[1:] }

// home is the section that a figure stands in, "" if none is meant for it. Of
// several figures to one question the ids have numbers behind them.
func home(id string) string {
	sections := map[string]string{
		"forest":       "summary",
		"latency-pods": "latency", "spectrum": "latency",
		"cpu-pods": "cpu", "components": "cpu",
		"pss-pods":  "memory",
		"cost-age":  "freshness",
		"run-order": "quality", "self-check": "quality",
	}
	if section, ok := sections[id]; ok {
		return section
	}
	return sections[strings.TrimRight(strings.TrimRight(id, "0123456789"), "-")]
}

// pictures draws the figures of a report.
func pictures(r *analysis.Report) ([]picture, error) {
	figures, err := plot.Figures(r)
	if err != nil {
		return nil, err
	}
	var out []picture
	for i := range figures {
		f := &figures[i]
		var light, dark bytes.Buffer
		if err := errors.Join(f.SVG(&light, plot.Light), f.SVG(&dark, plot.Dark)); err != nil {
			return nil, err
		}
		p := picture{ID: f.ID, Title: f.Title, Caption: f.Caption, table: f.Table}
		svg, paints, err := themed(f.ID, light.String(), dark.String())
		if err != nil {
			return nil, fmt.Errorf("make one picture of figure %s, light and dark: %w", f.ID, err)
		}
		p.SVG, p.paints = template.HTML(svg), paints // package plot has escaped it
		out = append(out, p)
	}
	return out, nil
}

// themed makes one SVG of the light one and the dark one, with a variable for each
// colour in which they differ: half as large as both, and every id is there once.
func themed(id, light, dark string) (string, []paint, error) {
	colour := regexp.MustCompile(`"#[0-9a-fA-F]{6}"`)
	// Ids name the theme. Only in attributes: a name in the picture may be anything.
	dark = regexp.MustCompile(`="[^"]*"`).ReplaceAllStringFunc(dark, func(attribute string) string {
		return strings.ReplaceAll(attribute, id+"-"+plot.Dark.String(), id+"-"+plot.Light.String())
	})
	lights, darks := colour.FindAllStringIndex(light, -1), colour.FindAllStringIndex(dark, -1)
	if colour.ReplaceAllString(light, "") != colour.ReplaceAllString(dark, "") || len(lights) != len(darks) {
		return "", nil, errors.New("they differ in more than colours")
	}
	var out strings.Builder
	var paints []paint
	from := 0
	for i, at := range lights {
		p := paint{light[at[0]+1 : at[1]-1], dark[darks[i][0]+1 : darks[i][1]-1]}
		out.WriteString(light[from:at[0]])
		if p.light == p.dark {
			out.WriteString(light[at[0]:at[1]])
		} else {
			out.WriteString(`"var(` + p.variable() + `)"`)
			paints = append(paints, p)
		}
		from = at[1]
	}
	out.WriteString(light[from:])
	return out.String(), paints, nil
}

// themes writes the style sheet's part for all paints: light, dark, and light again
// on paper.
func themes(pictures []picture) string {
	var all []paint
	for _, p := range pictures {
		all = append(all, p.paints...)
	}
	slices.SortFunc(all, func(a, b paint) int { return strings.Compare(a.light+a.dark, b.light+b.dark) })
	all = slices.Compact(all)
	if len(all) == 0 {
		return ""
	}
	var light, dark strings.Builder
	for _, p := range all {
		fmt.Fprintf(&light, "%s:%s;", p.variable(), p.light)
		fmt.Fprintf(&dark, "%s:%s;", p.variable(), p.dark)
	}
	return fmt.Sprintf(":root{%s}\n@media screen and (prefers-color-scheme:dark){:root{%s}}\n", light.String(), dark.String())
}
