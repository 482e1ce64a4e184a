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
			statisticsOf(r),
			glossary(r),
		},
	}
	if s.Sections = filled(s.Sections); len(s.Sections) == 0 {
		return Section{}
	}
	return s
}

// statisticsOf has what verdicts rest on, of every cell.
func statisticsOf(r *analysis.Report) Section {
	s := Section{ID: "statistics", Heading: "Statistics"}
	for i := range r.Cells {
		if t := statistics(r, &r.Cells[i]); len(t.Rows) > 0 {
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
		{"cost", "what agent, runtime and shims take together"},
		{"defect", "what makes numbers of answers unusable, or leaves out what is there; a limit is what a reader of right numbers must know"},
		{"fresh", "held at another instant than the value in the answer before, at the arm's interval"},
		{"housekeeping", "cAdvisor's loop that reads the cgroup files on a clock of its own"},
		{"margin", fmt.Sprintf("how much more still counts as no loss: %s here", format.Percent(r.Margin))},
		{"mcore", "a thousandth of one CPU: 1 ms of CPU time in each second"},
		{"PSS", "proportional set size: shared pages are divided among the processes that share them"},
		{"round", "every arm once, in shuffled order"},
		{"trial", "one window of one arm: the unit of analysis"},
		{"void", "not to be used, for a reason fixed before the run"},
	}}
	return s
}
