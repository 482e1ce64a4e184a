package table

import (
	"fmt"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// appendix has the tables that a reader goes to with a question, and the words.
func appendix(r *analysis.Report) Section {
	s := Section{
		ID: "appendix", Heading: "Appendix: all other tables", Background: true, Reference: true,
		Sections: []Section{
			steadyStates(r),
			perCell(r, "overhead", "Overhead", []string{
				"What arms cost more than the idle arm in the same round or cycle. Up to the detection limit, three standard errors of the idle arm, it cannot be told from noise, and there is no ratio.",
			}, overheads),
			perCell(r, "exploratory", "Exploratory", []string{
				"Where differences come from. These have no verdict; ~ marks those that the signed-rank test cannot tell from 1 (q of Benjamini and Hochberg at least 5 %).",
			}, exploratory),
			perCell(r, "statistics", "Statistics", nil, statistics),
			glossary(r),
		},
	}
	if s.Sections = filled(s.Sections); len(s.Sections) == 0 {
		return Section{}
	}
	return s
}

// perCell has the tables of every cell that have rows.
func perCell(r *analysis.Report, id, heading string, lines []string, tables func(*analysis.Report, *analysis.Cell) []Table) Section {
	s := Section{ID: id, Heading: heading}
	for i := range r.Cells {
		for _, t := range tables(r, &r.Cells[i]) {
			if len(t.Rows) > 0 {
				t.Aside = true
				s.Tables = append(s.Tables, t)
			}
		}
	}
	if len(s.Tables) > 0 {
		s.Lines = lines
	}
	return s
}

// steadyStates has what would crowd out the quality of evidence: each arm's states,
// and what varied though nobody varied it.
func steadyStates(r *analysis.Report) Section {
	s := Section{ID: "steadiness", Heading: "Steadiness and residue"}
	for _, t := range []Table{steadiness(r), residue(r)} {
		if len(t.Rows) > 0 {
			t.Aside = true
			s.Tables = append(s.Tables, t)
		}
	}
	return s
}

// glossary says what the words mean.
func glossary(r *analysis.Report) Section {
	s := Section{ID: "glossary", Heading: "Words", Facts: []Fact{
		{"age", "the time since the kernel's count of CPU time stood where the answer has it, when the answer is there"},
		{"agent", "the process that reads stats, a fresh one for each trial"},
		{"arm", "one way of reading, or several at the same time; arms take turns"},
		{"baseline arm", "the arm that others are compared with"},
		{"cell", "what is held constant while arms take turns: pods, containers in each, what they do"},
		{"component", "a part of the node whose cost is told apart: agent, runtime, shims"},
		{"cost", "what agent, runtime and shims take together; overhead is what of it is above the idle arm"},
		{"defect", "what makes numbers of answers unusable, or leaves out what is there; a limit is what a reader of right numbers must know"},
		{"detection limit", "the smallest overhead that is told from the idle arm's noise"},
		{"fresh", "held at another instant than the value in the answer before, at the arm's interval"},
		{"housekeeping", "cAdvisor's loop that reads the cgroup files on a clock of its own"},
		{"margin", fmt.Sprintf("how much more than the baseline still counts as no loss: %s here", format.Percent(r.Margin))},
		{"mcore", "a thousandth of one CPU: 1 ms of CPU time in each second"},
		{"PSS", "proportional set size: shared pages are divided among the processes that share them"},
		{"residue", "what varied though no axis of the plan names it"},
		{"round", "every arm once, in shuffled order"},
		{"slice", "a short turn of one arm inside a block of turns"},
		{"trial", "one window of one arm: the unit of analysis"},
		{"void", "not to be used, for a reason fixed before the run"},
	}}
	return s
}
