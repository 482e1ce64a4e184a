package runs

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/record"
)

// verdictsOf returns the verdict of each primary endpoint in words.
func verdictsOf(c *Comparison, v Verdict) []string {
	var out []string
	for _, e := range c.Endpoints {
		if e.Verdict == v {
			out = append(out, e.Arm+" "+e.Series.String())
		}
	}
	return out
}

func TestCompare(t *testing.T) {
	p := planOf(t, nightly, "10", 20, 20)
	old := runOf(t, "old", made(p, 1, costs{}))
	f := func(what string, new *Run, whole Verdict, regressed, improved string) {
		t.Helper()
		c := compared(t, old, new, Options{Margin: 0.08})
		if got := strings.Join(verdictsOf(c, Regressed), ", "); c.Verdict != whole || got != regressed {
			t.Errorf("%s: %s, want %s; regressed %q, want %q", what, c.Verdict, whole, got, regressed)
		}
		if got := strings.Join(verdictsOf(c, Improved), ", "); got != improved {
			t.Errorf("%s: improved %q, want %q", what, got, improved)
		}
	}
	f("nothing changed", runOf(t, "new", made(p, 2, costs{})), Same, "", "")
	f("one arm costs the runtime more", runOf(t, "new", made(p, 2, worse("cri-pod-stats", 1.5))), Regressed,
		"cri-pod-stats cpu_cores of total, cri-pod-stats pss_bytes of total", "")
	f("one arm costs it less", runOf(t, "new", made(p, 2, worse("cri-container-stats", 0.5))), Same,
		"", "cri-container-stats cpu_cores of total, cri-container-stats pss_bytes of total")
}

// Ratio, test and intervals of an endpoint are those of its trials.
func TestEndpoint(t *testing.T) {
	p := planOf(t, nightly, "10", 12, 12)
	old, new := runOf(t, "old", made(p, 1, costs{})), runOf(t, "new", made(p, 2, worse("cri-pod-stats", 1.5)))
	e := endpoint(t, compared(t, old, new, Options{}), "cri-pod-stats", analysis.TotalOf(analysis.CPUCores))
	want := (1 + 1.5 + 1) / 3.0
	if math.Abs(math.Log(e.Ratio.Value/want)) > 0.03 || e.Ratio.Interval.Lo > want || e.Ratio.Interval.Hi < want {
		t.Errorf("ratio %v %+v, want %.3f", e.Ratio.Value, e.Ratio.Interval, want)
	}
	if got := e.New.Mean / e.Old.Mean; math.Abs(got/e.Ratio.Value-1) > 1e-12 {
		t.Errorf("means of %g and %g, ratio %g", e.Old.Mean, e.New.Mean, e.Ratio.Value)
	}
	if e.Old.N != 12 || e.New.N != 12 || e.Ratio.N != 24 || e.Class != Primary {
		t.Errorf("%+v", e)
	}
	if e.P > 1e-4 || e.Adjusted < e.P || e.Detectable < 0.05 || e.Detectable > 0.15 {
		t.Errorf("p %g, adjusted %g, can find %g", e.P, e.Adjusted, e.Detectable)
	}
	runtime := endpoint(t, compared(t, old, new, Options{}), "cri-pod-stats", analysis.Series{Metric: analysis.CPUCores, Component: bench.ComponentRuntime})
	if runtime.Class != Exploratory || runtime.Verdict != NoVerdict || runtime.Adjusted > 0.001 || math.Abs(runtime.Ratio.Value-1.5) > 0.06 {
		t.Errorf("the runtime's part: %+v", runtime)
	}
}

