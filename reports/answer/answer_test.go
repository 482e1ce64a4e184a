package answer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/reports/answer"
	"cri-stats-bench/reports/reporttest"
)

// lines are the comparisons, a line for each endpoint.
func lines(a *answer.Answer) []string {
	var out []string
	for _, c := range a.Comparisons {
		for _, r := range c.Rows {
			out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%s | %s: %s to %s %s, %s %s: %s", c.Name, r.What, r.Old, r.New, r.Unit, r.Ratio, r.Interval, r.Says())), " "))
		}
	}
	return out
}

func text(a *answer.Answer, label string) string {
	for _, f := range a.Facts {
		if f.Label == label {
			return f.Text
		}
	}
	return ""
}

// What the preset quick asks is answered, each comparison with all three endpoints.
func TestHeadline(t *testing.T) {
	a := answer.New(reporttest.Headline(t))
	if diff := cmp.Diff([]string{
		"1. a kubelet of today, cAdvisor + CRI | CPU: 541 to 630 mcores, 1.16 [1.15, 1.18]: dearer",
		"1. a kubelet of today, cAdvisor + CRI | memory (PSS): 679 to 432 MiB, 0.637 [0.632, 0.642]: cheaper",
		"1. a kubelet of today, cAdvisor + CRI | latency p50: 103 to 163 ms, 1.59 [1.53, 1.64]: slower",
		"2. cAdvisor alone, cached | CPU: 521 to 630 mcores, 1.21 [1.19, 1.23]: dearer",
	}, lines(a)[:4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := "110 idle pods: cri (cri-pod-stats + cri-pod-metrics, every 10s or as the plan says) instead of ..."; a.Question != want {
		t.Errorf("the question is %q, want %q", a.Question, want)
	}
	if want := "cri instead of today, margin 2 %: CPU × 1.16 [1.15, 1.18] (dearer), memory (PSS) × 0.637 [0.632, 0.642] (cheaper)."; a.Sentence != want {
		t.Errorf("the sentence is %q, want %q", a.Sentence, want)
	}
	var labels []string
	for _, f := range a.Facts {
		labels = append(labels, f.Label)
		for _, row := range f.Grid.Rows {
			if len(row) != len(f.Grid.Header) {
				t.Errorf("%s: the row %q does not fit the header %q", f.Label, row, f.Grid.Header)
			}
		}
	}
	if diff := cmp.Diff([]string{"GROWTH", "YOUR CADENCE", "TRUTH, AGE", "HOW SURE", "TO SETTLE IT", "MORE"}, labels); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// Nothing simulated has a verdict, whatever the numbers are.
func TestSimulated(t *testing.T) {
	a := answer.New(reporttest.Trouble(t))
	for _, c := range a.Comparisons {
		for _, r := range c.Rows {
			if r.Verdict != analysis.NoVerdict || r.Says() != "no verdict: simulated" {
				t.Errorf("%s, %s: %q", c.Name, r.What, r.Says())
			}
		}
	}
	if !strings.HasPrefix(a.Marks[0], "SIMULATED: ") || !slices.ContainsFunc(a.Marks, func(m string) bool { return strings.Contains(m, "cri-pod-metrics (ListPodSandboxMetrics") }) {
		t.Errorf("marks %q", a.Marks)
	}
}

// What is not true has no verdict and says why; its numbers are shown.
func TestUntrue(t *testing.T) {
	a := answer.New(reporttest.Node(t))
	c := a.Comparisons[2]
	if c.Of != "cri-pod-stats" || !strings.Contains(c.Why, "not true: frozen") || c.Rows[0].Says() != "no verdict" || c.Rows[0].Interval == "" {
		t.Errorf("%+v", c)
	}
	if got := text(a, "TRUTH, AGE"); !strings.HasPrefix(got, "4 collectors held against the cgroup files: NOT TRUE cri-pod-stats. ") {
		t.Errorf("truth: %q", got)
	}
}

// Without comparisons the answer is what arms cost; without anything it is that.
func TestNothingCompared(t *testing.T) {
	a := answer.New(reporttest.Parallel(t))
	if len(a.Comparisons) != 0 || !strings.HasPrefix(a.Sentence, "Nothing was compared") || a.Facts[0].Label != "COSTS" || len(a.Facts[0].Grid.Rows) != 1 {
		t.Errorf("%+v", a)
	}
	if a := answer.New(&analysis.Report{}); len(a.Facts) != 1 || a.Question != "" {
		t.Errorf("of nothing: %+v", a)
	}
}

// of is a report of one comparison with these judgements.
func of(p analysis.Pairing, notes ...analysis.Note) *analysis.Report {
	cell := bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: "idle"}
	p.Of, p.To, p.Headline = "new", "old", true
	return &analysis.Report{
		Experiment: "api", Margin: 0.02, Primary: &cell, Notes: notes,
		Arms:  []analysis.Arm{{Name: "new", Collectors: []string{"new"}}, {Name: "old", Collectors: []string{"old"}}},
		Cells: []analysis.Cell{{Cell: cell, Pairings: []analysis.Pairing{p}}},
	}
}

// A comparison is never missing: what is absent is said in words.
func TestWords(t *testing.T) {
	f := func(j analysis.Judgement, want string) {
		t.Helper()
		j.Series = analysis.TotalOf(analysis.CPUCores)
		a := answer.New(of(analysis.Pairing{Judgements: []analysis.Judgement{j}}, analysis.Note{Text: "only one\nround"}))
		if got := a.Comparisons[0].Rows[0].Says(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := a.Comparisons[0].Rows[1].Says(); got != "not measured" {
			t.Errorf("memory: %q", got)
		}
	}
	ratio := analysis.Estimate{Value: 1.01, N: 3, Interval: &analysis.Interval{Lo: 1.001, Hi: 1.019}}
	say := func(v analysis.Verdict) analysis.Judgement {
		return analysis.Judgement{Ratio: ratio, Verdict: v, Unadjusted: v}
	}
	f(say(analysis.Better), "cheaper")
	f(say(analysis.NonInferior), "not dearer")
	f(say(analysis.Inferior), "dearer")
	f(say(analysis.Inconclusive), "not settled")
	f(say(analysis.NoVerdict), "no verdict")
	within, worse, many, bare := say(analysis.NonInferior), say(analysis.Inconclusive), say(analysis.Inconclusive), say(analysis.NoVerdict)
	within.WithinMargin, worse.Worse, many.Unadjusted, bare.Ratio.Interval = true, true, analysis.Inferior, nil
	f(within, "dearer, within 2 %")
	f(worse, "not settled, but dearer")
	f(many, "not settled (Holm)")
	f(bare, "no verdict: too few rounds")
	f(analysis.Judgement{Ratio: analysis.Estimate{Notes: []int{0}}}, "not measured: only one round")

	a := answer.New(of(analysis.Pairing{Withheld: []string{"no trial of new counts"}}))
	if got := a.Comparisons[0]; got.Why != "no trial of new counts" || got.Rows[0].Says() != "not measured" {
		t.Errorf("nothing was measured: %+v", got)
	}
	if want := "No verdict: no trial of new counts."; !strings.HasSuffix(a.Sentence, want) {
		t.Errorf("the sentence is %q, want %q at its end", a.Sentence, want)
	}
}

// What is open says what would settle it, and that some things nothing would.
func TestSettle(t *testing.T) {
	f := func(rounds int, name, want string) {
		t.Helper()
		j := analysis.Judgement{
			Series: analysis.TotalOf(analysis.CPUCores), Verdict: analysis.Inconclusive, Unadjusted: analysis.Inconclusive,
			Ratio: analysis.Estimate{Value: 1.01, N: 3, Interval: &analysis.Interval{Lo: 0.9, Hi: 1.2}}, Settles: rounds,
		}
		r := of(analysis.Pairing{Judgements: []analysis.Judgement{j}})
		r.Name = name
		for i := range r.Arms {
			r.Arms[i].Trials.Window = 89e9
		}
		if diff := cmp.Diff(want, text(answer.New(r), "TO SETTLE IT")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	f(10, "quick", "1. CPU 10 rounds: about 30 minutes of rounds like these, if the ratios are what was found; run --preset precise runs longer, and ends early what is decided.")
	f(100, "precise", "1. CPU 100 rounds: about 5 hours of rounds like these, if the ratios are what was found; give the plan more rounds.")
	f(0, "quick", "1. CPU (too close to the margin for any number of rounds).")
}

// Price times rate is said to fail where it does, and only of the primary cell.
func TestCadence(t *testing.T) {
	r := of(analysis.Pairing{})
	e := func(v float64) analysis.Estimate {
		return analysis.Estimate{Value: v, N: 3, Interval: &analysis.Interval{Lo: v * 0.9, Hi: v * 1.1}}
	}
	r.Prices = []analysis.Price{
		{Cell: *r.Primary, Collector: "new", PerCall: e(0.1), At: []analysis.PriceAt{{Interval: 10e9, Cores: e(0.01)}}},
		{Cell: bench.Cell{Pods: 1}, Collector: "elsewhere", PerCall: e(0.1)},
		{Cell: *r.Primary, Collector: "absent"},
	}
	r.PriceTests = []analysis.PriceTest{{Cell: *r.Primary, Arm: "both", Against: "old", Predicted: e(0.01), Found: e(0.02)}, {Cell: bench.Cell{Pods: 1}, Holds: true}}
	a := answer.New(r)
	if got, want := text(a, "YOUR CADENCE"), "Price x rate FAILS in 1 of 1 tests: both less old: predicted 10.0 [9.00, 11.0], found 20.0 [18.0, 22.0] mcores."; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want %q at its end", got, want)
	}
	for _, f := range a.Facts {
		if f.Label == "YOUR CADENCE" {
			if diff := cmp.Diff([][]string{{"new", "100 [90.0, 110]", "-", "10.0", "-", "-"}}, f.Grid.Rows); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	}
}

// The sentences of the KEP come with their ratios, and with no result if simulated.
func TestKubelet(t *testing.T) {
	run, err := analysistest.Kubelet(6, "containerd", 0.8)
	if err != nil {
		t.Fatal(err)
	}
	for _, simulated := range []bool{false, true} {
		run.Host.Simulated = simulated
		r, err := run.Input().Analyze()
		if err != nil {
			t.Fatal(err)
		}
		all := answer.New(r).Sentences
		if len(all) != 4 {
			t.Fatalf("%d sentences", len(all))
		}
		for _, s := range all {
			if simulated && (s.Result != "no verdict" || s.Why != "") {
				t.Errorf("a simulated run says %+v", s)
			}
		}
		if s := all[1]; !simulated && (s.Result != "PASS" || !strings.HasPrefix(s.Why, "CPU 0.79")) {
			t.Errorf("got %+v", s)
		}
	}
}
