package table

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// method says what the numbers are and how they were got.
func method(r *analysis.Report) Section {
	s := Section{
		ID: "method", Heading: "Method, and how to read", Background: true,
		Lines: []string{
			fmt.Sprintf("Intervals are two-sided at %s if nothing else is said. \"%s\" is absent: not measured, or not to be told; it is never zero.", format.Percent(r.Level), format.Absent),
			"A trial is one window of one arm, read by a fresh agent process on a fixed schedule. Rounds hold every arm once, in an order shuffled by a generator with the plan's seed; different arms never overlap. The trial is the unit: the calls in a window are alike, and a thousand of them are one trial.",
			"CPU is user and system time from process clocks or cgroups (ns, µs), over the length of the window; memory is PSS after it. Inside the window the harness does not log, write or collect garbage.",
			"Latency is response time: from when a call was due to when its answer stood decoded. Failed calls rank above every answer.",
		},
		Tables: []Table{methods(r), guards()},
	}
	s.Tables[1].Aside = true
	if hasSlices(r) {
		s.Lines = append(s.Lines,
			"Slices: arms that sleep between calls took turns of a few calls each, cycle after cycle. CPU and latency of such arms are those of slices, paired by cycle; memory is that of trials of their own; both are set side by side under \"Quality of evidence\".",
			"The CPU time of slices is stated at the arm's own interval: what is above the idle arm of the same cycle goes with the calls. A ratio between an arm with slices and one without is that of what each costs above the idle arm, and is marked \"net\".",
		)
	}
	if verdictsShown(r) {
		m := format.Percent(r.Margin)
		s.Lines = append(s.Lines,
			fmt.Sprintf("Verdicts rest on the %s interval [L, U] of the ratio: Better U < 1, NonInferior U < 1 + %s (worse: and L > 1), Inferior L > 1 + %s, else Inconclusive. Each is wrong in at most 5 %% of runs.", format.Percent(r.VerdictLevel), m, m),
			"\"Can find\" is the loss that as many pairs show in four of five runs. \"Settled by\" is how many rounds (c: cycles) would settle what is open in four of five runs, if the ratio is what was found; \"never\" if it lies on the margin.",
		)
	}
	if len(r.Parts) > 0 {
		s.Lines = append(s.Lines, "Total is "+strings.Join(names(r.Parts), " + ")+".")
	}
	if len(r.Checks) > 0 {
		s.Lines = append(s.Lines, "Truth: once in each profile, at the highest density, every collector is called again outside of all windows, between direct readings of the cgroup files. A value is as old as the kernel's counter says that it is, whatever its timestamp; a defect follows from bounds that direct readings give, not from estimates.")
	}
	if r.Idle != "" {
		s.Lines = append(s.Lines, fmt.Sprintf("The idle arm %s wakes up and reads nothing: its latency is that of a clock, its cost that of the node with agents that do nothing.", r.Idle))
	}
	return s
}

// methods is the statistics in one table.
func methods(r *analysis.Report) Table {
	t := Table{Caption: "Statistics", Header: []string{"of", "estimate and interval"}, Prose: true}
	add := func(of, text string) { t.Rows = append(t.Rows, Row{plain(of), plain(text)}) }
	add("CPU, memory, first calls, sizes", "arithmetic mean over trials, or over blocks of slices; Student's t")
	add("latency", "quantiles over all calls (type 7 up to p95, nearest rank above); order statistics with the effective number of calls, which counts those that follow each other as the fewer that they are worth")
	if r.Baseline != "" {
		add("ratio to the baseline", "geometric mean over pairs of the same round or cycle; Student's t on logarithms, and the exact Hodges-Lehmann interval beside it")
	}
	if r.Idle != "" {
		add("overhead above idle", "mean difference over such pairs; up to three standard errors of the idle arm it is below the detection limit")
	}
	if hasSlices(r) {
		add("unit of slices", "blocks of cycles where there are six or more, else batches of cycles that are not correlated (at most 30), chosen without a look at the result")
	}
	add("growth with pods", "line of least relative squares, Theil-Sen slope beside it; exponent of a power law of the overhead where a parabola is closer than the line; nothing beyond the densities measured")
	if verdictsShown(r) {
		add("many endpoints", "CPU and PSS in the primary cell must both hold (intersection-union), unadjusted; the same in other cells and median latency: Holm, (Holm) marks what the interval alone would say more of; components: Benjamini and Hochberg, no verdict")
	}
	return t
}

// guards are the rules that void a trial.
func guards() Table {
	t := Table{Caption: "A trial is void, and run again as the plan allows, for one of these reasons, fixed beforehand; none looks at a result", Header: []string{"reason", "rule"}, Prose: true}
	for _, g := range []struct {
		reason bench.VoidReason
		rule   string
	}{
		{bench.VoidSteal, "the hypervisor took more than the limit of the node's CPU time"},
		{bench.VoidForeignCPU, "node busy minus all that is accounted is above the limit"},
		{bench.VoidHarnessCPU, "the harness itself burned more than the limit"},
		{bench.VoidMissedSchedule, "an agent that was free began a call later than the limit"},
		{bench.VoidRestart, "a metered process ended or began inside the window"},
		{bench.VoidPodCount, "not exactly the pods of the cell, the same before and after"},
		{bench.VoidTreatment, "a kubelet that is not in the state that the arm asks for, before or after the window"},
		{bench.VoidAgent, "an agent died or did not answer"},
		{bench.VoidMeter, "a reading at an edge of the window is missing"},
	} {
		t.Rows = append(t.Rows, Row{plain(string(g.reason)), plain(g.rule)})
	}
	return t
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
