// Package table lays a report out: which sections it has, which tables, and what
// stands in each cell.
//
// Package analysis stands before it and has the numbers; packages text, markdown
// and html stand after it and only draw, so that all reports say the same. Texts in
// a Document are raw: they may hold anything that a node said, and whoever draws
// must escape them. It calculates nothing.
package table

import "slices"

// A Document is a whole report.
type Document struct {
	Title string
	// Mark, if set, is to be shown in the title and above every table:
	// "SIMULATED", "NOT FOR PUBLICATION". Why are lines that say why; they stand
	// above all else.
	Mark string
	Why  []string
	// Lead are lines that come before the sections.
	Lead     []string
	Sections []Section
	// Footnotes are numbered from 1, in order. What follows a line break in one is
	// an item below its first line.
	Footnotes []string
}

// A Section is a heading and what stands below it, in the order of the fields. All
// but the heading may be missing.
type Section struct {
	// ID is a short name that no other section of the document has: letters, digits
	// and hyphens. Whoever draws may hang figures on it.
	ID      string
	Heading string
	Lines   []string
	Numbers []Number
	Tables  []Table
	// Facts are names with values.
	Facts    []Fact
	Listings []Listing
	Links    []Link
	Sections []Section
	// Background is not what the run found, but what it was: forms that cannot be
	// leafed through show it behind all else.
	Background bool
	// Reference is to be looked up and not to be read: forms that cannot fold
	// leave it out, and name it.
	Reference bool
}

// A Number is one of the few that a document is about.
type Number struct {
	// Label says what it is, Value has its unit, Interval may be empty.
	Label, Value, Interval string
	// Says is what the number is made of, Word a verdict on it, if there is one.
	Says  string
	Word  string
	Tone  Tone
	Notes []int
}

// A Fact is a name and a value.
type Fact struct{ Name, Value string }

// A Listing is text whose line breaks count: a config, a command.
type Listing struct{ Caption, Text string }

// A Link is an address of the public web. It is always a constant of this program,
// never anything that a node said, so it may be made to work.
type Link struct{ Text, URL string }

// A Table has a caption, a header, and rows of as many cells.
type Table struct {
	Caption string
	// Header has the unit in each column that has one, and may have line breaks.
	// The first column is names, the others are numbers.
	Header []string
	Rows   []Row
	// Prose marks a table whose last column is text.
	Prose bool
	// Aside marks a table that is not to be read first: forms that can fold do.
	Aside bool
}

// Tidy takes out columns that are empty in every row. A dash is not: it says that
// there is no number.
func (t *Table) Tidy() {
	for column := len(t.Header) - 1; column > 0 && len(t.Rows) > 0; column-- {
		if t.Prose && column == len(t.Header)-1 || slices.ContainsFunc(t.Rows, func(r Row) bool { return r[column].Text != "" }) {
			continue
		}
		t.Header = slices.Delete(slices.Clone(t.Header), column, column+1)
		for i, row := range t.Rows {
			t.Rows[i] = slices.Delete(slices.Clone(row), column, column+1)
		}
	}
}

// A Row is the cells of a row.
type Row []Cell

// A Cell is one number or name.
type Cell struct {
	Text string
	// Interval belongs to Text: an interval, or what a count is worth. It is
	// written already, and empty if there is none.
	Interval string
	// Notes are numbers of footnotes.
	Notes []int
	// Tone says what a word means, for forms that have colours.
	Tone Tone
}

// A Tone is what a word means for the reader; the word must say it too.
type Tone string

// The tones.
const (
	Good Tone = "good" // shown to be no loss
	Bad  Tone = "bad"  // shown to be a loss
	Open Tone = "open" // not shown either way
)
