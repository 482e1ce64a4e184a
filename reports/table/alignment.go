package table

import "github.com/olekukonko/tablewriter/tw"

// Alignment is that of the columns, the same in every form of report: names to the
// left, numbers to the right, prose in the last column to the left again.
func (t *Table) Alignment() tw.Alignment {
	alignment := make(tw.Alignment, len(t.Header))
	for i := range alignment {
		alignment[i] = tw.AlignRight
	}
	alignment[0] = tw.AlignLeft
	if t.Prose {
		alignment[len(alignment)-1] = tw.AlignLeft
	}
	return alignment
}
