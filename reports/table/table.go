// Package table lays a report out: which sections it has, which tables, and what
// stands in each cell.
//
// Package analysis stands before it and has the numbers; packages text and
// markdown stand after it and only draw, so that all reports say the same in
// the same order. Texts in a Document are raw: they may hold anything that a node
// said, and whoever draws must escape them. It calculates nothing.
package table

// A Document is a whole report.
type Document struct {
	Title string
	// Mark, if set, is to be shown in the title and above every table:
	// "SIMULATED", "NOT FOR PUBLICATION".
	Mark string
	// Lead are lines that come before everything else.
	Lead     []string
	Sections []Section
	// Footnotes are numbered from 1, in order.
	Footnotes []string
}

// A Section is a heading with lines and tables below it.
type Section struct {
	Heading string
	Lines   []string
	Tables  []Table
	// Facts are names with values.
	Facts []Fact
}

// A Fact is a name and a value.
type Fact struct{ Name, Value string }

// A Table has a caption, a header, and rows of as many cells.
type Table struct {
	Caption string
	// Header has the unit in each column that has one, and may have line breaks.
	// The first column is names, the others are numbers.
	Header []string
	Rows   []Row
	// Prose marks a table whose last column is text.
	Prose bool
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
}
