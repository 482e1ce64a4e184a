// Package text shows a report as plain text: tables for a terminal or a log.
//
// Package table lays the report out, package markdown shows the same in another
// form. It writes no colours and asks no terminal for its width, so that the
// same report gives the same bytes everywhere.
package text

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

const (
	// width is what lines are wrapped at. Tables keep within it with names of usual
	// length, but are never cut.
	width = 120
	// nameWidth is what names of arms are broken or shortened to, proseWidth what
	// the text column of a table is wrapped at.
	nameWidth  = 26
	proseWidth = 56
	// markedWidth is up to where footnotes stand beside a name.
	markedWidth = 22
)

// Write writes the report. Everything that came from a node is escaped.
func Write(w io.Writer, r *analysis.Report) error {
	out := bufio.NewWriter(w)
	d := table.New(r)
	title := mark(d, format.Plain(d.Title))
	fmt.Fprintf(out, "%s\n%s\n", title, strings.Repeat("=", len([]rune(title))))
	for _, line := range d.Lead {
		wrap(out, "", format.Plain(line))
	}
	for _, s := range d.Sections {
		heading := format.Plain(s.Heading)
		fmt.Fprintf(out, "\n%s\n%s\n", heading, strings.Repeat("-", len([]rune(heading))))
		for _, line := range s.Lines {
			wrap(out, "", format.Plain(line))
		}
		for _, t := range s.Tables {
			fmt.Fprintf(out, "\n%s\n", mark(d, format.Plain(t.Caption)))
			if err := writeTable(out, &t); err != nil {
				return fmt.Errorf("write the table %q as text: %w", t.Caption, err)
			}
		}
		for _, f := range s.Facts {
			wrap(out, "  ", format.Plain(f.Name+": "+f.Value))
		}
	}
	if len(d.Footnotes) > 0 {
		fmt.Fprintf(out, "\nFootnotes\n---------\n")
	}
	for i, note := range d.Footnotes {
		wrap(out, "  ", format.Marks([]int{i + 1})+" "+format.Plain(note))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the report as text: %w", err)
	}
	return nil
}

// mark puts the mark of the document before a title.
func mark(d *table.Document, title string) string {
	if d.Mark == "" {
		return title
	}
	return d.Mark + " - " + title
}

// wrap writes a paragraph in lines that fit, further lines indented.
func wrap(out *bufio.Writer, indent, paragraph string) {
	for i, line := range lines(paragraph, width-len(indent)-2) {
		if i == 0 {
			fmt.Fprintf(out, "%s%s\n", indent, line)
		} else {
			fmt.Fprintf(out, "%s  %s\n", indent, line)
		}
	}
}

// lines breaks a text between words; a word that is longer than a line is cut.
func lines(text string, most int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		for len([]rune(word)) > most {
			if line != "" {
				out = append(out, line)
				line = ""
			}
			runes := []rune(word)
			out = append(out, string(runes[:most]))
			word = string(runes[most:])
		}
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= most:
			line += " " + word
		default:
			out = append(out, line)
			line = word
		}
	}
	if line != "" || len(out) == 0 {
		out = append(out, line)
	}
	return out
}

// writeTable draws a table without borders: two spaces between columns and a
// line below the header.
func writeTable(out io.Writer, t *table.Table) error {
	cells := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{PerColumn: t.Alignment()},
		Padding:    tw.CellPadding{Global: tw.Padding{Left: tw.Empty, Right: "  ", Overwrite: true}},
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
	header := make([]string, len(t.Header))
	for i, h := range t.Header {
		header[i] = escape(h)
	}
	drawn.Header(header)
	for _, row := range t.Rows {
		texts := make([]string, len(row))
		for i, c := range row {
			switch {
			case i == 0:
				texts[i] = name(c)
			case t.Prose && i == len(row)-1:
				texts[i] = strings.Join(lines(format.Plain(c.Text), proseWidth), "\n")
			default:
				texts[i] = cell(c)
			}
		}
		if err := drawn.Append(texts); err != nil {
			return err
		}
	}
	if err := drawn.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(page.String()) {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// escape makes the lines of a text safe to print.
func escape(s string) string {
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = format.Plain(parts[i])
	}
	return strings.Join(parts, "\n")
}

// cell writes a number and its footnotes, its interval below it.
func cell(c table.Cell) string {
	text := format.Plain(c.Text)
	if len(c.Notes) > 0 {
		text += " " + format.Marks(c.Notes)
	}
	if c.Interval != "" {
		// The space behind the comma would make wide tables wider than a terminal.
		text += "\n" + strings.ReplaceAll(c.Interval, ", ", ",")
	}
	return text
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
