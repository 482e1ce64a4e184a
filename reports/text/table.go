package text

import (
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

const (
	// nameWidth is what names of arms are broken or shortened to, leastProse the
	// least that the text column of a table is wrapped at.
	nameWidth  = 26
	leastProse = 40
	// markedWidth is up to where footnotes stand beside a name.
	markedWidth = 22
)

// A grid is a table as texts: its header, its rows, and how columns are aligned.
type grid struct {
	header []string
	rows   [][]string
	align  tw.Alignment
	// gaps stand behind columns.
	gaps []tw.Padding
}

// Between columns there are two spaces, between a number and its interval one.
const gap = "  "

func behind(spaces string) tw.Padding {
	return tw.Padding{Left: tw.Empty, Right: spaces, Overwrite: true}
}

// writeTable draws a table: intervals beside their numbers where that fits, else
// below them.
func writeTable(out io.Writer, t *table.Table) error {
	text, err := beside(t).draw()
	if err != nil {
		return err
	}
	if widest(text) > width {
		if text, err = below(t).draw(); err != nil {
			return err
		}
	}
	_, err = io.WriteString(out, text)
	return err
}

func widest(text string) int {
	most := 0
	for line := range strings.Lines(text) {
		most = max(most, len([]rune(strings.TrimSuffix(line, "\n"))))
	}
	return most
}

// below has the interval in the line below its number.
func below(t *table.Table) grid {
	g := grid{align: t.Alignment()}
	for _, h := range t.Header {
		g.gaps = append(g.gaps, behind(gap))
		g.header = append(g.header, escape(h))
	}
	for _, row := range t.Rows {
		texts := make([]string, len(row))
		for i, c := range row {
			texts[i] = cell(c, i == 0)
			if c.Interval != "" {
				texts[i] += "\n" + interval(c)
			}
		}
		g.rows = append(g.rows, texts)
	}
	g.prose(t)
	return g
}

// beside gives intervals columns of their own. What a header says of intervals, in
// brackets, goes with them.
func beside(t *table.Table) grid {
	var g grid
	g.rows = make([][]string, len(t.Rows))
	for i, align := range t.Alignment() {
		with := false
		for _, row := range t.Rows {
			with = with || row[i].Interval != ""
		}
		head, level := escape(t.Header[i]), ""
		if with {
			head, level = split(head)
			g.align = append(g.align, align, tw.AlignLeft)
			g.gaps = append(g.gaps, behind(" "), behind(gap))
			g.header = append(g.header, head, level)
		} else {
			g.align = append(g.align, align)
			g.gaps = append(g.gaps, behind(gap))
			g.header = append(g.header, head)
		}
		for k, row := range t.Rows {
			g.rows[k] = append(g.rows[k], cell(row[i], i == 0))
			if with {
				g.rows[k] = append(g.rows[k], interval(row[i]))
			}
		}
	}
	g.prose(t)
	return g
}

// split takes the lines in brackets out of a header. They stand at the height that
// they had.
func split(head string) (rest, brackets string) {
	all := strings.Split(head, "\n")
	left, right := make([]string, 0, len(all)), make([]string, 0, len(all))
	for _, line := range all {
		if strings.HasPrefix(line, "[") || strings.HasPrefix(line, "(") {
			right = append(right, line)
		} else {
			left = append(left, line)
			if len(right) == 0 && len(left) > 1 {
				right = append(right, "")
			}
		}
	}
	return strings.Join(left, "\n"), strings.Join(right, "\n")
}

// prose wraps the text column at what the others leave of the line.
func (g *grid) prose(t *table.Table) {
	if !t.Prose || len(g.header) == 0 {
		return
	}
	last := len(g.header) - 1
	rest := width
	for i := range last {
		most := widest(g.header[i])
		for _, row := range g.rows {
			most = max(most, widest(row[i]))
		}
		rest -= most + len(gap)
	}
	rest = max(rest, leastProse)
	for _, row := range g.rows {
		row[last] = strings.Join(lines(row[last], rest), "\n")
	}
}

// draw draws without borders: a gap between columns and a line below the header.
func (g grid) draw() (string, error) {
	cells := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{PerColumn: g.align},
		Padding:    tw.CellPadding{Global: behind(gap), PerColumn: g.gaps},
	}
	var page strings.Builder // the padding of last columns is taken off it
	drawn := tablewriter.NewTable(&page,
		// Off, or the widths would depend on the locale of whoever writes the report.
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells}),
		tablewriter.WithRenderer(renderer.NewBlueprint()),
		tablewriter.WithRendition(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleASCII),
			Settings: tw.Settings{
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off},
				Separators: tw.Separators{ShowHeader: tw.Off, ShowFooter: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.Off},
			},
		}),
	)
	drawn.Header(g.header)
	for _, row := range g.rows {
		if err := drawn.Append(row); err != nil {
			return "", err
		}
	}
	if err := drawn.Render(); err != nil {
		return "", err
	}
	return trim(page.String()), nil
}

// trim takes off what stands right of the table: the last column's gap, in the
// line below the header too.
func trim(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	most, rule := 0, -1
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
		if strings.Trim(line, "-") == "" && rule < 0 && line != "" {
			rule = i
			continue
		}
		most = max(most, len([]rune(lines[i])))
	}
	if rule >= 0 && len(lines[rule]) > most {
		lines[rule] = lines[rule][:most]
	}
	return strings.Join(lines, "\n") + "\n"
}

// escape makes the lines of a text safe to print.
func escape(s string) string {
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = format.Plain(parts[i])
	}
	return strings.Join(parts, "\n")
}

// cell writes a number or a name and its footnotes.
func cell(c table.Cell, isName bool) string {
	if isName {
		return name(c)
	}
	text := format.Plain(c.Text)
	if len(c.Notes) > 0 {
		text += " " + format.Marks(c.Notes)
	}
	return text
}

// interval writes an interval; the space behind the comma would make wide tables
// wider than a terminal.
func interval(c table.Cell) string {
	return strings.ReplaceAll(format.Plain(c.Interval), ", ", ",")
}

// name breaks a long name behind its plus signs and shortens what is still too
// long.
func name(c table.Cell) string {
	text := format.Plain(c.Text)
	if len([]rune(text)) <= nameWidth {
		return withMarks(text, c.Notes)
	}
	var out []string
	for i, part := range strings.Split(text, "+") {
		if i > 0 {
			part = "+" + part
		}
		out = append(out, format.Shorten(part, nameWidth))
	}
	return withMarks(strings.Join(out, "\n"), c.Notes)
}

// withMarks adds footnotes to a name, on a line of their own where they would
// make the column wider.
func withMarks(name string, notes []int) string {
	if len(notes) == 0 {
		return name
	}
	marks := format.Marks(notes)
	last := name[strings.LastIndex(name, "\n")+1:]
	if len([]rune(last))+1+len([]rune(marks)) > markedWidth {
		return name + "\n" + marks
	}
	return name + " " + marks
}
