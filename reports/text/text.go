// Package text shows a report as plain text: the answer on one screen, or all tables.
//
// Package table lays the report out, packages markdown and html show the same in
// other forms. It writes no colours and asks no terminal for its width, so that the
// same report gives the same bytes everywhere; and since text cannot be folded, it
// shows what was found before what was done, and leaves out, by name, what is only
// to be looked up.
package text

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// width is what lines are wrapped at. Tables keep within it with names of usual
// length, but are never cut.
const width = 120

// What underlines headings of the two levels.
const (
	first  = "-"
	second = "~"
)

// WriteFull writes the answer, and then all that is behind it.
func WriteFull(w io.Writer, r *analysis.Report) error {
	if err := Write(w, r); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return fmt.Errorf("write the report as text: %w", err)
	}
	d := table.New(r)
	for i := range d.Sections {
		if d.Sections[i].ID == "summary" {
			d.Sections[i].Facts = nil // the screen has them
		}
	}
	return WriteDocument(w, d)
}

// WriteDocument writes any document. Everything in it is escaped.
func WriteDocument(w io.Writer, d *table.Document) error {
	out := &page{Writer: bufio.NewWriter(w), mark: d.Mark}
	out.heading(out.marked(d.Title), "=")
	for _, line := range append(d.Why[:len(d.Why):len(d.Why)], d.Lead...) {
		out.wrap("", line)
	}
	for _, background := range []bool{false, true} {
		for i := range d.Sections {
			if d.Sections[i].Background != background {
				continue
			}
			if err := out.section(&d.Sections[i], first); err != nil {
				return err
			}
		}
	}
	if len(d.Footnotes) > 0 {
		fmt.Fprintln(out)
		out.heading("Footnotes", first)
	}
	for i, note := range d.Footnotes {
		for k, line := range strings.Split(note, "\n") {
			if k == 0 {
				out.wrap("  ", format.Marks([]int{i + 1})+" "+line)
			} else {
				out.wrap("    ", "- "+line)
			}
		}
	}
	if out.asides > 0 {
		out.left = append(out.left, fmt.Sprintf("%d further tables", out.asides))
	}
	if len(out.left) > 0 {
		fmt.Fprintln(out)
		out.wrap("", "Not in this form of the report: "+strings.Join(out.left, "; ")+". Other forms have them.")
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the report as text: %w", err)
	}
	return nil
}

// A page is a report as it is written.
type page struct {
	*bufio.Writer
	mark string
	// left names the sections that were left out, asides counts the tables.
	left   []string
	asides int
}

// marked puts the mark of the document before a title.
func (p *page) marked(title string) string {
	if p.mark == "" {
		return title
	}
	return p.mark + " - " + title
}

func (p *page) heading(text, line string) {
	text = format.Plain(text)
	fmt.Fprintf(p, "%s\n%s\n", text, strings.Repeat(line, len([]rune(text))))
}

// section writes a section and those below it. Of what one result is made of, the
// tables that are not to be read first are left out: with many cells they would
// bury the others.
func (p *page) section(s *table.Section, underline string) error {
	if s.Reference {
		p.left = append(p.left, s.Heading)
		return nil
	}
	fmt.Fprintln(p)
	p.heading(s.Heading, underline)
	for _, line := range s.Lines {
		p.wrap("", line)
	}
	for _, t := range s.Tables {
		if t.Aside && underline != first {
			p.asides++
			continue
		}
		fmt.Fprintln(p)
		p.wrap("", p.marked(t.Caption))
		if err := writeTable(p, &t); err != nil {
			return fmt.Errorf("write the table %q as text: %w", t.Caption, err)
		}
	}
	if len(s.Numbers) > 0 && len(s.Tables) > 0 {
		fmt.Fprintln(p)
	}
	for _, n := range s.Numbers {
		parts := slices.DeleteFunc([]string{n.Label + ":", n.Value, n.Interval, format.Marks(n.Notes), n.Word}, func(s string) bool { return s == "" })
		p.wrap("", strings.Join(parts, " ")+" ("+n.Says+")")
	}
	for _, f := range s.Facts {
		p.wrap("  ", f.Name+": "+f.Value)
	}
	for _, l := range s.Listings {
		if l.Caption != "" {
			p.wrap("  ", l.Caption)
		}
		for line := range strings.Lines(l.Text) {
			fmt.Fprintf(p, "    %s\n", format.Plain(strings.TrimRight(line, "\r\n")))
		}
	}
	for _, l := range s.Links {
		p.wrap("  ", l.Text+": "+l.URL)
	}
	for i := range s.Sections {
		if err := p.section(&s.Sections[i], second); err != nil {
			return err
		}
	}
	return nil
}

// wrap writes a paragraph in lines that fit, further lines indented.
func (p *page) wrap(indent, paragraph string) {
	for i, line := range lines(format.Plain(paragraph), width-len(indent)-2) {
		if i == 0 {
			fmt.Fprintf(p, "%s%s\n", indent, line)
		} else {
			fmt.Fprintf(p, "%s  %s\n", indent, line)
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
