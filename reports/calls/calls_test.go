package calls

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/reports/reporttest"
)

// trouble is a made-up run in which everything goes wrong once.
func trouble(t *testing.T) analysis.Input {
	t.Helper()
	run, err := analysistest.Example(3, 2)
	if err != nil {
		t.Fatal(err)
	}
	run.Spoil = analysistest.Trouble
	in := run.Input()
	in.Host.NotForPublication = []string{"nothing was measured"}
	return in
}

func rows(t *testing.T, out []byte) [][]string {
	t.Helper()
	reader := csv.NewReader(bytes.NewReader(out))
	reader.FieldsPerRecord = len(header)
	all, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func written(t testing.TB, in analysis.Input) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, in); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	got := written(t, trouble(t))
	testfile.Golden(t, filepath.Join("testdata", "trouble.csv"), got)
}

// Every call has its row, with what the records say of it; a failed one has no
// latency.
func TestRows(t *testing.T) {
	in := trouble(t)
	all := rows(t, written(t, in))
	if diff := cmp.Diff(header, all[0]); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	all = all[1:]
	column := func(row []string, name string) string {
		for i, h := range header {
			if h == name {
				return row[i]
			}
		}
		t.Fatalf("there is no column %s", name)
		return ""
	}
	duration := func(row []string, name string) time.Duration {
		d, err := time.ParseDuration(column(row, name) + "s")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	failed := 0
	for i := range in.Trials {
		trial := &in.Trials[i]
		for _, a := range trial.Agents {
			for k, call := range a.Calls {
				row := all[0]
				all = all[1:]
				void := make([]string, len(trial.Void))
				for i, v := range trial.Void {
					void[i] = string(v.Reason)
				}
				want := []string{"SIMULATED, NOT FOR PUBLICATION", strconv.Itoa(i + 1), trial.Arm.Name, a.Collector, strconv.Itoa(k + 1), strings.Join(void, " ")}
				got := []string{column(row, "mark"), column(row, "trial"), column(row, "arm"), column(row, "collector"), column(row, "call"), column(row, "void")}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("row (-want +got):\n%s", diff)
				}
				if got := duration(row, "due_seconds"); got != call.Due {
					t.Errorf("due at %v, want %v", got, call.Due)
				}
				if call.Err != "" {
					failed++
					if column(row, "service_seconds")+column(row, "response_seconds")+column(row, "bytes") != "" || column(row, "error") == "" {
						t.Errorf("a failed call looks like an answer: %q", row)
					}
					if got := duration(row, "failed_after_seconds"); got != call.Service {
						t.Errorf("failed after %v, want %v", got, call.Service)
					}
					continue
				}
				if got := duration(row, "response_seconds"); got != call.Response() {
					t.Errorf("response after %v, want %v", got, call.Response())
				}
				if column(row, "error")+column(row, "failed_after_seconds") != "" {
					t.Errorf("an answer looks failed: %q", row)
				}
			}
		}
	}
	if len(all) != 0 || failed == 0 {
		t.Errorf("%d rows too many, %d failed", len(all), failed)
	}
}

// Names that try to become formulas or rows of their own do neither.
func TestHostileNames(t *testing.T) {
	for _, h := range reporttest.HostileNames() {
		t.Run(h.Name, func(t *testing.T) {
			in := trouble(t)
			plain := rows(t, written(t, in))
			reporttest.Rename(in.Trials, h.Rename)
			out := written(t, in)
			all := rows(t, out)
			if lines := bytes.Count(out, []byte("\n")); lines != len(plain) || len(all) != len(plain) {
				t.Errorf("%d lines and %d rows, want %d", lines, len(all), len(plain))
			}
			for _, row := range all {
				for i, field := range row {
					if strings.ContainsAny(field, "\x00\x1b\r\n\t") || field != "" && strings.ContainsAny(field[:1], "=+-@") {
						t.Fatalf("%s is %.100q", header[i], field)
					}
				}
			}
		})
	}
}

func TestNothing(t *testing.T) {
	if all := rows(t, written(t, analysis.Input{})); len(all) != 1 {
		t.Errorf("%d rows of a run without trials", len(all))
	}
}

var errFull = errors.New("no space left on device")

type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestFullDisk(t *testing.T) {
	for _, room := range []int{0, 5000} {
		if err := Write(&full{room}, trouble(t)); !errors.Is(err, errFull) {
			t.Errorf("calls that cannot be written give %v, want %v", err, errFull)
		}
	}
}

func TestText(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := text(in); got != want {
			t.Errorf("text(%q) is %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("cri-pod-stats", "cri-pod-stats")
	f("=1+1", "'=1+1")
	f("+1", "'+1")
	f("-1", "'-1")
	f("@SUM(A1)", "'@SUM(A1)")
	f("  =1", "'  =1")
	f("＝1", "'＝1")
	f("\t=1", `\t=1`)
	f("a\r\nb", `a\r\nb`)
}

func TestSeconds(t *testing.T) {
	f := func(d time.Duration, want string) {
		t.Helper()
		if got := seconds(d); got != want {
			t.Errorf("seconds(%d) is %q, want %q", d, got, want)
		}
	}
	f(0, "0.000000000")
	f(1, "0.000000001")
	f(1234567890123, "1234.567890123")
	f(-1500*time.Millisecond, "-1.500000000")
}

func FuzzText(f *testing.F) {
	f.Add("=cmd|' /C calc'!A0")
	f.Fuzz(func(t *testing.T, s string) {
		in := analysis.Input{Trials: []bench.Trial{{Agents: []bench.AgentReport{{Collector: s, Calls: bench.Calls{{Err: "x" + s}}}}}}}
		all := rows(t, written(t, in))
		if len(all) != 2 {
			t.Fatalf("%d rows", len(all))
		}
		if got := all[1][10]; got != text(s) || got != "" && strings.ContainsAny(got[:1], "=+-@\t\r\n") {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

// A million rows.
func BenchmarkWrite(b *testing.B) {
	const trials, calls = 1000, 1000
	in := analysis.Input{Trials: make([]bench.Trial, trials)}
	for i := range in.Trials {
		in.Trials[i] = bench.Trial{
			Slot:   bench.Slot{Cell: bench.Cell{Pods: 110, ContainersPerPod: 1, Profile: "idle"}, Arm: bench.Arm{Name: "cri-pod-stats"}, Round: i},
			Start:  analysistest.Begin(),
			Agents: []bench.AgentReport{{Collector: "cri-pod-stats", Calls: make(bench.Calls, calls)}},
		}
		for k := range in.Trials[i].Agents[0].Calls {
			due := time.Duration(k) * time.Second
			in.Trials[i].Agents[0].Calls[k] = bench.Call{Due: due, Start: due + 52_345, Service: 157_123_456, Bytes: 99_000, Pods: 110, Containers: 110, Samples: 2200}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(io.Discard, in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(trials*calls)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
