package junit

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/junit/testsuite"
	"cri-stats-bench/reports/reporttest"
)

func TestReport(t *testing.T) {
	reporttest.RunData(t, Write, "xml", func(t *testing.T, r *analysis.Report, out []byte) { check(t, r, parse(t, out)) })
}

// rules say which elements and attributes JUnit's format has where, as TestGrid and
// the lenses of Prow read it.
var rules = map[string]struct{ attributes, children string }{
	"testsuites": {"name tests failures errors skipped time", "testsuite"},
	"testsuite":  {"name tests failures errors skipped time timestamp", "properties testcase"},
	"testcase":   {"name classname time", "properties skipped failure system-out"},
	"properties": {"", "property"},
	"property":   {"name value", ""},
	"skipped":    {"message", ""},
	"failure":    {"message type", ""},
	"system-out": {"", ""},
}

// parse decodes a file and fails on whatever the rules do not allow.
func parse(t *testing.T, out []byte) testsuite.File {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(out))
	var open []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			rule, ok := rules[e.Name.Local]
			if len(open) > 0 {
				ok = ok && slices.Contains(strings.Fields(rules[open[len(open)-1]].children), e.Name.Local)
			}
			if !ok {
				t.Errorf("<%s> stands in %v", e.Name.Local, open)
			}
			for _, a := range e.Attr {
				if !slices.Contains(strings.Fields(rule.attributes), a.Name.Local) {
					t.Errorf("<%s> has the attribute %s", e.Name.Local, a.Name.Local)
				}
			}
			open = append(open, e.Name.Local)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	var s testsuite.File
	if err := xml.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// check holds what TestGrid needs: unique names, counts that agree, numbers where
// numbers belong, texts that are not cut.
func check(t *testing.T, r *analysis.Report, root testsuite.File) {
	t.Helper()
	names := make(map[string]bool)
	var all testsuite.Suite
	for _, s := range root.Suites {
		counted := testsuite.Suite{Tests: len(s.Cases)}
		for _, c := range s.Cases {
			if c.Failure != nil {
				counted.Failures++
			}
			if c.Skipped != nil {
				counted.Skipped++
			}
		}
		if counted.Tests != s.Tests || counted.Failures != s.Failures || counted.Skipped != s.Skipped || s.Errors != 0 {
			t.Errorf("%s counts %d, %d, %d, has %d, %d, %d", s.Name, s.Tests, s.Failures, s.Skipped, counted.Tests, counted.Failures, counted.Skipped)
		}
		all.Tests, all.Failures, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Skipped+s.Skipped
		if _, err := time.Parse(time.RFC3339, s.Timestamp); err != nil {
			t.Error(err)
		}
		for _, c := range s.Cases {
			if names[c.Name] {
				t.Errorf("two cases are named %.200q: TestGrid calls that flaky", c.Name)
			}
			names[c.Name] = true
			checkCase(t, c)
		}
	}
	if root.Tests != all.Tests || root.Failures != all.Failures || root.Skipped != all.Skipped || root.Errors != 0 {
		t.Errorf("the root counts %+v", root)
	}
	if seconds, err := strconv.ParseFloat(root.Time, 64); err != nil || seconds != r.Last.Sub(r.First).Seconds() {
		t.Errorf("the time is %q", root.Time)
	}
	verdicts := root.Suites[len(root.Suites)-1]
	if r.Simulated() && (len(verdicts.Cases) != 1 || verdicts.Cases[0].Skipped == nil || !strings.Contains(verdicts.Cases[0].Skipped.Text, "SIMULATED")) {
		t.Errorf("a simulated run has %d cases of verdicts", len(verdicts.Cases))
	}
}

func checkCase(t *testing.T, c *testsuite.Case) {
	t.Helper()
	numbers := strings.Fields("ratio lo hi n p p_adjusted margin detectable tried used void age_seconds_p50 age_seconds_p95 fresh_share containers containers_due")
	if c.Failure != nil && c.Skipped != nil {
		t.Errorf("%q is skipped and has failed", c.Name)
	}
	for _, o := range []*testsuite.Outcome{c.Failure, c.Skipped} {
		if o != nil && (o.Text == "" || o.Text != o.Message || len([]rune(o.Text)) > 10000) {
			t.Errorf("%q says %q and %q", c.Name, o.Message, o.Text)
		}
	}
	if c.Properties != nil {
		seen := make(map[string]bool)
		for _, p := range c.Properties.List {
			if _, err := strconv.ParseFloat(p.Value, 64); (err == nil) != slices.Contains(numbers, p.Name) {
				t.Errorf("%q has the property %s=%q", c.Name, p.Name, p.Value)
			}
			if seen[p.Name] {
				t.Errorf("%q has the property %s twice: TestGrid shows the mean", c.Name, p.Name)
			}
			seen[p.Name] = true
		}
	}
}

