package text

import (
	"bytes"
	"flag"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/reports/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestReport(t *testing.T) { reporttest.Run(t, Write, "txt", *update) }

// What is usual fits a terminal of 120 columns.
func TestWidth(t *testing.T) {
	for name, report := range map[string]func(testing.TB) string{
		"trouble":  func(t testing.TB) string { return draw(t, reporttest.Trouble) },
		"parallel": func(t testing.TB) string { return draw(t, reporttest.Parallel) },
		"node":     func(t testing.TB) string { return draw(t, reporttest.Node) },
		"sliced":   func(t testing.TB) string { return draw(t, reporttest.Sliced) },
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
	if err := Write(&out, report(t)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
