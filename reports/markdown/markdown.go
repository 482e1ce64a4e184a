// Package markdown shows a report as GitHub-flavoured Markdown, fit for a pull
// request.
//
// Package table lays the report out, package text shows the same in another
// form. It writes no HTML and no links, and everything that came from a node is
// escaped: such text can neither break out of its table nor load or mention
// anything.
package markdown

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

// nameWidth is what names are shortened to.
const nameWidth = 60

// Write writes the report.
func Write(w io.Writer, r *analysis.Report) error {
	out := bufio.NewWriter(w)
	d := table.New(r)
	mark := ""
	if d.Mark != "" {
		mark = "**" + escape(d.Mark) + "** "
	}
	fmt.Fprintf(out, "# %s%s\n", mark, escape(d.Title))
	for _, line := range d.Lead {
		fmt.Fprintf(out, "\n%s\n", escape(line))
	}
	for _, s := range d.Sections {
		fmt.Fprintf(out, "\n## %s\n", escape(s.Heading))
		if len(s.Lines) > 0 {
			fmt.Fprintln(out)
		}
		for _, line := range s.Lines {
			fmt.Fprintf(out, "- %s\n", escape(line))
		}
		for _, t := range s.Tables {
			fmt.Fprintf(out, "\n### %s%s\n\n", mark, escape(t.Caption))
			if err := writeTable(out, &t); err != nil {
				return fmt.Errorf("write the table %q as Markdown: %w", t.Caption, err)
			}
		}
		if len(s.Facts) > 0 && len(s.Lines) == 0 {
			fmt.Fprintln(out)
		}
		for _, f := range s.Facts {
			fmt.Fprintf(out, "- %s: %s\n", escape(f.Name), escape(f.Value))
		}
	}
	if len(d.Footnotes) > 0 {
		fmt.Fprint(out, "\n## Footnotes\n\n")
	}
	for i, note := range d.Footnotes {
		fmt.Fprintf(out, "- %s %s\n", format.Marks([]int{i + 1}), escape(note))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the report as Markdown: %w", err)
	}
	return nil
}

// writeTable draws a table: names to the left, numbers to the right.
func writeTable(out io.Writer, t *table.Table) error {
	cells := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{PerColumn: t.Alignment()},
	}
	drawn := tablewriter.NewTable(out,
		// Off, or the widths would depend on the locale of whoever writes the report.
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells}),
		tablewriter.WithRenderer(renderer.NewMarkdown()),
	)
	header := make([]string, len(t.Header))
	for i, h := range t.Header {
		h = strings.ReplaceAll(h, "/\n", "/")
		header[i] = escape(strings.ReplaceAll(h, "\n", " "))
	}
	drawn.Header(header)
	for _, row := range t.Rows {
		texts := make([]string, len(row))
		for i, c := range row {
			texts[i] = cell(c)
		}
		if err := drawn.Append(texts); err != nil {
			return err
		}
	}
	return drawn.Render()
}

// cell writes a text or a number, its interval and its footnotes.
func cell(c table.Cell) string {
	text := escape(format.Shorten(c.Text, nameWidth))
	if c.Interval != "" {
		text += " " + escape(c.Interval)
	}
	if len(c.Notes) > 0 {
		text += " " + format.Marks(c.Notes)
	}
	return text
}

// escape makes a text mean itself: no markup, no HTML, no link, no mention of a
// user or an issue. Brackets alone mean nothing and are left readable; what makes
// a link of them is what follows the closing one.
func escape(s string) string {
	var out strings.Builder
	plain := []rune(format.Plain(s))
	for i, r := range plain {
		switch {
		case strings.ContainsRune("&<>@#", r):
			fmt.Fprintf(&out, "&#%d;", r)
			continue
		case strings.ContainsRune("\\`*_|~$", r),
			r == ']' && i+1 < len(plain) && strings.ContainsRune("([:", plain[i+1]):
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	// GitHub makes links of these without any markup.
	return strings.NewReplacer("://", "&#58;//", "www.", "www&#46;").Replace(out.String())
}