// outcomes are the cases of a suite in words.
func outcomes(s *testsuite.Suite) []string {
	var out []string
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			out = append(out, c.Name+": FAIL "+c.Failure.Type+": "+c.Failure.Text)
		case c.Skipped != nil:
			out = append(out, c.Name+": SKIP "+c.Skipped.Text)
		default:
			out = append(out, c.Name+": ok")
		}
	}
	return out
}

func run(t *testing.T, r *analysis.Report) testsuite.File {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	return parse(t, out.Bytes())
}

func TestPreflight(t *testing.T) {
	f := func(h analysis.HostInfo, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, outcomes(run(t, &analysis.Report{Host: h}).Suites[0])); diff != "" {
			t.Errorf("cases (-want +got):\n%s", diff)
		}
	}
	f(analysis.HostInfo{},
		"preflight: SKIP the records say nothing of what was looked at before the run", "fit for publication: SKIP not known")
	f(analysis.HostInfo{Preflight: []analysis.PreflightCheck{{Name: "root", Status: "ok"}}}, "preflight root: ok", "fit for publication: ok")
	f(analysis.HostInfo{
		NotForPublication: []string{"2 CPUs", "cgroup v1"},
		Preflight: []analysis.PreflightCheck{
			{Name: "root", Status: "ok", Detail: "runs as root"}, {Name: "cpus", Status: "warn", Detail: "2 CPUs"},
			{Name: "memory", Status: "fail", Detail: "1 MiB"}, {Name: "turbo", Status: "unknown"},
		},
	},
		"preflight root: ok", "preflight cpus: SKIP warn: 2 CPUs", "preflight memory: FAIL requirement: 1 MiB", "preflight turbo: SKIP unknown:",
		"fit for publication: SKIP NOT FOR PUBLICATION: 2 CPUs; cgroup v1")
	f(analysis.HostInfo{Simulated: true, Preflight: []analysis.PreflightCheck{{Name: "root", Status: "ok"}}},
		"preflight root: ok", "fit for publication: SKIP SIMULATED: nothing was measured on a node")
}

func TestTrials(t *testing.T) {
	f := func(a analysis.Arm, want ...string) {
		t.Helper()
		a.Name = "x"
		if diff := cmp.Diff(want, outcomes(run(t, &analysis.Report{Arms: []analysis.Arm{a}}).Suites[1])); diff != "" {
			t.Errorf("cases (-want +got):\n%s", diff)
		}
	}
	steal := []analysis.VoidCount{{Reason: bench.VoidSteal, Trials: 2, Example: "0.03"}}
	f(analysis.Arm{Trials: analysis.Tally{Tried: 3, Used: 1, Void: steal}}, "trials of x: ok")
	f(analysis.Arm{Trials: analysis.Tally{Tried: 2, Void: steal}},
		"trials of x: FAIL no usable trial: of 2 trials none can be used; 2 void for steal, the first because: 0.03")
	f(analysis.Arm{}, "trials of x: FAIL no usable trial: of 0 trials none can be used")
	f(analysis.Arm{Trials: analysis.Tally{Tried: 1}, Unsupported: "needs CRI-O"}, "trials of x: SKIP not supported: needs CRI-O")
}

// What a run finds of itself is what makes it worth nothing.
func TestValidity(t *testing.T) {
	cell := bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: "idle"}
	interval := &analysis.Interval{Lo: 1, Hi: 2}
	self := func(failed bool) analysis.SelfCheck {
		return analysis.SelfCheck{Cell: cell, Of: "today", Series: analysis.Series{Metric: analysis.CPUCores}, Failed: failed, Ratio: analysis.Estimate{Value: 1.5, N: 3, Interval: interval}}
	}
	planted := func(found bool) analysis.ControlCheck {
		return analysis.ControlCheck{Cell: cell, Arm: "control", Series: analysis.Series{Metric: analysis.CPUCores}, Planted: 0.005, Detected: found, Found: analysis.Estimate{Value: 0.001, N: 3, Interval: interval}}
	}
	f := func(r *analysis.Report, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, outcomes(run(t, r).Suites[2])); diff != "" {
			t.Errorf("cases (-want +got):\n%s", diff)
		}
	}
	f(&analysis.Report{}, "the run is whole: ok")
	f(&analysis.Report{Notes: []analysis.Note{{Kind: analysis.NoteUnfinished, Text: "interrupted"}}, RunNotes: []int{0}}, "the run is whole: FAIL unfinished: interrupted")
	const at = " at pods=35 containers=1 profile=idle: "
	f(&analysis.Report{SelfChecks: []analysis.SelfCheck{self(false)}, Controls: []analysis.ControlCheck{planted(true)}},
		"the run is whole: ok", "CPU of today against itself"+at+"ok", "CPU planted in control"+at+"ok")
	f(&analysis.Report{SelfChecks: []analysis.SelfCheck{self(true)}, Controls: []analysis.ControlCheck{planted(false)}},
		"the run is whole: ok", "CPU of today against itself"+at+"FAIL differs from itself: ratio 1.5: numbers of this kind cannot be trusted",
		"CPU planted in control"+at+"FAIL not found: 0.005 was planted, 0.001 found")
}

