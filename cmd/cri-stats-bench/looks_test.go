package main

import (
	"slices"
	"testing"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/record"
)

// In this real run an arm that had been let go after 8 rounds came back as undecided after
// 12, since spread and steal of the others had moved.
func TestWhatIsLetGoStaysSo(t *testing.T) {
	records, err := record.Open("testdata/records/precise")
	if err != nil {
		t.Fatal(err)
	}
	in, err := analysis.NewInput(records)
	if err != nil {
		t.Fatal(err)
	}
	known := looks{plan: in.Plan, trials: in.Trials}
	cell := in.Plan.Cells()[0]
	var gone []string
	for _, rounds := range in.Plan.Rounds.Looks() {
		needed := known.look(cell, rounds)
		for _, a := range in.Plan.Arms {
			if slices.Contains(needed, a.Name) && slices.Contains(gone, a.Name) {
				t.Errorf("after %d rounds %s is needed again", rounds, a.Name)
			}
			if !slices.Contains(needed, a.Name) {
				gone = append(gone, a.Name)
			}
		}
	}
	if !slices.Contains(gone, "cri-container-stats") {
		t.Error("no arm was let go: the records show nothing")
	}
}
