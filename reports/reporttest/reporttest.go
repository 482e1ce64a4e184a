// Package reporttest holds the test that every form of report passes: golden
// files of the same few made-up runs, and what no report may ever show.
//
// It stands on package analysistest, which makes the runs. It does not judge
// what a report looks like; people who read golden files do.
package reporttest

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/reports/table"
)

// Hostile is a text that tries to break out of a report in every known way. A
// golden run has it as a fact of its host.
const Hostile = "a|b\n\n# heading <img src=x onerror=alert(1)> [link](https://example.com) ![i](x) @user #1 `code` \x1b[2J\u202e&amp;"

// A Report makes the report of a made-up run.
type Report func(testing.TB) *analysis.Report

// Run tests one form of report that people read: its golden files are
// testdata/NAME.EXT. [RunData] does the same for forms that programs read.
func Run(t *testing.T, write func(io.Writer, *analysis.Report) error, ext string) {
	for _, g := range []named{{"trouble", Trouble}, {"parallel", Parallel}, {"node", Node}, {"headline", Headline}} {
		t.Run(g.name, func(t *testing.T) {
			r := g.report(t)
			out := written(t, write, r)
			clean(t, out)
			check(t, r, string(out))
			testfile.Golden(t, filepath.Join("testdata", g.name+"."+ext), out)
		})
	}
	edges(t, write)
}

// A named report is one that has a golden file.
type named struct {
	name   string
	report Report
}

func written(t *testing.T, write func(io.Writer, *analysis.Report) error, r *analysis.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// edges are what every form must cope with.
func edges(t *testing.T, write func(io.Writer, *analysis.Report) error) {
	t.Run("full disk", func(t *testing.T) {
		if err := write(full{}, Parallel(t)); !errors.Is(err, errFull) {
			t.Errorf("a report that cannot be written gives %v, want %v", err, errFull)
		}
	})
	t.Run("nothing to show", func(t *testing.T) {
		if err := write(io.Discard, &analysis.Report{}); err != nil {
			t.Error(err)
		}
	})
}

// clean holds what is true of every form: what was not measured does not show as
// a number, and nothing that came from a node reaches a terminal unescaped.
func clean(t *testing.T, out []byte) {
	t.Helper()
	for _, bad := range []string{"NaN", "%!", "<nil>", "\t"} {
		if bytes.Contains(out, []byte(bad)) {
			t.Errorf("the report holds %q", bad)
		}
	}
	// Note: the regular expression \bInf\b takes a minute for a long report.
	parts := bytes.Split(out, []byte("Inf"))
	for i := 1; i < len(parts); i++ {
		if !letter(parts[i-1], len(parts[i-1])-1) && !letter(parts[i], 0) {
			t.Error("the report holds an infinity")
		}
	}
	if !utf8.Valid(out) {
		t.Error("the report is not UTF-8")
	}
	for i, c := range string(out) {
		if c != '\n' && !unicode.IsPrint(c) {
			t.Fatalf("the report holds the character %U at byte %d", c, i)
		}
	}
}

func letter(s []byte, i int) bool {
	return 0 <= i && i < len(s) && unicode.IsLetter(rune(s[i]))
}

// check holds what is true of every report that people read.
func check(t *testing.T, r *analysis.Report, out string) {
	t.Helper()
	tables := 0
	for _, s := range table.New(r).Sections {
		tables += len(s.Tables)
	}
	if n := strings.Count(out, "SIMULATED"); r.Simulated() && n < tables+2 {
		t.Errorf("SIMULATED stands %d times in a report of %d tables", n, tables)
	} else if !r.Simulated() && n != 0 {
		t.Errorf("SIMULATED stands %d times in a report that is not", n)
	}
	for _, verdict := range []string{"NonInferior", "non-inferior", "Inferior", "inferior", "better", "Better", "Inconclusive"} {
		if r.Simulated() && strings.Contains(out, verdict) {
			t.Errorf("a simulated report gives a verdict: %q", verdict)
		}
	}
}

// Trouble is a simulated run in which everything goes wrong once, answers included.
func Trouble(t testing.TB) *analysis.Report {
	t.Helper()
	run, err := analysistest.Example(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	run.Spoil, run.Checks = analysistest.Trouble, analysistest.CheckedInTrouble
	in := run.Input()
	in.Host.NotForPublication = []string{"nothing was measured"}
	return analyse(t, in)
}

// Parallel is a simulated run of all collectors at once.
func Parallel(t testing.TB) *analysis.Report {
	t.Helper()
	run, err := analysistest.Parallel(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	return analyse(t, run.Input())
}

// Node is a run as from a node that went well, but must not be published. The
// answers of one arm are not true, so that it has no verdict. The node gives itself a
// hostile name.
func Node(t testing.TB) *analysis.Report {
	t.Helper()
	run, err := analysistest.Example(12, 60)
	if err != nil {
		t.Fatal(err)
	}
	run.Plan.Pods, run.Checks = []int{35}, analysistest.Checked
	in := run.Input()
	in.Host.Simulated = false
	in.Host.NotForPublication = []string{"2 CPUs", "a virtual machine"}
	in.Host.Facts = append(in.Host.Facts, analysis.Fact{Name: "host.name", Value: Hostile})
	return analyse(t, in)
}

// Headline is a run as from a node fit for publication, with what the preset quick asks,
// at three densities. Its answers were not checked.
func Headline(t testing.TB) *analysis.Report {
	t.Helper()
	run, err := analysistest.Headline(12)
	if err != nil {
		t.Fatal(err)
	}
	in := run.Input()
	in.Host.Simulated = false
	return analyse(t, in)
}

func analyse(t testing.TB, in analysis.Input) *analysis.Report {
	t.Helper()
	r, err := in.Analyze()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var errFull = errors.New("no space left on device")

// full is a disk that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
