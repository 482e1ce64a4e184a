package main

import (
	"bytes"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/record"
)

var flips = flag.Int("flips", 40, "how many bits are flipped, one at a time, in the records of each run")

// recordFiles are those that a report is made of.
var recordFiles = []string{record.FormatFile, record.PlanFile, record.HostFile, record.TrialsFile, record.ChecksFile, record.EndFile}

// verdictsOf has every verdict of a report, by what it is on.
func verdictsOf(r *analysis.Report) map[string]analysis.Verdict {
	out := make(map[string]analysis.Verdict)
	for _, c := range r.Cells {
		for _, p := range c.Pairings {
			for _, j := range p.Judgements {
				if j.Verdict != analysis.NoVerdict {
					out[c.String()+" "+p.Of+" "+p.To+" "+j.Series.String()] = j.Verdict
				}
			}
		}
	}
	return out
}

// A bit that flips on somebody's disk gives no verdict that was not there, takes no mark away,
// and where something is lost the status says so.
func TestFlips(t *testing.T) {
	for _, name := range []string{"quiet", "kep-crio"} {
		from := filepath.Join("testdata", "records", name)
		records, err := record.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		report, err := analysis.Analyze(records)
		if err != nil {
			t.Fatal(err)
		}
		want := verdictsOf(report)
		dir := t.TempDir()
		files := make(map[string][]byte)
		for _, file := range recordFiles {
			if files[file], err = os.ReadFile(filepath.Join(from, file)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), files[file], 0o644); err != nil {
				t.Fatal(err)
			}
		}
		random := rand.New(rand.NewPCG(1, 2))
		lost, told := 0, 0
		for range *flips {
			file := recordFiles[random.IntN(len(recordFiles))]
			at, bit := random.IntN(len(files[file])), random.IntN(8)
			flipped := bytes.Clone(files[file])
			flipped[at] ^= 1 << bit
			path := filepath.Join(dir, file)
			if err := os.WriteFile(path, flipped, 0o644); err != nil {
				t.Fatal(err)
			}
			what := file + " with bit " + string('0'+rune(bit)) + " of " + string(files[file][max(0, at-12):at+1]) + " flipped"
			var stdout bytes.Buffer
			status := run(t.Context(), []string{"report", dir}, strings.NewReader(""), &stdout, io.Discard)
			got, whole := verdictsIn(dir)
			for endpoint, verdict := range got {
				if want[endpoint] != verdict {
					t.Errorf("%s: %s is %s, was %q", what, endpoint, verdict, want[endpoint])
				}
			}
			if !whole {
				lost++
				if status == exitDone {
					t.Errorf("%s: status 0", what)
				} else {
					told++
				}
			}
			if stdout.Len() > 0 && !strings.Contains(stdout.String(), "NOT FOR PUBLICATION") {
				t.Errorf("%s: the report is for publication", what)
			}
			if err := os.WriteFile(path, files[file], 0o644); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%s: %d bits flipped, something was lost by %d of them and told by %d; the others changed nothing", name, *flips, lost, told)
		if lost < *flips/2 {
			t.Errorf("%s: %d of %d flips were lost on something: is anything flipped at all?", name, lost, *flips)
		}
	}
}

// verdictsIn are the verdicts of a folder, and whether all of its records are there.
func verdictsIn(dir string) (map[string]analysis.Verdict, bool) {
	records, err := record.Open(dir)
	if err != nil {
		return nil, false
	}
	report, err := analysis.Analyze(records)
	if err != nil {
		return nil, false
	}
	return verdictsOf(report), len(records.Damage) == 0
}
