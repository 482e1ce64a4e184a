// Package markdown shows a report as GitHub-flavoured Markdown, fit for a pull
// request: the verdict first, the rest folded away, and never longer than GitHub
// takes.
//
// Package table lays the report out, packages text and html show the same in other
// forms. Everything that came from a node is escaped: such text can neither break
// out of its table nor load or mention anything. The only HTML is what folds, the
// only links are constants of this program.
package markdown

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/tw"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

const (
	// nameWidth is what names are shortened to, lineWidth whole sentences.
	nameWidth = 60
	lineWidth = 800
	// Most is how many characters GitHub takes in a description or a comment. Of a
	// document that is longer, what only backs the result is left out.
	Most = 65536
	// reserve is what the list of what was left out may need.
	reserve = 2000
)

// Write writes the answer, with what it rests on folded below it: what fits a comment.
func Write(w io.Writer, r *analysis.Report) error { return WriteDocument(w, table.Short(r)) }

// WriteFull writes all of the report that GitHub takes.
func WriteFull(w io.Writer, r *analysis.Report) error { return WriteDocument(w, table.New(r)) }

// WriteDocument writes any document. Everything in it is escaped.
func WriteDocument(w io.Writer, d *table.Document) error {
	p := &page{}
	if d.Mark != "" {
		p.mark = "**" + escape(d.Mark) + "** "
	}
	p.printf("# %s%s\n", p.mark, prose(d.Title))
	for _, line := range append(d.Why[:len(d.Why):len(d.Why)], d.Lead...) {
		p.printf("\n%s\n", prose(line))
	}
	for _, background := range []bool{false, true} {
		for i := range d.Sections {
			if s := &d.Sections[i]; s.Background == background {
				p.section(s, 2, background)
			}
		}
	}
	p.footnotes(d.Footnotes)
	if _, err := w.Write(p.cut(Most)); err != nil {
		return fmt.Errorf("write the report as Markdown: %w", err)
	}
	return nil
}

// A page is a document as blocks of text.
type page struct {
	mark   string
	blocks []block
}

// A block is a piece of text. What has a name may be left out; it is whole, with
// all that it opens and closes.
type block struct {
	name string
	text bytes.Buffer
}

// begin starts a block.
func (p *page) begin(name string) { p.blocks = append(p.blocks, block{name: name}) }

func (p *page) printf(format string, args ...any) {
	if len(p.blocks) == 0 {
		p.begin("")
	}
	fmt.Fprintf(&p.blocks[len(p.blocks)-1].text, format, args...)
}

// cut joins the blocks and leaves named ones out, from the last on, until what is
// left is not too long. What was left out is named at the end.
func (p *page) cut(most int) []byte {
	length := 0
	for i := range p.blocks {
		length += utf8.RuneCount(p.blocks[i].text.Bytes())
	}
	var left []string
	for i := len(p.blocks) - 1; i >= 0 && length > most-reserve*min(1, len(left)); i-- {
		if b := &p.blocks[i]; b.name != "" {
			length -= utf8.RuneCount(b.text.Bytes())
			left = append(left, format.Shorten(b.name, nameWidth))
			b.text.Reset()
		}
	}
	var out bytes.Buffer
	for i := range p.blocks {
		out.Write(p.blocks[i].text.Bytes())
	}
	if len(left) > 0 {
		const shown = 20
		more := ""
		if len(left) > shown {
			more, left = fmt.Sprintf("; and %d more", len(left)-shown), left[:shown]
		}
		fmt.Fprintf(&out, "\nLeft out, since GitHub takes %d characters: %s%s. Other forms of the report have them.\n", Most, escape(strings.Join(left, "; ")), more)
	}
	return out.Bytes()
}

// section writes a section. A folded one is a block of its own, with all that is
// in it; of others, the tables that are not to be read first are folded.
func (p *page) section(s *table.Section, depth int, folded bool) {
	if folded {
		p.begin(s.Heading)
		p.printf("\n<details><summary>%s</summary>\n", summary(s.Heading))
		p.body(s, true)
		for i := range s.Sections {
			p.heading(&s.Sections[i], depth+1)
			p.body(&s.Sections[i], true)
		}
		p.printf("\n</details>\n")
		p.begin("")
		return
	}
	p.heading(s, depth)
	p.body(s, false)
	for i := range s.Sections {
		p.section(&s.Sections[i], depth+1, false)
	}
}

func (p *page) heading(s *table.Section, depth int) {
	p.printf("\n%s %s\n", strings.Repeat("#", depth), escape(s.Heading))
}

