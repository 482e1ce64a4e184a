package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/reports/plot"
)

// reportSums names the forms of the reports of real records and what is in them. The
// reports themselves are not kept: `make reports` writes them to be looked at.
const reportSums = "testdata/reports.sum"

// TestRealRecords makes every form of report from records of real nodes: a quiet one,
// and a busy one with void trials, an arm that the runtime does not serve, and
// verdicts that are open. The same records give the same bytes.
func TestRealRecords(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Log("left out: the sums of reports (they are of amd64; elsewhere last digits differ)")
		return
	}
	var sums strings.Builder
	for _, name := range []string{"quiet", "busy", "precise", "kep-containerd", "kep-crio"} {
		a, err := analyse(io.Discard, filepath.Join("testdata", "records", name))
		if err != nil {
			t.Fatal(err)
		}
		if a.report.Simulated() || len(a.input.Damage) > 0 || a.input.Unfinished {
			t.Errorf("the records %s are not what a run on a node has left: %+v", name, a.input.Damage)
		}
		first, second := filesOf(t, a), filesOf(t, a)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("the same records give other bytes (-first +second):\n%s", diff)
		}
		for _, file := range first {
			fmt.Fprintf(&sums, "%s/%s\n", name, file)
		}
	}
	testfile.Golden(t, reportSums, sums.String())
}

// filesOf writes every form of a report and returns each file with its sum. Pictures
// as PNG are left out: their compression is the Go version's.
func filesOf(t *testing.T, a analysed) []string {
	t.Helper()
	dir := t.TempDir()
	if err := writeAll(dir, a); err != nil {
		t.Fatal(err)
	}
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".png" || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		out = append(out, fmt.Sprintf("%s %x", filepath.ToSlash(name), sha256.Sum256(data)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	// perf-dash (k8s.io/perf-tests, perfdash/config.go) takes what is at the top of a build's
	// artifacts and begins so.
	if found, err := filepath.Glob(filepath.Join(dir, "GenericPrometheusQuery *_*.json")); err != nil || len(found) == 0 {
		t.Errorf("perf-dash finds %d files, %v", len(found), err)
	}
	return out
}

// TestBusyRecords holds what the busy records are kept for.
func TestBusyRecords(t *testing.T) {
	a, err := analyse(io.Discard, "testdata/records/busy")
	if err != nil {
		t.Fatal(err)
	}
	void, open := 0, 0
	for _, arm := range a.report.Arms {
		for _, v := range arm.Trials.Void {
			void += v.Trials
		}
	}
	for _, cell := range a.report.Cells {
		for _, p := range cell.Pairings {
			for _, j := range p.Judgements {
				if j.Verdict == analysis.Inconclusive {
					open++
				}
			}
		}
	}
	if void == 0 || open == 0 {
		t.Errorf("%d void trials, %d verdicts that are open: want some of each", void, open)
	}
}

// TestPicture draws the picture of the README, for light and dark pages.
func TestPicture(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Log("left out: the picture of the README (it is of amd64; elsewhere last digits differ)")
		return
	}
	a, err := analyse(io.Discard, "testdata/records/precise")
	if err != nil {
		t.Fatal(err)
	}
	figures, err := plot.Figures(a.report)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(figures, func(f plot.Figure) bool { return f.ID == "forest" })
	if at < 0 {
		t.Fatal("the report has no figure forest")
	}
	for name, theme := range map[string]plot.Theme{"light": plot.Light, "dark": plot.Dark} {
		var out strings.Builder
		if err := figures[at].SVG(&out, theme); err != nil {
			t.Fatal(err)
		}
		testfile.Golden(t, "testdata/picture-"+name+".svg", out.String())
	}
}
