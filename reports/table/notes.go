package table

import (
	"fmt"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// Notes of these kinds say the same with other figures and places: all of one kind
// are one footnote, with an item for each. What they have in common is the head.
func groups() map[analysis.NoteKind]string {
	return map[analysis.NoteKind]string{
		analysis.NotePairs:    "not every round gives a ratio, since one of its trials cannot be used",
		analysis.NoteFewCalls: "too few calls",
		analysis.NoteMissing:  "containers of ours that last answers lack",
		analysis.NoteLate:     "late calls",
		analysis.NoteWindows:  "arms with windows of other lengths, which are not compared",
		analysis.NoteUntrue:   "answers that allow no verdict",
	}
}

// footnotes numbers the notes in the order in which the document refers to them,
// first those of what the run found, and writes them; if all are asked for, also those
// that it does not refer to.
func footnotes(r *analysis.Report, d *Document, all bool) {
	var order []string                  // keys, by number less 1
	members := make(map[string][]int)   // notes of each key
	add := func(key string, note int) { // each note once
		if !slices.Contains(members[key], note) {
			members[key] = append(members[key], note)
		}
	}
	renumber := func(notes []int) []int {
		var out []int
		for _, n := range notes {
			key := group(r.Notes[n-1], n-1)
			add(key, n-1)
			i := slices.Index(order, key)
			if i < 0 {
				i, order = len(order), append(order, key)
			}
			if !slices.Contains(out, i+1) {
				out = append(out, i+1)
			}
		}
		slices.Sort(out)
		return out
	}
	for _, background := range []bool{false, true} {
		for i := range d.Sections {
			if d.Sections[i].Background == background {
				eachNotes(&d.Sections[i], renumber)
			}
		}
	}
	for i, n := range r.Notes {
		if key := group(n, i); all && !slices.Contains(r.RunNotes, i) || slices.Contains(order, key) {
			if add(key, i); !slices.Contains(order, key) {
				order = append(order, key)
			}
		}
	}
	for _, key := range order {
		notes := members[key]
		slices.Sort(notes)
		if len(notes) == 1 {
			d.Footnotes = append(d.Footnotes, footnote(r, notes[0]))
			continue
		}
		lines := []string{groups()[r.Notes[notes[0]].Kind] + ":"}
		for _, i := range notes {
			lines = append(lines, footnote(r, i))
		}
		d.Footnotes = append(d.Footnotes, strings.Join(lines, "\n"))
	}
}

// group names the footnote that a note belongs to.
func group(n analysis.Note, index int) string {
	if groups()[n.Kind] != "" {
		return string(n.Kind)
	}
	return fmt.Sprint(index)
}

// eachNotes changes all lists of notes of a section.
func eachNotes(s *Section, change func([]int) []int) {
	for i := range s.Numbers {
		s.Numbers[i].Notes = change(s.Numbers[i].Notes)
	}
	for _, t := range s.Tables {
		for _, row := range t.Rows {
			for i := range row {
				row[i].Notes = change(row[i].Notes)
			}
		}
	}
	for i := range s.Sections {
		eachNotes(&s.Sections[i], change)
	}
}

// mostPlaces is how many places a footnote names.
const mostPlaces = 3

// footnote writes a note and where it holds, on one line.
func footnote(r *analysis.Report, index int) string {
	n := r.Notes[index]
	text := format.Shorten(oneLine(n.Text), 300)
	if n.Varies {
		text += " (figures vary)"
	}
	if slices.Contains(r.RunNotes, index) || len(n.Places) == 0 {
		return text
	}
	return text + ": " + strings.Join(few(places(r, n.Places)), "; ")
}

// places names where a note holds, arms of one cell together.
func places(r *analysis.Report, all []analysis.Place) []string {
	type key struct {
		cell       bench.Cell
		trials, of int
	}
	var order []key
	arms := make(map[key][]string)
	for _, p := range all {
		k := key{p.Cell, p.Trials, p.Of}
		if arms[k] == nil {
			order = append(order, k)
		}
		if !slices.Contains(arms[k], p.Arm) {
			arms[k] = append(arms[k], p.Arm)
		}
	}
	var out []string
	for _, k := range order {
		text := strings.Join(arms[k], ", ") + " at " + cellName(r, k.cell)
		if k.of > 0 {
			text += fmt.Sprintf(" in %d of %d trials", k.trials, k.of)
		}
		out = append(out, text)
	}
	return out
}
