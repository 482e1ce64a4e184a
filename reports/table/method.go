package table

import (
	"fmt"

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
	if verdictsShown(r) {
		m := format.Percent(r.Margin)
		s.Lines = append(s.Lines,
			fmt.Sprintf("Verdicts rest on the %s interval [L, U] of the ratio: cheaper U < 1, not dearer U < 1 + %s, dearer L > 1 + %s, else not settled; then all are adjusted together, so that any claim of one kind is wrong in at most 5 %% of runs.", format.Percent(r.VerdictLevel), m, m),
			"\"Can find\" is the loss that as many rounds show in four of five runs. \"Settled by\" is how many rounds would settle what is open in four of five runs, if the ratio is what was found; \"never\" if it lies on the margin.",
		)
	}
	if len(r.Parts) > 0 {
		s.Lines = append(s.Lines, "Total is "+r.TotalName()+".")
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
	add := func(of, text string) { t.Rows = append(t.Rows, Row{Plain(of), Plain(text)}) }
	add("CPU, memory, first calls, sizes", "arithmetic mean over trials; Student's t")
	add("latency", "quantiles over all calls (type 7 up to p95, nearest rank above); order statistics with the effective number of calls, which counts those that follow each other as the fewer that they are worth")
	add("ratio of two arms", "of totals, in windows of equal length after equal warm-ups: geometric mean over rounds, Student's t on logarithms; with fewer than ten rounds the spread is that of all arms with the same windows, once arms and rounds are taken off, unless the arm's own is larger")
	add("price of a call", "mean above the idle arm of the same windows, over the calls answered; other cadences by proportion")
	add("growth with pods", "line of least relative squares; it bends where a parabola is closer (AICc); nothing beyond the densities measured")
	if verdictsShown(r) {
		add("many endpoints", "Holm over all endpoints of the report, for each claim; CPU and PSS of the headline weigh thirty times as much as others; where the run is looked at several times, the 5 % are spent over the looks (Lan and DeMets, O'Brien-Fleming type); (Holm) marks what the endpoint alone would say more of")
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
		t.Rows = append(t.Rows, Row{Plain(string(g.reason)), Plain(g.rule)})
	}
	return t
}

func verdictsShown(r *analysis.Report) bool { return !r.Simulated() && len(r.Headlines()) > 0 }
