package text

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/reporttest"
	"cri-stats-bench/reports/table"
)

func TestReport(t *testing.T) { reporttest.Run(t, WriteFull, "txt") }

// What is usual fits a terminal of 120 columns.
func TestWidth(t *testing.T) {
	for name, report := range map[string]func(testing.TB) string{
		"trouble":  func(t testing.TB) string { return draw(t, reporttest.Trouble) },
		"parallel": func(t testing.TB) string { return draw(t, reporttest.Parallel) },
		"node":     func(t testing.TB) string { return draw(t, reporttest.Node) },
		"headline": func(t testing.TB) string { return draw(t, reporttest.Headline) },
	} {
		for i, line := range strings.Split(report(t), "\n") {
			if n := utf8.RuneCountInString(line); n > width {
				t.Errorf("%s:%d has %d columns: %s", name, i+1, n, line)
			}
			if line != strings.TrimRight(line, " ") {
				t.Errorf("%s:%d ends in spaces", name, i+1)
			}
		}
	}
}

func TestLines(t *testing.T) {
	f := func(in string, most int, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, lines(in, most)); diff != "" {
			t.Errorf("lines(%q, %d) (-want +got):\n%s", in, most, diff)
		}
	}
	f("", 5, "")
	f("one two three", 7, "one two", "three")
	f("abcdefgh", 3, "abc", "def", "gh")
	f("a bcdefgh i", 3, "a", "bcd", "efg", "h i")
	f("größer größer", 6, "größer", "größer")
}

func draw(t testing.TB, report reporttest.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := WriteFull(&out, report(t)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Every table bears the mark of the document, and what is left out is named.
func TestMarks(t *testing.T) {
	d := table.New(reporttest.Trouble(t))
	text := strings.Join(strings.Fields(draw(t, reporttest.Trouble)), " ")
	var look func(*table.Section, bool)
	look = func(s *table.Section, first bool) {
		want := format.Plain(s.Heading)
		for _, table := range s.Tables {
			if !s.Reference && (first || !table.Aside) && !strings.Contains(text, d.Mark+" - "+format.Plain(table.Caption)) {
				t.Errorf("the table %q is not there, or bears no mark", table.Caption)
			}
		}
		if !strings.Contains(text, want) {
			t.Errorf("the section %q is neither there nor named", want)
		}
		for i := range s.Sections {
			if !s.Reference {
				look(&s.Sections[i], false)
			}
		}
	}
	for i := range d.Sections {
		look(&d.Sections[i], true)
	}
	if want := "Not in this form of the report: "; !strings.Contains(text, want) || !strings.Contains(text, "7 further tables") {
		t.Error("what was left out is not named")
	}
}

// Intervals stand beside their numbers where a line holds them, else below.
func TestTable(t *testing.T) {
	f := func(columns int, want string) {
		t.Helper()
		wide := table.Table{Header: []string{"arm"}, Rows: []table.Row{{{Text: "a"}}}}
		for range columns {
			wide.Header = append(wide.Header, "CPU mcores\n[95 %]")
			wide.Rows[0] = append(wide.Rows[0], table.Cell{Text: "123", Interval: "[120, 126]", Notes: []int{1}})
		}
		var out strings.Builder
		if err := writeTable(&out, &wide); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	f(1, `
arm  CPU mcores [95 %]
-------------------------
a         123 ¹ [120,126]
`)
	f(6, `
arm  CPU mcores  CPU mcores  CPU mcores  CPU mcores  CPU mcores  CPU mcores
         [95 %]      [95 %]      [95 %]      [95 %]      [95 %]      [95 %]
---------------------------------------------------------------------------
a         123 ¹       123 ¹       123 ¹       123 ¹       123 ¹       123 ¹
      [120,126]   [120,126]   [120,126]   [120,126]   [120,126]   [120,126]
`)
}