// A node that is slower in everything has not got a runtime that regressed. What is
// worse over and above that has.
func TestSlowerNode(t *testing.T) {
	p := planOf(t, nightly, "10", 20, 20)
	old := runOf(t, "old", made(p, 1, costs{}))
	f := func(what string, slow, worst float64, whole Verdict, regressed int) *Comparison {
		t.Helper()
		w := worse("cri-pod-stats", worst)
		w.slow = slow
		c := compared(t, old, runOf(t, "new", made(p, 2, w)), Options{})
		if got := verdictsOf(c, Regressed); c.Verdict != whole || len(got) != regressed {
			t.Errorf("%s: %s, want %s, regressed %v", what, c.Verdict, whole, got)
		}
		return c
	}
	c := f("a slower node", 1.2, 1, Inconclusive, 0)
	e := endpoint(t, c, "cri-pod-stats", analysis.TotalOf(analysis.CPUCores))
	if e.Unadjusted != Regressed || e.Net == nil || math.Abs(e.Net.Value-1) > 0.05 || len(e.Notes) == 0 {
		t.Errorf("withdrawn: %+v", e)
	}
	if len(c.Warnings) == 0 || !strings.Contains(c.Warnings[0], "the node, its kernel or the harness changed") || !strings.Contains(c.Warnings[0], "differs by +") {
		t.Errorf("warnings %q", c.Warnings)
	}
	c = f("a slower node and a worse runtime", 1.2, 2, Regressed, 2)
	if e := endpoint(t, c, "cri-pod-stats", analysis.TotalOf(analysis.CPUCores)); e.Net == nil || e.Net.Interval.Lo < 1.05 {
		t.Errorf("over the node: %+v", e.Net)
	}
	c = f("a faster node", 0.8, 1, Inconclusive, 0)
	if got := verdictsOf(c, Improved); len(got) != 0 {
		t.Errorf("a faster node improved %v", got)
	}
}

// Against the baseline of the same rounds a slower node is none.
func TestRelative(t *testing.T) {
	p := planOf(t, nightly, "10", 12, 12)
	drifting := made(p, 1, costs{})
	drifting.Drift = 0.1
	w := worse("cri-pod-stats", 1.5)
	w.slow = 1.3
	slower := made(p, 2, w)
	slower.Drift = 0.1
	c := compared(t, runOf(t, "old", drifting), runOf(t, "new", slower), Options{})
	f := func(arm string, want float64) {
		t.Helper()
		i := slices.IndexFunc(c.Endpoints, func(e Endpoint) bool {
			return e.Arm == arm && e.Series == analysis.TotalOf(analysis.CPUCores) && e.Over == "cadvisor"
		})
		e := &c.Endpoints[i]
		if e.Class != Exploratory || e.Verdict != NoVerdict || e.Ratio.Interval.Lo > want || e.Ratio.Interval.Hi < want || math.Abs(e.Ratio.Value/want-1) > 0.05 {
			t.Errorf("%s over cadvisor: %+v %+v, want %.3f", arm, e, e.Ratio.Interval, want)
		}
		if with := endpoint(t, c, arm, analysis.TotalOf(analysis.CPUCores)); e.Old.SD > with.Old.SD/2 || e.Old.N != 12 {
			t.Errorf("%s: the spread is %g over the baseline and %g without", arm, e.Old.SD, with.Old.SD)
		}
	}
	f("cri-pod-stats", 3.5/3)
	f("cri-container-stats", 1)
}

