package benchfmt

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	xbenchfmt "golang.org/x/perf/benchfmt"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/reporttest"
)

func TestReport(t *testing.T) { reporttest.RunData(t, Write, "bench", check) }

// read reads a file back and fails on every line that Go's reader objects to.
func read(t *testing.T, out []byte) (results []*xbenchfmt.Result, units xbenchfmt.UnitMetadataMap) {
	t.Helper()
	reader := xbenchfmt.NewReader(bytes.NewReader(out), "report")
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *xbenchfmt.Result:
			results = append(results, rec.Clone())
		case *xbenchfmt.SyntaxError:
			t.Error(rec)
		}
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return results, reader.Units()
}

// check holds that every arm has a line for each of its rounds and regimes and no
// more, whatever it is named.
func check(t *testing.T, r *analysis.Report, out []byte) {
	t.Helper()
	results, units := read(t, out)
	lines := make(map[string]int)
	for _, result := range results {
		lines[result.Name.String()]++
		_, parts := result.Name.Parts()
		for _, part := range parts {
			if !bytes.HasPrefix(part, []byte("/")) || !bytes.Contains(part, []byte("=")) {
				t.Errorf("%.300s: %.300q is no key and value", result.Name, part)
			}
		}
		if mark := result.GetConfig("mark"); (mark != "") != (r.Simulated() || len(r.Host.NotForPublication) > 0) {
			t.Errorf("mark is %q", mark)
		}
		if result.GetConfig("caveat") == "" {
			t.Error("the caveat is missing")
		}
	}
	// How many names have so many lines.
	want, got := make(map[int]int), make(map[int]int)
	for _, n := range lines {
		got[n]++
	}
	for i := range r.Cells {
		for j := range r.Cells[i].Arms {
			a := &r.Cells[i].Arms[j]
			names := len(a.Collectors)
			if names > 1 {
				names++ // and one for the arm
			}
			if n := len(a.Trials); n > 0 {
				want[n] += names
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names by their count of lines (-want +got):\n%s", diff)
	}
	for _, unit := range []string{"ns/op", "cpu-ns/s", "pss-bytes", "reads/s"} {
		if units.GetBetter(unit) != -1 {
			t.Errorf("less of %s is not said to be better", unit)
		}
	}
}

// The values of a trial are one line. Where something was not measured, the line lacks
// it.
func TestRound(t *testing.T) {
	observations := func(values ...float64) []analysis.Observation {
		var out []analysis.Observation
		for i, v := range values {
			out = append(out, analysis.Observation{Trial: int32(i), Value: v})
		}
		return out
	}
	total, call := analysis.Series{Component: analysis.Total}, analysis.Series{Collector: "cri-pod-stats"}
	of := func(s analysis.Series, m analysis.Metric) analysis.Series { s.Metric = m; return s }
	r := &analysis.Report{
		Experiment: "api",
		Arms: []analysis.Arm{{
			Name:   "cri-pod-stats",
			Trials: analysis.Tally{Interval: 1e9, Window: 10e9},
		}},
		Host: analysis.HostInfo{Facts: []analysis.Fact{{Name: "host.cpu.count", Value: "2"}}},
		Cells: []analysis.Cell{{
			Cell: bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: "idle 2/3"},
			Arms: []analysis.ArmResult{{
				Arm:        "cri-pod-stats",
				Collectors: []analysis.CollectorResult{{Collector: "cri-pod-stats"}},
				Trials:     []analysis.TrialID{{Round: 0}, {Round: 1}},
				Columns: []analysis.Column{
					{Series: of(total, analysis.PSS), Observations: observations(1 << 20)},
					{Series: of(total, analysis.CPUCores), Observations: observations(0.3, 0.5)},
					{Series: of(call, analysis.ServiceP50), Observations: observations(0.002, 0.004)},
					{Series: of(call, analysis.AnswerBytes), Observations: observations(2)},
				},
			}},
		}},
	}
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.HasPrefix(line, "Benchmark") {
			got = append(got, line)
		}
	}
	const name = "BenchmarkCollect/experiment=api/collector=cri-pod-stats/pods=35/containers=1/profile=idle%202%2F3/"
	if diff := cmp.Diff([]string{
		name + "interval=1s-2 10 2e+06 ns/op 2 answer-B/op 3e+08 cpu-ns/s 1.048576e+06 pss-bytes",
		name + "interval=1s-2 10 4e+06 ns/op 5e+08 cpu-ns/s",
	}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// benchstat itself shows every arm beside the baseline, a row for each metric and
// density, and says what it does not know.
func TestBenchstat(t *testing.T) {
	var out bytes.Buffer
	r := reporttest.Short(t)
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.bench")
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	table := benchstat(t, "-col", "/collector", file)
	if !strings.Contains(table, "caveat: "+caveat) {
		t.Error("benchstat does not show the caveat")
	}
	for _, unit := range []string{"sec/op", "cpu-sec/s", "pss-bytes", "answer-B/op", "containers/op"} {
		section := regexp.MustCompile(`(?s)│ +` + unit + ` +│.*?geomean`).FindString(table)
		if section == "" {
			t.Errorf("benchstat shows no table of %s", unit)
			continue
		}
		for _, pods := range []int{10, 35} {
			row := regexp.MustCompile(fmt.Sprintf(`Collect/experiment=api/pods=%d/containers=1/profile=idle/interval=10s.*`, pods)).FindString(section)
			// What calls are like is of one collector, which the baseline, two that read
			// together, is not.
			ofArm := strings.HasSuffix(unit, "/s") || unit == "pss-bytes"
			if n := strings.Count(row, "n=3"); n != 4 && ofArm {
				t.Errorf("the row of %s at %d pods compares %d arms of 3 rounds with the baseline, want 4: %s", unit, pods, n, row)
			}
			if row == "" {
				t.Errorf("there is no row of %s at %d pods", unit, pods)
			}
		}
	}
	if t.Failed() {
		t.Log(table)
	}
	if columns := regexp.MustCompile(`│ +today +│ +today-again +│`); !columns.MatchString(table) {
		t.Errorf("the first column is not the baseline:\n%.600s", table)
	}
}

// Two versions of a runtime stand in one table, without a flag.
func TestBenchstatPairsVersions(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"1.0.0", "2.0.0"} {
		r := reporttest.Short(t)
		r.Host.Runtime.Version = version
		var out bytes.Buffer
		if err := Write(&out, r); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, version), out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	table := benchstat(t, "old="+filepath.Join(dir, "1.0.0"), "new="+filepath.Join(dir, "2.0.0"))
	if row := regexp.MustCompile(`collector=today/pods=10/.*~ \(p=1\.000 n=3\)`); !row.MatchString(table) {
		t.Errorf("the same numbers of two versions are not paired:\n%.3000s", table)
	}
}

func benchstat(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "benchstat"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("benchstat: %v\n%s", err, stderr.Bytes())
	}
	return string(out)
}

func FuzzEscape(f *testing.F) {
	f.Add("a b/c%", "a%20b")
	f.Add(reporttest.Hostile, "")
	f.Fuzz(func(t *testing.T, a, b string) {
		name := "Benchmark/k=" + escape(a) + "/end=x 1 1 ns/op\n"
		reader := xbenchfmt.NewReader(strings.NewReader(name), "")
		if !reader.Scan() {
			t.Fatalf("%q cannot be read", name)
		}
		result, ok := reader.Result().(*xbenchfmt.Result)
		if !ok {
			t.Fatalf("%q: %v", name, reader.Result())
		}
		if _, parts := result.Name.Parts(); len(parts) != 2 {
			t.Fatalf("%q has the parts %q", name, parts)
		}
		if a != b && escape(a) == escape(b) {
			t.Fatalf("%q and %q have one name", a, b)
		}
	})
}
