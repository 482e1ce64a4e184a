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
		"trouble": reporttest.Trouble, "parallel": reporttest.Parallel, "node": reporttest.Node, "sliced": reporttest.Sliced,
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
	for name, report := range map[string]reporttest.Report{"trouble": reporttest.Trouble, "node": reporttest.Node, "sliced": reporttest.Sliced} {
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
			if strings.HasPrefix(f, "not every round or cycle gives a pair") {
				groups++
			}
		}
		if groups > 1 {
			t.Errorf("%s: %d footnotes on rounds without a pair", name, groups)
		}
	}
}

// The summary answers the question, and the sentences of the endpoints have ratio,
// interval and verdict.
func TestSummary(t *testing.T) {
	d := table.New(reporttest.Sliced(t))
	s := d.Sections[0]
	var labels []string
	for _, n := range s.Numbers {
		labels = append(labels, n.Label+": "+n.Value+" "+n.Interval+" "+n.Word)
	}
	want := []string{"CPU: 1.62 × [1.60, 1.65] Inferior", "PSS: 0.498 × [0.493, 0.503] Better", "Median latency: 33.3 × [32.7, 34.0] Inferior"}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	sentences := make(map[string]string)
	each(d.Sections, func(s *table.Section) {
		if len(s.Lines) > 0 {
			sentences[s.ID] = s.Lines[0]
		}
	})
	want = []string{
		"At pods=110, arms take from net 1.02 [1.01, 1.03] times (cri-container-stats) to net 1.62 [1.60, 1.65] times (cri-pod-stats) the CPU time of cadvisor (90 % intervals); of 2: Inconclusive 1, Inferior 1.",
		"At pods=110, arms take from 0.488 [0.484, 0.492] times (cri-container-stats) to 0.498 [0.493, 0.503] times (cri-pod-stats) the memory (PSS) of cadvisor (90 % intervals); of 2: Better 2.",
	}
	if diff := cmp.Diff(want, []string{sentences["cpu"], sentences["memory"]}); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
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
	f(reporttest.Sliced, "Other nodes", "The cost of a kubelet", "Equal answers", "Pods that work", "Production cadence")
	f(reporttest.Parallel, "Anything of a node", "The cost of a kubelet", "Equal answers", "More than 10 pods", "Production cadence")
}

func TestPath(t *testing.T) {
	p := table.Path{Name: "arm", Hops: []table.Hop{{Who: "agent", Cost: "1 mcores"}, {Who: "runtime", Cost: "2 mcores"}, {Who: "shims", Apart: true}}}
	if got, want := p.String(), "arm: agent 1 mcores → runtime 2 mcores; apart: shims"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
