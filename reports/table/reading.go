package table

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// reading says what the numbers are.
func reading(r *analysis.Report) Section {
	lines := []string{
		fmt.Sprintf("Intervals are two-sided at %s if nothing else is said. \"%s\" is absent: not measured, or not to be told; it is never zero.", format.Percent(r.Level), format.Absent),
		"CPU and memory: mean over trials, Student's t. The trial is the unit: n is the number of trials used.",
		"Memory is PSS. CPU is user and system time from process clocks or cgroups, over the length of the window.",
		"Latency: response time, from when a call was due to when its answer stood decoded, over all calls of the trials used. Failed calls rank above every answer.",
		"Latency intervals are those of order statistics. Calls that follow each other are alike, so ranks go by the effective number of calls, given for p50, not by their count.",
		"Ratios: geometric mean over pairs of trials of the same round, Student's t on logarithms. Differences: mean over such pairs.",
		"Void trials broke a guard that was set beforehand and never enter a number; they are run again as the plan allows.",
	}
	if hasSlices(r) {
		lines = append(lines,
			"Slices: arms that sleep between calls took turns of a few calls each, cycle after cycle. CPU and latency of such arms are those of slices, paired by cycle; memory is that of trials of their own; both are set side by side under \"Quality of evidence\".",
			"What an interval over slices counts are blocks of cycles where there are six or more, else batches of cycles that are not correlated (at most 30 of them), chosen without a look at the result.",
			"The CPU time of slices is stated at the arm's own interval: what is above the idle arm of the same cycle goes with the calls. A ratio between an arm with slices and one without is that of what each costs above the idle arm.",
		)
	}
	if verdictsShown(r) {
		m := format.Percent(r.Margin)
		lines = append(lines,
			fmt.Sprintf("Verdicts rest on the %s interval [L, U] of the ratio: Better U < 1, NonInferior U < 1 + %s (worse: and L > 1), Inferior L > 1 + %s, else Inconclusive. Each is wrong in at most 5 %% of runs. A net ratio is one of what each arm has above the idle arm.",
				format.Percent(r.VerdictLevel), m, m),
			"CPU and PSS in the primary cell must both hold, so neither is adjusted. CPU and PSS elsewhere and the median latency are secondary, and adjusted by Holm over all of them; intervals are shown unadjusted, and (Holm) marks what they alone would say more of.",
			"\"Can find\" is the loss that as many pairs show in four of five runs. \"Settled by\" is how many rounds (c: cycles) would settle what is open in four of five runs, if the ratio is what was found; \"never\" if it lies on the margin.",
		)
	}
	if len(r.Parts) > 0 {
		lines = append(lines, "Total is "+strings.Join(names(r.Parts), " + ")+".")
	}
	if r.Idle != "" {
		lines = append(lines, fmt.Sprintf("The idle arm %s wakes up and reads nothing: its latency is that of a clock, its cost that of the node with agents that do nothing.", r.Idle))
	}
	return Section{Heading: "How to read", Lines: lines}
}

func hasSlices(r *analysis.Report) bool {
	for _, a := range r.Arms {
		if a.Slices.Tried > 0 {
			return true
		}
	}
	return false
}

func verdictsShown(r *analysis.Report) bool { return !r.Simulated() && r.Baseline != "" }

func names(parts []bench.Component) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = string(p)
	}
	return out
}