// What arms do not do is a regression whatever it costs.
func TestFaults(t *testing.T) {
	p := planOf(t, nightly, "10", 12, 12)
	spoiled := func(arm string, spoil func(t *bench.Trial)) func(*analysis.Input) {
		return func(in *analysis.Input) {
			for i := range in.Trials {
				if in.Trials[i].Arm.Name == arm {
					spoil(&in.Trials[i])
				}
			}
		}
	}
	unsupported := spoiled("cri-pod-stats", func(t *bench.Trial) { t.Unsupported, t.Agents, t.Costs = "ListPodSandboxStats (needs more)", nil, nil })
	failing := func(rounds ...int) func(*analysis.Input) {
		return spoiled("cri-pod-stats", func(t *bench.Trial) {
			if slices.Contains(rounds, t.Round) {
				t.Agents[0].Calls[0] = bench.Call{Err: "deadline exceeded"}
			}
		})
	}
	missing := spoiled("cadvisor", func(t *bench.Trial) { t.Agents[0].Missing = []string{"0123", "4567"} })
	f := func(what string, old, new []func(*analysis.Input), whole Verdict, want ...Fault) {
		t.Helper()
		c := compared(t, runOf(t, "old", made(p, 1, costs{}), old...), runOf(t, "new", made(p, 2, costs{}), new...), Options{Margin: 0.2})
		if c.Verdict != whole || len(c.Faults) != len(want) {
			t.Fatalf("%s: %s, want %s; faults %+v", what, c.Verdict, whole, c.Faults)
		}
		for i, got := range c.Faults {
			w := want[i]
			if got.Kind != w.Kind || got.Verdict != w.Verdict || got.Old != w.Old || got.New != w.New || got.Certain != w.Certain {
				t.Errorf("%s: %+v, want %+v", what, got, w)
			}
		}
	}
	type edits = []func(*analysis.Input)
	f("nothing", nil, nil, Same)
	f("no longer supported", nil, edits{unsupported}, Regressed, Fault{Kind: Unsupported, Verdict: Regressed, Certain: true})
	f("newly supported", edits{unsupported}, nil, Same, Fault{Kind: Unsupported, Verdict: Improved, Certain: true})
	f("every call fails", nil, edits{failing(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)}, Regressed,
		Fault{Kind: NoAnswer, Verdict: Regressed, Certain: true, Old: Share{0, 12, 0, 12}, New: Share{12, 12, 12, 12}})
	f("half of the calls fail", nil, edits{failing(0, 2, 4, 6, 8, 10)}, Same,
		Fault{Kind: FailedCalls, Old: Share{0, 12, 0, 12}, New: Share{6, 12, 6, 12}})
	f("most of the calls fail", nil, edits{failing(0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9)}, Regressed,
		Fault{Kind: FailedCalls, Verdict: Regressed, Old: Share{0, 12, 0, 12}, New: Share{11, 12, 11, 12}})
	f("one call of many fails", nil, edits{failing(3)}, Same, Fault{Kind: FailedCalls, Old: Share{0, 12, 0, 12}, New: Share{1, 12, 1, 12}})
	f("it fails as it did", edits{failing(3)}, edits{failing(7)}, Same, Fault{Kind: FailedCalls, Old: Share{1, 12, 1, 12}, New: Share{1, 12, 1, 12}})
	f("containers are missing", nil, edits{missing}, Regressed, Fault{Kind: Missing, Verdict: Regressed, Old: Share{0, 12, 0, 0}, New: Share{12, 12, 24, 0}})
	f("containers are no longer missing", edits{missing}, nil, Same, Fault{Kind: Missing, Verdict: Improved, Old: Share{12, 12, 24, 0}, New: Share{0, 12, 0, 0}})
}

// What one run alone has is listed, and where the new plan asks for it nothing can
// be called the same.
func TestUnmatched(t *testing.T) {
	two, one := planOf(t, nightly, "10, 35", 12, 12), planOf(t, nightly, "10", 12, 12)
	without := func(keep func(t *bench.Trial) bool) func(*analysis.Input) {
		return func(in *analysis.Input) {
			in.Trials = slices.DeleteFunc(in.Trials, func(t bench.Trial) bool { return !keep(&t) })
		}
	}
	f := func(what string, old, new *Run, whole Verdict, want ...string) {
		t.Helper()
		c := compared(t, old, new, Options{Margin: 0.2})
		var got []string
		for _, u := range c.Unmatched {
			text := u.In + ": " + u.Arm
			if u.Cell != nil {
				text += " " + u.Cell.String()
			}
			if u.Series != nil {
				text += " " + u.Series.String()
			}
			if u.Lost {
				text += " lost"
			}
			got = append(got, text)
		}
		if c.Verdict != whole || !slices.Equal(got, want) {
			t.Errorf("%s: %s, want %s, unmatched %q, want %q", what, c.Verdict, whole, got, want)
		}
	}
	old := runOf(t, "old", made(two, 1, costs{}))
	f("nothing", old, runOf(t, "new", made(two, 2, costs{})), Same)
	f("a cell less", old, runOf(t, "new", made(one, 2, costs{})), Same, "old:  pods=35 containers=1 profile=idle")
	f("a cell more", runOf(t, "old", made(one, 1, costs{})), runOf(t, "new", made(two, 2, costs{})), Same, "new:  pods=35 containers=1 profile=idle")
	f("a cell that was not reached", old, runOf(t, "new", made(two, 2, costs{}), without(func(t *bench.Trial) bool { return t.Cell.Pods == 10 })),
		Inconclusive, "old:  pods=35 containers=1 profile=idle lost")
	f("an arm that came to nothing", old, runOf(t, "new", made(two, 2, costs{}), without(func(t *bench.Trial) bool { return t.Arm.Name != "cadvisor" || t.Cell.Pods == 10 })),
		Inconclusive, "old: cadvisor pods=35 containers=1 profile=idle lost")
	noPSS := func(in *analysis.Input) {
		for i := range in.Trials {
			if in.Trials[i].Arm.Name == "cadvisor" {
				delete(in.Trials[i].Costs[bench.ComponentRuntime], bench.PSSBytes)
			}
		}
	}
	f("a number that is not there", old, runOf(t, "new", made(two, 2, costs{}), noPSS), Inconclusive,
		"old: cadvisor pods=10 containers=1 profile=idle pss_bytes of total lost", "old: cadvisor pods=35 containers=1 profile=idle pss_bytes of total lost")

	other := planOf(t, nightly, "10, 35", 12, 12)
	other.Arms = slices.Clone(other.Arms)
	other.Arms[2].Name = "cri-pod-stats-2"
	other.Arms[3].Interval /= 2
	f("other arms", old, runOf(t, "new", made(other, 2, costs{})), Inconclusive, "old: cri-pod-stats", ": cri-container-stats lost", "new: cri-pod-stats-2")
}

