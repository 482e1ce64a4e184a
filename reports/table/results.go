package table

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
)

// results has two tables per cell, which fit one screen: what arms cost, and how
// that compares. Below them each endpoint has a section of its own.
func results(r *analysis.Report) Section {
	s := Section{ID: "results", Heading: "Results"}
	for _, i := range r.RunNotes {
		s.Lines = append(s.Lines, fmt.Sprintf("Note: %s.", oneLine(r.Notes[i].Text)))
	}
	for i := range r.Cells {
		c := &r.Cells[i]
		s.Tables = append(s.Tables, aside(r, c, costs(r, c)))
		if t := verdicts(r, c); len(t.Rows) > 0 {
			s.Tables = append(s.Tables, aside(r, c, t))
		}
	}
	s.Sections = []Section{
		endpoint(r, "latency", "Latency", latency),
		endpoint(r, "cpu", "CPU", cpu),
		endpoint(r, "memory", "Memory", memory),
		priceList(r),
		scaling(r),
		answered(r),
	}
	return s
}

// aside marks a table that is not of the cell that is shown first.
func aside(r *analysis.Report, cell *analysis.Cell, t Table) Table {
	first := shown(r)
	t.Aside = first != nil && first.Cell != cell.Cell
	return t
}

// endpoint is one endpoint: a table per cell.
func endpoint(r *analysis.Report, id, heading string, table func(*analysis.Report, *analysis.Cell) Table) Section {
	s := Section{ID: id, Heading: heading}
	for i := range r.Cells {
		t := aside(r, &r.Cells[i], table(r, &r.Cells[i]))
		s.Tables = append(s.Tables, t)
	}
	return s
}

// answered says how whole answers are.
func answered(r *analysis.Report) Section {
	s := Section{ID: "answers", Heading: "Answers"}
	failed, calls, missing := 0, 0, 0
	var lacking []string
	for i := range r.Cells {
		for _, a := range r.Cells[i].Arms {
			if a.Sum {
				continue // its answers are those of others
			}
			for _, c := range a.Collectors {
				failed, calls, missing = failed+c.Failed, calls+c.Calls, missing+c.Missing
				if c.Missing > 0 || c.Failed > 0 {
					lacking = append(lacking, a.Arm+" at "+cellName(r, r.Cells[i].Cell))
				}
			}
		}
		s.Tables = append(s.Tables, aside(r, &r.Cells[i], answers(r, &r.Cells[i])))
	}
	if calls == 0 {
		return s
	}
	text := fmt.Sprintf("%d of %d calls failed; %d containers of ours were missing from last answers", failed, calls, missing)
	if len(lacking) > 0 {
		text += ": " + strings.Join(few(lacking), "; ")
	}
	s.Lines = []string{text + "."}
	return s
}

// few cuts a list of places.
func few(places []string) []string {
	if len(places) <= mostPlaces+1 {
		return places
	}
	return append(places[:mostPlaces:mostPlaces], fmt.Sprintf("and %d more places", len(places)-mostPlaces))
}

// oneLine takes the line breaks out of what a node said.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cellName names a cell by its density where that is all that differs.
func cellName(r *analysis.Report, c bench.Cell) string {
	for _, other := range r.Cells {
		if other.Profile != c.Profile || other.ContainersPerPod != c.ContainersPerPod {
			return c.String()
		}
	}
	return fmt.Sprintf("pods=%d", c.Pods)
}
