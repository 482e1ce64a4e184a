package main

import (
	"errors"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/runs"
)

func TestFailOn(t *testing.T) {
	primary := bench.Cell{Pods: 110, ContainersPerPod: 1, Profile: "active"}
	other := bench.Cell{Pods: 10, ContainersPerPod: 1, Profile: "active"}
	pair := func(name string, v analysis.Verdict, withheld ...string) analysis.Pairing {
		return analysis.Pairing{Of: name, To: "today", Together: v, Judgements: []analysis.Judgement{{}}, Withheld: withheld, Headline: true}
	}
	also := pair("d", analysis.Inferior)
	also.Headline = false
	r := &analysis.Report{Primary: &primary, Cells: []analysis.Cell{
		{Cell: other, Pairings: []analysis.Pairing{also}},
		{Cell: primary, Pairings: []analysis.Pairing{pair("a", analysis.Better), pair("b", analysis.Inconclusive), pair("c", analysis.Inferior)}},
	}}
	f := func(r *analysis.Report, fail failOn, want int) {
		t.Helper()
		err := fail.check(r)
		var got statusError
		if errors.As(err, &got); got.status != want {
			t.Errorf("--fail-on %v: %v, status %d, want %d", fail, err, got.status, want)
		}
	}
	f(r, nil, exitDone)
	f(r, failOn{"inconclusive"}, exitInconclusive)
	f(r, failOn{"inferior"}, exitInferior)
	f(r, failOn{"inconclusive", "inferior"}, exitInferior)
	// What was not measured is not decided: no primary cell, no comparison, no verdict.
	gone := *r
	gone.Cells = r.Cells[:1]
	f(&gone, failOn{"inconclusive", "inferior"}, exitInconclusive)
	f(&analysis.Report{}, failOn{"inferior"}, exitDone)
	f(&analysis.Report{}, failOn{"inferior", "inconclusive"}, exitInconclusive)
	only := func(p analysis.Pairing) *analysis.Report {
		return &analysis.Report{Primary: &primary, Cells: []analysis.Cell{{Cell: primary, Pairings: []analysis.Pairing{p}}}}
	}
	unmeasured := pair("a", analysis.NoVerdict, "no trial of a counts")
	unmeasured.Judgements = nil
	f(only(unmeasured), failOn{"inconclusive"}, exitInconclusive)
	f(only(unmeasured), failOn{"untrue"}, exitDone)
	// Answers that are not true are no success, whatever they cost.
	f(only(pair("a", analysis.NoVerdict, "a: frozen")), failOn{"untrue"}, exitInferior)
	f(only(pair("a", analysis.NoVerdict, "a: frozen")), failOn{"inferior"}, exitDone)

	// A sentence of the KEP counts like an arm, of one run and of several.
	says := func(primary bool, result analysis.Result) *analysis.Report {
		return &analysis.Report{Kubelet: &analysis.KubeletReport{Verdicts: []analysis.KEPVerdict{{Primary: primary, Result: result}}}}
	}
	f(says(true, analysis.Fail), failOn{"inferior"}, exitInferior)
	f(says(true, analysis.Fail), failOn{"inconclusive"}, exitDone)
	f(says(true, analysis.Unsettled), failOn{"inferior", "inconclusive"}, exitInconclusive)
	f(says(true, analysis.Pass), failOn{"inferior", "inconclusive"}, exitDone)
	f(says(false, analysis.Fail), failOn{"inferior", "inconclusive"}, exitDone)
	f(says(false, analysis.NotApplicable), failOn{"inferior", "inconclusive"}, exitDone)
	together := func(primary bool, result analysis.Result, fail failOn, want int) {
		t.Helper()
		err := fail.checkNodes(&runs.Nodes{KEP: []runs.KEPVerdict{{Primary: primary, Result: result}}}, nil)
		var got statusError
		if errors.As(err, &got); got.status != want {
			t.Errorf("--fail-on %v of nodes: %v, status %d, want %d", fail, err, got.status, want)
		}
	}
	together(true, analysis.Fail, failOn{"inferior"}, exitInferior)
	together(true, analysis.Fail, failOn{"inconclusive"}, exitDone)
	together(true, analysis.Unsettled, failOn{"inferior", "inconclusive"}, exitInconclusive)
	together(false, analysis.Fail, failOn{"inferior"}, exitDone)
	together(false, analysis.NotApplicable, failOn{"inferior", "inconclusive"}, exitDone)

	if err := (failOn{"worse"}).valid(); err == nil {
		t.Error("a word that is no verdict was taken")
	}
}
