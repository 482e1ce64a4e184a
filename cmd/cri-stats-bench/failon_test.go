package main

import (
	"errors"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
)

func TestFailOn(t *testing.T) {
	primary := bench.Cell{Pods: 110, ContainersPerPod: 1, Profile: "active"}
	other := bench.Cell{Pods: 10, ContainersPerPod: 1, Profile: "active"}
	arm := func(name string, v analysis.Verdict) analysis.ArmResult {
		return analysis.ArmResult{Arm: name, Together: v, Judgements: []analysis.Judgement{{}}}
	}
	r := &analysis.Report{Primary: &primary, Cells: []analysis.Cell{
		{Cell: other, Arms: []analysis.ArmResult{arm("a", analysis.Inferior)}},
		{Cell: primary, Arms: []analysis.ArmResult{arm("a", analysis.Better), arm("b", analysis.Inconclusive), arm("c", analysis.Inferior)}},
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
	r.Cells = r.Cells[:1] // not the primary one
	f(r, failOn{"inconclusive", "inferior"}, exitDone)
	f(&analysis.Report{}, failOn{"inferior"}, exitDone)
	if err := (failOn{"worse"}).valid(); err == nil {
		t.Error("a word that is no verdict was taken")
	}
}