func TestVerdicts(t *testing.T) {
	f := func(cpu, pss, together analysis.Verdict, want ...string) {
		t.Helper()
		judgement := func(m analysis.Metric, v analysis.Verdict) analysis.Judgement {
			return analysis.Judgement{
				Series: analysis.TotalOf(m), Verdict: v, Class: analysis.Primary,
				Ratio: analysis.Estimate{Value: 1.5, N: 12, Interval: &analysis.Interval{Lo: 1.25, Hi: 2}, Notes: []int{0}},
			}
		}
		r := &analysis.Report{
			Baseline: "cadvisor", Margin: 0.02, VerdictLevel: 0.9, Notes: []analysis.Note{{Text: "too few"}},
			Cells: []analysis.Cell{{
				Cell: bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: "idle"},
				Pairings: []analysis.Pairing{{
					Of: "cri", To: "cadvisor", Together: together,
					Judgements: []analysis.Judgement{judgement(analysis.CPUCores, cpu), judgement(analysis.PSS, pss)},
				}},
			}},
		}
		const at = " of cri against cadvisor at pods=35 containers=1 profile=idle: "
		for i, name := range []string{"CPU", "PSS", "CPU and PSS"} {
			want[i] = name + at + want[i]
		}
		if diff := cmp.Diff(want, outcomes(run(t, r).Suites[4])); diff != "" {
			t.Errorf("cases (-want +got):\n%s", diff)
		}
	}
	const (
		ratio = "ratio 1.5, 90 % interval 1.25 to 2, margin 0.02, n=12. But: too few"
	)
	f(analysis.Better, analysis.NonInferior, analysis.NonInferior, "ok", "ok", "ok")
	f(analysis.Better, analysis.Inferior, analysis.Inferior, "ok", "ok", "ok")
	f(analysis.Inconclusive, analysis.NoVerdict, analysis.NoVerdict,
		"SKIP Inconclusive: "+ratio, "SKIP no verdict: too few", "SKIP no verdict: one of them has no verdict")
}

// A check passes if it was made on a node and found nothing that breaks the rule.
func TestTruth(t *testing.T) {
	finding := agreement.Finding{Source: "x", Kind: agreement.Frozen, Severity: agreement.Defect, Evidence: "1 s in all"}
	check := analysis.Check{Cell: bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: "idle"}, Collector: "x", Source: &agreement.SourceReport{}}
	f := func(simulated bool, says string, want string, change func(*analysis.Check)) {
		t.Helper()
		c := check
		change(&c)
		r := &analysis.Report{Host: analysis.HostInfo{Simulated: simulated}, Checks: []analysis.Check{c}}
		s := run(t, r).Suites[3]
		if diff := cmp.Diff([]string{"truth of x at pods=35 containers=1 profile=idle" + want}, outcomes(s)); diff != "" {
			t.Errorf("cases (-want +got):\n%s", diff)
		}
		said := ""
		if s.Cases[0].Output != nil {
			said = s.Cases[0].Output.Text
		}
		if said != says {
			t.Errorf("says %q, want %q", said, says)
		}
	}
	const says = "defect: x: frozen: 1 s in all"
	found := func(c *analysis.Check) { c.Findings = []agreement.Finding{finding} }
	broken := func(c *analysis.Check) {
		c.Findings, c.Broken = []agreement.Finding{finding}, []agreement.Finding{finding}
	}
	f(false, "", ": ok", func(*analysis.Check) {})
	f(false, says, ": ok", found)
	f(false, says, ": FAIL frozen: "+says, broken)
	f(false, "", ", gate-on: SKIP could not be checked: it is gone", func(c *analysis.Check) { c.Source, c.Why, c.State = nil, "it is gone", "gate-on" })
	f(true, says, ": SKIP SIMULATED: nothing was checked on a node", found)
	f(true, says, ": FAIL frozen: "+says, broken)
	if got := outcomes(run(t, &analysis.Report{}).Suites[3]); len(got) != 1 || got[0] != "truth: SKIP nothing was checked" {
		t.Errorf("without checks: %q", got)
	}
}