// Positive controls and arms that repeat another are not endpoints.
func TestLeftOut(t *testing.T) {
	run, err := analysistest.Headline(8)
	if err != nil {
		t.Fatal(err)
	}
	old := runOf(t, "old", run)
	run.Seed++
	c := compared(t, old, runOf(t, "new", run), Options{Margin: 0.2})
	var left []string
	for _, u := range c.Unmatched {
		left = append(left, u.Arm)
	}
	if want := []string{"today-again", "control"}; !slices.Equal(left, want) {
		t.Errorf("not compared %q, want %q", left, want)
	}
	cpu, pss := endpoint(t, c, "cri", analysis.TotalOf(analysis.CPUCores)), endpoint(t, c, "cri", analysis.TotalOf(analysis.PSS))
	if cpu.Old.N != 8 || pss.Old.N != 8 {
		t.Errorf("CPU of %d, PSS of %d rounds", cpu.Old.N, pss.Old.N)
	}
}

// Simulated runs have ratios and no verdict, and never meet real ones.
func TestSimulated(t *testing.T) {
	p := planOf(t, nightly, "10", 4, 4)
	simulated := func(in *analysis.Input) { in.Host.Simulated = true }
	broken := func(in *analysis.Input) {
		for i := range in.Trials {
			in.Trials[i].Agents[0].Missing = []string{"a"}
		}
	}
	old := runOf(t, "old", made(p, 1, costs{}), simulated)
	c := compared(t, old, runOf(t, "new", made(p, 2, worse("cadvisor", 9)), simulated, broken), Options{})
	for _, e := range c.Endpoints {
		if e.Verdict != NoVerdict || e.Unadjusted != NoVerdict || e.Worse || e.Settles != 0 {
			t.Errorf("a simulated endpoint: %+v", e)
		}
	}
	for _, f := range c.Faults {
		if f.Verdict != NoVerdict {
			t.Errorf("a simulated fault: %+v", f)
		}
	}
	if c.Verdict != NoVerdict || !c.Simulated || len(c.Endpoints) == 0 || len(c.Faults) == 0 {
		t.Errorf("%s, simulated %v, %d endpoints, %d faults", c.Verdict, c.Simulated, len(c.Endpoints), len(c.Faults))
	}
	var different *DifferenceError
	if _, err := Compare(old, runOf(t, "new", made(p, 2, costs{})), Options{Anyway: true}); !errors.As(err, &different) {
		t.Errorf("simulated against real: %v", err)
	}
}

// One trial has no interval, and that is no verdict.
func TestOneRound(t *testing.T) {
	p := planOf(t, nightly, "10", 1, 1)
	c := compared(t, runOf(t, "old", made(p, 1, costs{})), runOf(t, "new", made(p, 2, worse("cadvisor", 9))), Options{})
	e := endpoint(t, c, "cadvisor", analysis.TotalOf(analysis.CPUCores))
	if e.Verdict != Inconclusive || e.Ratio.Interval != nil || !(e.Ratio.Value > 2) || len(e.Notes) != 1 || c.Verdict != Inconclusive {
		t.Errorf("%s: %+v", c.Verdict, e)
	}
	if _, err := json.Marshal(c); err != nil {
		t.Error(err)
	}
}

func TestMargin(t *testing.T) {
	p := planOf(t, nightly, "10", 4, 4)
	old, new := runOf(t, "old", made(p, 1, costs{})), runOf(t, "new", made(p, 2, costs{}))
	if c := compared(t, old, new, Options{}); c.Margin != 0.05 {
		t.Errorf("the plan's margin is %g", c.Margin)
	}
	for _, m := range []float64{-0.1, math.NaN(), math.Inf(1)} {
		if _, err := Compare(old, new, Options{Margin: m}); err == nil {
			t.Errorf("a margin of %g was taken", m)
		}
	}
	var duplicate *DuplicateError
	if _, err := Compare(old, old, Options{}); !errors.As(err, &duplicate) {
		t.Errorf("a run against itself: %v", err)
	}
}

