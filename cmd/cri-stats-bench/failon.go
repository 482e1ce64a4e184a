package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/analysis"
)

// failOn are the verdicts that make a command fail, for use in CI.
type failOn []string

// failStatus is the exit status of each verdict that --fail-on takes.
var failStatus = map[string]struct {
	verdict analysis.Verdict
	status  int
}{
	"inferior":     {analysis.Inferior, exitInferior},
	"inconclusive": {analysis.Inconclusive, exitInconclusive},
}

func (f *failOn) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar((*[]string)(f), "fail-on", nil,
		"end with status 20 (inferior) or 10 (inconclusive) if an arm's verdict on CPU and memory together is so")
}

// valid refuses words that are no verdict to fail on.
func (f failOn) valid() error {
	for _, name := range f {
		if _, ok := failStatus[name]; !ok {
			return usage("--fail-on %s: give inferior, inconclusive, or both", name)
		}
	}
	return nil
}

// check fails if an arm of the primary cell has a verdict to fail on; the worse
// one decides the status.
func (f failOn) check(r *analysis.Report) error {
	for _, name := range []string{"inferior", "inconclusive"} {
		fail := failStatus[name]
		var arms []string
		for _, cell := range r.Cells {
			for _, arm := range cell.Arms {
				if r.Primary != nil && cell.Cell == *r.Primary && len(arm.Judgements) > 0 && arm.Together == fail.verdict {
					arms = append(arms, arm.Arm)
				}
			}
		}
		if len(arms) > 0 && slices.Contains(f, name) {
			return statusError{fail.status, fmt.Errorf("%s: %s", name, strings.Join(arms, ", "))}
		}
	}
	return nil
}