// Sentences of the KEP: what could be told is told, and is no failure.
func TestSentences(t *testing.T) {
	cell := &bench.Cell{Pods: 110, ContainersPerPod: 1, Profile: "active"}
	verdict := func(id string, result analysis.Result, at *bench.Cell) analysis.KEPVerdict {
		v := analysis.KEPVerdict{Sentence: analysis.KEPSentence{ID: id, Text: "less"}, Result: result, Why: "because"}
		if at != nil {
			v.Cell, v.Load, v.Arm, v.Against = at, analysis.Scraped, "kubelet-cri", "kubelet-cadvisor"
			v.Parts = []analysis.KEPPart{{
				Name: "CPU", Wants: "ratio below 1", Result: result,
				Ratio: analysis.Estimate{Value: 0.5, N: 10, Interval: &analysis.Interval{Lo: 0.25, Hi: 0.75}},
			}}
		}
		return v
	}
	r := &analysis.Report{Kubelet: &analysis.KubeletReport{Verdicts: []analysis.KEPVerdict{
		verdict("a", analysis.Pass, cell), verdict("b", analysis.Fail, cell), verdict("c", analysis.Unsettled, cell),
		verdict("d", analysis.NotApplicable, nil), verdict("d", analysis.NotApplicable, nil),
	}}}
	s := run(t, r).Suites[4]
	const at = ": kubelet-cri against kubelet-cadvisor at pods=110 containers=1 profile=active, scraped: "
	if diff := cmp.Diff([]string{
		"KEP-2371 a" + at + "ok",
		"KEP-2371 b" + at + "ok",
		"KEP-2371 c" + at + "SKIP INCONCLUSIVE: because; CPU, ratio below 1: INCONCLUSIVE",
		"KEP-2371 d: SKIP NOT APPLICABLE: because",
		"KEP-2371 d (2): SKIP NOT APPLICABLE: because",
	}, outcomes(s)); diff != "" {
		t.Errorf("cases (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]testsuite.Property{{Name: "sentence", Value: "less"}, {Name: "CPU ratio", Value: "0.5"}, {Name: "CPU lo", Value: "0.25"}, {Name: "CPU hi", Value: "0.75"}}, s.Cases[0].Properties.List); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	r.Host.Simulated = true
	if got := outcomes(run(t, r).Suites[4]); len(got) != 1 || !strings.Contains(got[0], "SIMULATED") {
		t.Errorf("a simulated run says %q", got)
	}
}

func TestFileName(t *testing.T) {
	// What TestGrid takes (metadata/junit/junit.go) and Prow's lens.
	testgrid := regexp.MustCompile(`^.+/junit((_[^_]+)?(_\d+-\d+)?(_\d+)?|.+)?\.xml$`)
	f := func(context string, first time.Time, want string) {
		t.Helper()
		got := FileName(context, &analysis.Report{First: first})
		if got != want {
			t.Errorf("FileName(%q) is %q, want %q", context, got, want)
		}
		parts := testgrid.FindStringSubmatch("artifacts/" + got)
		if parts == nil || parts[4] != "_01" || parts[3] == "" && !first.IsZero() {
			t.Errorf("TestGrid reads %q of %q", parts, got)
		}
	}
	at := time.Date(2026, 3, 1, 12, 34, 56, 0, time.FixedZone("", 3600))
	f("quick", at, "junit_quick_20260301-1134_01.xml")
	f("containerd_2.2/quick", at, "junit_containerd-2.2-quick_20260301-1134_01.xml")
	f("", at, "junit_cri-stats-bench_20260301-1134_01.xml")
	f("quick", time.Time{}, "junit_quick_01.xml")
	f(strings.Repeat("x", 1000), time.Time{}, "junit_"+strings.Repeat("x", 60)+"_01.xml")
}

func FuzzMessage(f *testing.F) {
	f.Add("]]>\x00<b>\x1b\ufffe", "a")
	f.Fuzz(func(t *testing.T, detail, name string) {
		r := &analysis.Report{Name: name, Host: analysis.HostInfo{Preflight: []analysis.PreflightCheck{{Name: name, Status: "fail", Detail: detail}}}}
		var out bytes.Buffer
		if err := Write(&out, r); err != nil {
			t.Fatal(err)
		}
		var s testsuite.File
		if err := xml.Unmarshal(out.Bytes(), &s); err != nil {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
		if got := s.Suites[0].Cases[0].Failure.Message; got != testsuite.Message(detail) {
			t.Fatalf("%q became %q", testsuite.Message(detail), got)
		}
	})
}