// body writes what stands in a section. Within a folded one nothing is folded
// again.
func (p *page) body(s *table.Section, folded bool) {
	p.list(s.Lines)
	var items []string
	for _, n := range s.Numbers {
		text := fmt.Sprintf("%s: **%s** %s", escape(n.Label), escape(n.Value), escape(n.Interval))
		if n.Word != "" {
			text += " **" + prose(n.Word) + "**"
		}
		items = append(items, strings.TrimSpace(text+" "+format.Marks(n.Notes))+" ("+prose(n.Says)+")")
	}
	p.items(items)
	for _, aside := range []bool{false, true} {
		for i := range s.Tables {
			if s.Tables[i].Aside == aside {
				p.captioned(&s.Tables[i], aside && !folded)
			}
		}
	}
	items = nil
	for _, f := range s.Facts {
		items = append(items, prose(f.Name)+": "+prose(f.Value))
	}
	for _, l := range s.Links {
		items = append(items, fmt.Sprintf("[%s](%s)", escape(l.Text), l.URL))
	}
	p.items(items)
	for _, l := range s.Listings {
		p.printf("\n%s\n", fence(l))
	}
}

// captioned writes a table below its caption. A folded one is a block of its own.
func (p *page) captioned(t *table.Table, fold bool) {
	if fold {
		p.begin(t.Caption)
		p.printf("\n<details><summary>%s</summary>\n", summary(t.Caption))
	}
	p.printf("\n%s%s\n\n", p.mark, prose(t.Caption))
	p.table(t)
	if fold {
		p.printf("\n</details>\n")
		p.begin("")
	}
}

// list writes lines as items.
func (p *page) list(lines []string) {
	items := make([]string, len(lines))
	for i, line := range lines {
		items[i] = prose(line)
	}
	p.items(items)
}

// items writes a list of what is escaped already.
func (p *page) items(items []string) {
	if len(items) > 0 {
		p.printf("\n- %s\n", strings.Join(items, "\n- "))
	}
}

// footnotes are folded: each mark in a table leads a reader to look for one.
func (p *page) footnotes(notes []string) {
	if len(notes) == 0 {
		return
	}
	p.begin("Footnotes")
	p.printf("\n<details><summary>Footnotes</summary>\n\n")
	for i, note := range notes {
		for k, line := range strings.Split(note, "\n") {
			if k == 0 {
				p.printf("- %s %s\n", format.Marks([]int{i + 1}), prose(line))
			} else {
				p.printf("  - %s\n", prose(line))
			}
		}
	}
	p.printf("\n</details>\n")
}

// table writes a table: names to the left, numbers to the right. Cells are not
// padded, which would double the size.
func (p *page) table(t *table.Table) {
	row := func(cells []string) { p.printf("|%s|\n", strings.Join(cells, "|")) }
	header, rule := make([]string, len(t.Header)), make([]string, len(t.Header))
	for i, align := range t.Alignment() {
		h := strings.ReplaceAll(t.Header[i], "/\n", "/")
		header[i] = escape(strings.ReplaceAll(h, "\n", " "))
		if rule[i] = "--:"; align == tw.AlignLeft {
			rule[i] = ":--"
		}
	}
	row(header)
	row(rule)
	for _, r := range t.Rows {
		cells := make([]string, len(r))
		for i, c := range r {
			width := nameWidth
			if t.Prose && i == len(r)-1 {
				width = len(c.Text)
			}
			cells[i] = cell(c, width)
		}
		row(cells)
	}
}

// cell writes a text or a number, its interval and its footnotes.
func cell(c table.Cell, width int) string {
	text := escape(format.Shorten(c.Text, width))
	if c.Interval != "" {
		text += " " + escape(c.Interval)
	}
	if len(c.Notes) > 0 {
		text += " " + format.Marks(c.Notes)
	}
	return text
}

// summary writes what stands on a fold: HTML, in which Markdown means nothing.
func summary(text string) string {
	return html.EscapeString(format.Plain(format.Shorten(text, lineWidth)))
}

// fence writes a listing as code. The fence is longer than any in the text.
func fence(l table.Listing) string {
	marks := "```"
	for strings.Contains(l.Text, marks) {
		marks += "`"
	}
	lines := strings.Split(strings.TrimRight(l.Text, "\r\n"), "\n")
	for i := range lines {
		lines[i] = format.Plain(strings.TrimRight(lines[i], "\r"))
	}
	caption := ""
	if l.Caption != "" {
		caption = escape(l.Caption) + "\n\n"
	}
	return caption + marks + "\n" + strings.Join(lines, "\n") + "\n" + marks
}

// prose is escape for what a node can make as long as it likes.
func prose(s string) string { return escape(format.Shorten(s, lineWidth)) }

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
