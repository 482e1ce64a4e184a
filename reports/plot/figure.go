package plot

import (
	"fmt"
	"io"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// A Figure is one picture of a report, with the table that says the same.
type Figure struct {
	// ID is the same in every run: a name for files and anchors, of lower-case
	// letters, digits and hyphens. Where a question needs several pictures, the
	// second one is ID-2 ("forest-2").
	ID string
	// Title begins with SIMULATED where the report is. It is not in the SVG, where
	// the page has it, but in the PNG, which stands alone.
	Title string
	// Caption says in a few sentences what is drawn, in which units, out of how many
	// trials, and how to read it. It holds nothing that a node said but names of arms,
	// shortened and without control characters; HTML must be escaped.
	Caption string
	// Table has the numbers drawn.
	Table table.Table

	scene scene
	fonts *fonts
}

// Figures draws those figures for which the report has data, in the order in which
// a report shows them. It returns an error only where the report holds numbers that
// are none.
func Figures(r *analysis.Report) ([]Figure, error) {
	f, err := newFonts()
	if err != nil {
		return nil, fmt.Errorf("draw a report: %w", err)
	}
	s := &renderer{report: r, fonts: f, looks: looksOf(r)}
	for _, draw := range []func(){
		s.forest, s.cpuOverPods, s.pssOverPods, s.latencyOverPods, s.components, s.costAge, s.runOrder,
	} {
		draw()
	}
	for i := range s.figures {
		if err := s.figures[i].scene.check(); err != nil {
			return nil, fmt.Errorf("draw figure %s: %w", s.figures[i].ID, err)
		}
	}
	return s.figures, nil
}

// A renderer draws the figures of one report.
type renderer struct {
	report  *analysis.Report
	fonts   *fonts
	looks   map[string]look
	figures []Figure
}

// hang adds a finished picture.
func (s *renderer) hang(id, title, caption string, t table.Table, e *canvas) {
	n := 1
	for _, f := range s.figures {
		if f.ID == id || strings.HasPrefix(f.ID, id+"-") {
			n++
		}
	}
	if n > 1 {
		id = fmt.Sprintf("%s-%d", id, n)
	}
	if s.report.Simulated() {
		title = table.Simulated + ": " + title
		caption = table.Simulated + ": nothing was measured on a node. " + caption
	}
	e.footer(s.provenance())
	s.figures = append(s.figures, Figure{ID: id, Title: title, Caption: caption, Table: t, scene: e.scene, fonts: s.fonts})
}

// marks are what every picture of the report must bear.
func (s *renderer) marks() []string {
	var out []string
	if s.report.Simulated() {
		out = append(out, table.Simulated)
	}
	if len(s.report.Host.NotForPublication) > 0 {
		out = append(out, table.NotForPublication)
	}
	return out
}

// provenance is one line on where the numbers are from, for pictures that are
// copied out of their report.
func (s *renderer) provenance() string {
	r := s.report
	parts := []string{"cri-stats-bench", "plan " + short(r.Name, 24)}
	if runtime := strings.TrimSpace(r.Host.Runtime.Name + " " + r.Host.Runtime.Version); runtime != "" {
		parts = append(parts, short(runtime, 32))
	}
	if !r.First.IsZero() {
		parts = append(parts, r.First.UTC().Format("2006-01-02"))
	}
	return strings.Join(parts, " · ")
}

// short makes a name that anybody may have chosen fit to be drawn.
func short(name string, most int) string { return format.Shorten(format.Plain(name), most) }

// nameLength is how many characters of an arm's name are shown.
const nameLength = 48

// level writes that of the intervals that are not about verdicts.
func (s *renderer) level() string { return format.Percent(s.report.Level) }

// SVG writes the picture as one svg element, fit to stand in a page or to be a file
// by itself: of the size that it was laid out for, with a viewBox, so that CSS can
// scale it, and with a title and a description for screen readers. Its background is
// transparent. The same report gives the same bytes. All ids begin with f.ID and the
// theme.
func (f *Figure) SVG(w io.Writer, t Theme) error {
	if err := writeSVG(w, f, t); err != nil {
		return fmt.Errorf("write figure %s as SVG: %w", f.ID, err)
	}
	return nil
}

// PNG writes the picture for light pages, below its title, three pixels to the point.
func (f *Figure) PNG(w io.Writer) error {
	if err := writePNG(w, f, Light); err != nil {
		return fmt.Errorf("write figure %s as PNG: %w", f.ID, err)
	}
	return nil
}