// void trials in many more trials than before are told of.
func TestWarnings(t *testing.T) {
	p := planOf(t, nightly, "10", 12, 12)
	void := func(in *analysis.Input) {
		for i := range in.Trials {
			if i%2 == 0 {
				in.Trials[i].Void = []bench.Void{{Reason: bench.VoidSteal}}
			}
		}
	}
	damaged := func(in *analysis.Input) { in.Damage = []string{"trials.jsonl:3: checksum"} }
	c := compared(t, runOf(t, "old", made(p, 1, costs{}), damaged), runOf(t, "new", made(p, 2, costs{}), void), Options{})
	for _, want := range []string{"30 of 60 trials are void, 0 of 60 in the old run", "old: damaged records that are not used: 1"} {
		if !slices.ContainsFunc(c.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("no warning of %q: %q", want, c.Warnings)
		}
	}
	p.Arms = slices.DeleteFunc(slices.Clone(p.Arms), func(a bench.Arm) bool { return a.Name == "idle" || a.Name == "cgroup" })
	p.Idle = ""
	c = compared(t, runOf(t, "old", made(p, 1, costs{})), runOf(t, "new", made(p, 2, costs{})), Options{})
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "cannot be told from one of the runtime") {
		t.Errorf("without floors: %q", c.Warnings)
	}
}

// A runtime that begins to lie has regressed, whatever it costs to be lied to; one that lied
// before, or in both runs, is not decided.
func TestUntrue(t *testing.T) {
	p := planOf(t, nightly, "10", 4, 4)
	const arm = "cri-pod-stats"
	lies := func(in *analysis.Input) {
		for i := range in.Checks {
			if slices.Contains(in.Checks[i].Collectors, arm) {
				in.Checks[i].Report.Findings = append(in.Checks[i].Report.Findings, agreement.Finding{
					Source: arm, Kind: agreement.Frozen, Severity: agreement.Defect, Level: agreement.Containers, Quantities: []string{bench.CPUUsage.Name}, Evidence: "it stands still",
				})
			}
		}
	}
	checked := func(run analysistest.Run) analysistest.Run {
		run.Checks = func(cell bench.Cell) []record.Check {
			report := &agreement.Report{Referenced: true}
			check := record.Check{Cell: cell, Report: report}
			for _, a := range p.Arms {
				for _, collector := range a.Collectors {
					if !slices.Contains(check.Collectors, collector) {
						check.Collectors = append(check.Collectors, collector)
						report.Sources = append(report.Sources, agreement.SourceReport{Name: collector})
					}
				}
			}
			return []record.Check{check}
		}
		return run
	}
	f := func(old, new []func(*analysis.Input), want Verdict, lost int) {
		t.Helper()
		c := compared(t, runOf(t, "old", checked(made(p, 1, costs{})), old...), runOf(t, "new", checked(made(p, 2, costs{})), new...), Options{Margin: 0.5})
		n := 0
		for _, u := range c.Unmatched {
			if u.Arm == arm && strings.Contains(u.Why, "it stands still") {
				n++
			}
		}
		if c.Verdict != want || n != lost {
			t.Errorf("%s with %d places that are not compared, want %s with %d: %+v", c.Verdict, n, want, lost, c.Unmatched)
		}
	}
	lie := []func(*analysis.Input){lies}
	f(nil, nil, Same, 0)
	f(nil, lie, Regressed, 1)
	f(lie, nil, Inconclusive, 1)
	f(lie, lie, Inconclusive, 1)
}

// Damaged records cannot be compared with anything.
func TestUnsound(t *testing.T) {
	p := planOf(t, nightly, "10", 4, 4)
	unsound := func(in *analysis.Input) { in.Unsound = []string{"trials.jsonl:3: checksum"} }
	var different *DifferenceError
	_, err := Compare(runOf(t, "old", made(p, 1, costs{})), runOf(t, "new", made(p, 2, costs{}), unsound), Options{Anyway: true})
	if !errors.As(err, &different) || !strings.Contains(err.Error(), "trials.jsonl:3: checksum") {
		t.Errorf("compared: %v", err)
	}
}
