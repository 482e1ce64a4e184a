package html

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// nameWidth is what names are shortened to, textWidth what any text is that is not a
// listing: no honest one is so long.
const (
	nameWidth = 60
	textWidth = 2000
)

// A page is what the template shows. All texts in it went through [clean].
type page struct {
	Title, Mark string
	Why, Lead   []string
	Sections    []section
	Footnotes   []note
	Style       template.CSS
	StyleHash   string
}

// A section is one of the document with its figures.
type section struct {
	ID, Heading string
	// Number is that of a section of the first level; 0 below.
	Number int
	// Open shows a section of the first level from the start; Fold hides one below
	// it that is only to be looked up.
	Open, Fold bool
	Lines      []string
	Numbers    []number
	Pictures   []picture
	Tables     []grid
	Facts      []table.Fact
	Listings   []listing
	Links      []table.Link
	Sections   []section
}

// A number is a card.
type number struct {
	Label, Value, Interval, Says, Word string
	Tone                               table.Tone
	Notes                              []note
}

type listing struct{ Caption, Text string }

// A grid is a table.
type grid struct {
	ID, Caption, Mark string
	// Label is Caption, and tells the table from others with the same one.
	Label  string
	Header []head
	Rows   []row
	Notes  []note
	// Fold hides the table behind its caption; Wide gives it the whole width.
	Fold, Wide bool
}

// A head is the header of a column.
type head struct {
	Lines []string
	Class string
}

// A row has a name and cells.
type row struct {
	Name  cell
	Cells []cell
	// Below says that the row belongs to the one above it.
	Below bool
}

type cell struct {
	Text, Interval, Class string
	Tone                  table.Tone
	Notes                 []note
}

// A note is a footnote, or a mark that refers to one: its first line and the cases
// below it.
type note struct {
	Number int
	Text   string
	Cases  []string
}

// A builder turns a document into a page.
type builder struct {
	mark     string
	notes    []note
	pictures []picture
	tables   int
}

func newPage(d *table.Document, pictures []picture) *page {
	b := &builder{mark: clean(d.Mark), pictures: slices.Clone(pictures)}
	for i, text := range d.Footnotes {
		lines := strings.Split(text, "\n")
		b.notes = append(b.notes, note{Number: i + 1, Text: clean(lines[0]), Cases: cleanAll(lines[1:])})
	}
	p := &page{Title: clean(d.Title), Mark: b.mark, Why: cleanAll(d.Why), Lead: cleanAll(d.Lead), Footnotes: b.notes}
	for i := range d.Sections {
		s := b.section(&d.Sections[i], "section-"+strconv.Itoa(i+1))
		s.Number = i + 1
		p.Sections = append(p.Sections, s)
	}
	// A figure that no section asked for is shown all the same.
	if len(b.pictures) > 0 {
		p.Sections = append(p.Sections, section{ID: "figures", Heading: "More figures", Number: len(p.Sections) + 1, Open: true, Pictures: b.hang(b.pictures)})
	}
	return p
}

// section makes a section and those below it. One that has no id gets another.
func (b *builder) section(s *table.Section, id string) section {
	out := section{ID: cmp.Or(s.ID, id), Heading: clean(s.Heading), Lines: cleanAll(s.Lines), Links: s.Links, Open: !s.Background, Fold: s.Reference}
	for _, n := range s.Numbers {
		out.Numbers = append(out.Numbers, number{
			Label: clean(n.Label), Value: clean(n.Value), Interval: clean(n.Interval), Says: clean(n.Says), Word: clean(n.Word), Tone: n.Tone, Notes: b.marks(n.Notes),
		})
	}
	out.Pictures = b.take(s.ID)
	for _, aside := range []bool{false, true} {
		for i := range s.Tables {
			if s.Tables[i].Aside == aside {
				out.Tables = append(out.Tables, b.grid(&s.Tables[i]))
			}
		}
	}
	for _, f := range s.Facts {
		out.Facts = append(out.Facts, table.Fact{Name: clean(f.Name), Value: clean(f.Value)})
	}
	for _, l := range s.Listings {
		lines := strings.Split(strings.TrimRight(l.Text, "\r\n"), "\n")
		for i := range lines {
			lines[i] = clean(strings.TrimRight(lines[i], "\r"))
		}
		out.Listings = append(out.Listings, listing{clean(l.Caption), strings.Join(lines, "\n")})
	}
	for i := range s.Sections {
		out.Sections = append(out.Sections, b.section(&s.Sections[i], out.ID+"-"+strconv.Itoa(i+1)))
	}
	return out
}

// take hands out the figures of a section, in their order.
func (b *builder) take(id string) []picture {
	var mine, rest []picture
	for _, p := range b.pictures {
		if id != "" && home(p.ID) == id {
			mine = append(mine, p)
		} else {
			rest = append(rest, p)
		}
	}
	b.pictures = rest
	return b.hang(mine)
}

// hang gives figures their tables.
func (b *builder) hang(pictures []picture) []picture {
	for i := range pictures {
		p := &pictures[i]
		t := p.table
		t.Aside = true
		p.Title, p.Caption = clean(p.Title), clean(p.Caption)
		p.Grid = b.grid(&t)
	}
	return pictures
}

// grid makes a table.
func (b *builder) grid(t *table.Table) grid {
	b.tables++
	out := grid{ID: fmt.Sprintf("table-%d", b.tables), Caption: clean(t.Caption), Mark: b.mark, Fold: t.Aside, Wide: t.Prose}
	out.Label = fmt.Sprintf("Table %d: %s", b.tables, out.Caption)
	align := t.Alignment()
	class := func(column int) string {
		switch {
		case t.Prose && column == len(t.Header)-1:
			return "prose"
		case align[column] == tw.AlignRight:
			return "number"
		}
		return ""
	}
	for i, h := range t.Header {
		out.Header = append(out.Header, head{cleanAll(strings.Split(h, "\n")), class(i)})
	}
	var used []int
	for _, r := range t.Rows {
		var to row
		for i, c := range r {
			used = append(used, c.Notes...)
			x := cell{Text: clean(c.Text), Interval: clean(c.Interval), Class: class(i), Tone: c.Tone, Notes: b.marks(c.Notes)}
			if i == 0 {
				x.Text, to.Below = strings.CutPrefix(x.Text, "· ")
				x.Text = format.Shorten(x.Text, nameWidth)
				to.Name = x
			} else {
				to.Cells = append(to.Cells, x)
			}
		}
		out.Rows = append(out.Rows, to)
	}
	slices.Sort(used)
	out.Notes = b.marks(slices.Compact(used))
	return out
}

// marks finds footnotes by their numbers. What is no footnote has no mark.
func (b *builder) marks(numbers []int) []note {
	var out []note
	for _, n := range numbers {
		if n >= 1 && n <= len(b.notes) {
			out = append(out, b.notes[n-1])
		}
	}
	return out
}

// clean makes the invisible visible; the template escapes what is markup.
func clean(text string) string { return format.Shorten(format.Plain(text), textWidth) }

func cleanAll(texts []string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, clean(t))
	}
	return out
}
