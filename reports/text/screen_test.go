package text

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/reports/answer"
	"cri-stats-bench/reports/reporttest"
)

// fits holds a text against the size of a screen.
func fits(t *testing.T, out string, columns int) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) > Height {
		t.Errorf("%d lines:\n%s", len(lines), out)
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > columns {
			t.Errorf("line %d has %d columns: %s", i+1, n, line)
		}
		if line != strings.TrimRight(line, " ") {
			t.Errorf("line %d ends in spaces", i+1)
		}
	}
}

// Whatever a node says, the answer fits a screen, and bears its marks.
func TestScreen(t *testing.T) {
	for _, columns := range []int{Narrow, Width} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			ext := ""
			if columns == Width {
				ext = "screen"
			}
			write := func(w io.Writer, r *analysis.Report) error { return WriteScreen(w, r, columns) }
			reporttest.RunData(t, write, ext, func(t *testing.T, r *analysis.Report, out []byte) {
				fits(t, string(out), columns)
			})
		})
	}
}

// kubelet is the report of a made-up run of a kubelet.
func kubelet(t *testing.T, simulated bool) *analysis.Report {
	t.Helper()
	run, err := analysistest.Kubelet(6, "containerd", 0.8)
	if err != nil {
		t.Fatal(err)
	}
	run.Host.Simulated = simulated
	r, err := run.Input().Analyze()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A kubelet's answer opens with the sentences of the KEP, a line for each.
func TestScreenOfKubelet(t *testing.T) {
	var out bytes.Buffer
	if err := Write(&out, kubelet(t, false)); err != nil {
		t.Fatal(err)
	}
	fits(t, out.String(), Width)
	testfile.Golden(t, filepath.Join("testdata", "kubelet.screen"), out.String())
	out.Reset()
	if err := Write(&out, kubelet(t, true)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"PASS", "FAIL", "INCONCLUSIVE", "CHEAPER", "DEARER"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("a simulated run says %s", bad)
		}
	}
}

// However many comparisons, marks, sentences, densities and prices there are, it fits.
// Every comparison is there as long as there is a line for it; what is left out is said.
func TestScreenOfMany(t *testing.T) {
	long := strings.Repeat("many words ", 60)
	for n := 0; n < 24; n++ {
		for _, columns := range []int{Narrow, 93, Width} {
			a := answer.New(reporttest.Node(t))
			one := a.Comparisons[2]
			a.Comparisons = slices.Repeat([]answer.Comparison{one}, n)
			a.Title, a.Question = long, "35 pods: "+long
			a.Marks, a.Sentences = slices.Repeat([]string{long}, n), slices.Repeat([]answer.Sentence{{Name: "x", Result: "PASS", Why: long}}, n)
			grid := answer.Grid{Header: slices.Repeat([]string{"a header"}, n+1)}
			grid.Rows = slices.Repeat([][]string{slices.Repeat([]string{"1.00 [0.990, 1.01]"}, n+1)}, n)
			for i := range a.Facts {
				a.Facts[i].Text, a.Facts[i].Grid = long, grid
			}
			out := strings.Join(screen(a, columns), "\n")
			fits(t, out, columns)
			if got := strings.Count(out, "3. cri-pod-stats"); got < min(n, 6) {
				t.Errorf("%d of %d comparisons at %d columns:\n%s", got, n, columns, out)
			} else if got < n && !strings.Contains(out, fmt.Sprintf("and %d more comparisons", n-got)) {
				t.Errorf("%d of %d comparisons are there, and nothing says so:\n%s", got, n, out)
			}
		}
	}
}

// What is narrower than the drawing shows as a point, what lies outside as an arrow.
func TestBar(t *testing.T) {
	f := func(lo, value, hi float64, want string) {
		t.Helper()
		if got := strings.TrimSpace(bar(lo, value, hi)); got != want {
			t.Errorf("bar(%g, %g, %g) is %q, want %q", lo, value, hi, got, want)
		}
	}
	f(1.5, 1.9, 2.4, "|        [----o----]")
	f(0.99, 1, 1.01, "o")
	f(0.1, 0.11, 0.12, "<              |")
	f(5, 6, 7, "|                             >")
	f(0.8, 1, 1.25, "[----o----]")
}
