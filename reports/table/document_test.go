package table_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/reporttest"
	"cri-stats-bench/reports/table"
)

// each calls f for every section of a document.
func each(sections []table.Section, f func(*table.Section)) {
	for i := range sections {
		f(&sections[i])
		each(sections[i].Sections, f)
	}
}

func documents(t *testing.T) map[string]*table.Document {
	out := make(map[string]*table.Document)
	for name, report := range map[string]reporttest.Report{
		"trouble": reporttest.Trouble, "parallel": reporttest.Parallel, "node": reporttest.Node, "headline": reporttest.Headline,
		"nothing": func(testing.TB) *analysis.Report { return &analysis.Report{} },
	} {
		out[name] = table.New(report(t))
	}
	return out
}

// Whoever draws can rely on this: ids are there once, rows have as many cells as the
// header, marks have a footnote, and every footnote but those of the run is marked.
func TestDocument(t *testing.T) {
	for name, d := range documents(t) {
		ids := make(map[string]bool)
		each(d.Sections, func(s *table.Section) {
			if s.ID == "" || ids[s.ID] {
				t.Errorf("%s: section %q has the id %q", name, s.Heading, s.ID)
			}
			ids[s.ID] = true
			for _, x := range s.Tables {
				for i, row := range x.Rows {
					if len(row) != len(x.Header) {
						t.Errorf("%s: row %d of %q has %d cells, the header %d", name, i, x.Caption, len(row), len(x.Header))
					}
					for _, c := range row {
						if len(c.Notes) > 0 && (!slices.IsSorted(c.Notes) || c.Notes[0] < 1 || slices.Max(c.Notes) > len(d.Footnotes)) {
							t.Errorf("%s: %q of %q has the footnotes %v of %d", name, c.Text, x.Caption, c.Notes, len(d.Footnotes))
						}
					}
				}
			}
		})
	}
}

// Every note of a report is told, as a line or as a footnote, wherever it is grouped.
func TestNotesAreTold(t *testing.T) {
	for name, report := range map[string]reporttest.Report{"trouble": reporttest.Trouble, "node": reporttest.Node, "headline": reporttest.Headline} {
		r := report(t)
		r.Notes = append(r.Notes, analysis.Note{Kind: analysis.NoteTrial, Text: "nobody\nrefers to this"}, analysis.Note{Kind: analysis.NotePairs, Text: "nor to this"})
		r.RunNotes = append(r.RunNotes, len(r.Notes))
		r.Notes = append(r.Notes, analysis.Note{Kind: analysis.NoteDamage, Text: "the run has a note"})
		d := table.New(r)
		told := strings.Join(d.Footnotes, "\n")
		each(d.Sections, func(s *table.Section) { told += "\n" + strings.Join(s.Lines, "\n") })
		for _, n := range r.Notes {
			if text := strings.Join(strings.Fields(n.Text), " "); !strings.Contains(told, text) {
				t.Errorf("%s: nobody is told %q", name, text)
			}
		}
		groups := 0
		for _, f := range d.Footnotes {
			if strings.HasPrefix(f, "not every round gives a ratio") {
				groups++
			}
		}
		if groups > 1 {
			t.Errorf("%s: %d footnotes on rounds without a pair", name, groups)
		}
	}
}

// The summary answers the question: key numbers of the main comparison with ratio,
// interval and verdict, and all comparisons of the plan.
func TestSummary(t *testing.T) {
	s := table.New(reporttest.Headline(t)).Sections[0]
	var labels []string
	for _, n := range s.Numbers {
		labels = append(labels, n.Label+": "+n.Value+" "+n.Interval+" "+n.Word)
	}
	want := []string{"CPU: 1.16 × [1.15, 1.18] dearer", "memory (PSS): 0.637 × [0.632, 0.642] cheaper", "latency p50: 1.59 × [1.53, 1.64] slower"}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	var names []string
	for _, row := range s.Tables[0].Rows {
		names = append(names, row[0].Text)
	}
	want = []string{"1. a kubelet of today, cAdvisor + CRI", "·", "·", "2. cAdvisor alone, cached", "·", "·", "3. cAdvisor made as fresh as CRI", "·", "·"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("comparisons (-want +got):\n%s", diff)
	}
}

// What is short is a part of the whole, with footnotes of its own.
func TestShort(t *testing.T) {
	for name, report := range map[string]reporttest.Report{"trouble": reporttest.Trouble, "parallel": reporttest.Parallel, "node": reporttest.Node} {
		d := table.Short(report(t))
		marks := 0
		each(d.Sections, func(s *table.Section) {
			for _, x := range s.Tables {
				if s.ID != "summary" && x.Aside {
					t.Errorf("%s: %q is not to be read first", name, x.Caption)
				}
				for _, row := range x.Rows {
					for _, c := range row {
						for _, n := range c.Notes {
							marks = max(marks, n)
						}
					}
				}
			}
		})
		if marks != len(d.Footnotes) {
			t.Errorf("%s: %d footnotes, the last mark is %d", name, len(d.Footnotes), marks)
		}
	}
}

// What a run does not show depends on what it was.
func TestNotShown(t *testing.T) {
	f := func(report reporttest.Report, want ...string) {
		t.Helper()
		var got []string
		for _, s := range table.New(report(t)).Sections[0].Sections {
			for _, line := range s.Lines {
				head, _, _ := strings.Cut(line, ":")
				got = append(got, head)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	f(reporttest.Headline, "Other nodes", "The cost of a kubelet", "Equal answers", "Pods that work", "Production cadence", "Flushes of cgroup counters that another reader has paid for")
	f(reporttest.Parallel, "Anything of a node", "The cost of a kubelet", "Equal answers", "More than 10 pods", "Production cadence", "Flushes of cgroup counters that another reader has paid for")
}
