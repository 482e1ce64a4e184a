// Package hypothesis turns a report into what it says of a hypothesis: confirmed, refuted
// or undecided, and by which numbers. The hypotheses themselves are package plan's; each
// rule here stands beside the source of what it predicts.
//
// It measures nothing and judges no cost: verdicts are package judge's.
package hypothesis

import (
	"fmt"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
)

// A rule turns a report into an outcome, and says by which numbers.
type rule func(*analysis.Report) (analysis.Outcome, string)

// rules has one for each hypothesis that a plan can name.
var rules = map[string]rule{
	"h1": limited, "h2": collects, "h4": serialized, "h6": standsStill, "h7": wholeSeconds, "h10": breaks,
}

// Test puts the hypothesis of a report to the test, if it has one, and notes the outcome
// in it. Nothing is said of a run that was simulated.
func Test(r *analysis.Report) {
	h := r.Hypothesis
	if h == nil || r.Simulated() {
		return
	}
	of := rules[h.ID]
	if of == nil { // of a later program
		h.Numbers = "this program has no rule for it"
		return
	}
	h.Outcome, h.Numbers = of(r)
}

// A read is one arm in one cell that has one collector alone.
type read struct {
	cell *analysis.Cell
	arm  *analysis.Arm
	got  *analysis.CollectorResult
}

// reading returns the arms of all cells that have this collector alone.
func reading(r *analysis.Report, collector string) []read {
	var out []read
	for i := range r.Cells {
		for j := range r.Arms {
			a := &r.Arms[j]
			result := r.Cells[i].Arm(a.Name)
			if len(a.Collectors) != 1 || a.Collectors[0] != collector || result == nil || len(result.Collectors) != 1 || result.Used == 0 {
				continue
			}
			out = append(out, read{&r.Cells[i], a, &result.Collectors[0]})
		}
	}
	return out
}

// The limiter of containerd (internal/cri/server, statsLimiter): so many pods at once and
// so many a second, by its source.
const (
	limiterBurst = 10
	limiterRate  = 10.0
	// limiterSlack is what a call may take besides: reading itself.
	limiterSlack = 0.3
	// limiterEdge is how close to its rate a cadence tells nothing: where a call takes as
	// long as its limiter was at rest, any time goes on for ever.
	limiterEdge = 0.1
)

// limited holds the time of ListPodSandboxMetrics against what a limiter would make of it.
func limited(r *analysis.Report) (analysis.Outcome, string) {
	var texts []string
	outcome := analysis.Confirmed
	for _, x := range reading(r, "cri-pod-metrics") {
		pods := float64(x.cell.Pods)
		// All that is asked for, and what is asked for a second.
		whole, share := pods/limiterRate, pods/limiterRate/x.arm.Trials.Interval.Seconds()
		want, how := max(0, pods-limiterBurst)/limiterRate, "after a pause"
		switch {
		case share > 1+limiterEdge:
			want, how = whole, "without one"
		case share > 1-limiterEdge: // it never comes to rest, and never falls behind
			continue
		}
		got := x.got.Service.P50
		if want < limiterSlack || got.Absent() {
			continue
		}
		texts = append(texts, fmt.Sprintf("%d pods %s %.3g s (predicted %.3g)", x.cell.Pods, how, got.Value, want))
		switch {
		case got.Value < want/2:
			outcome = analysis.Refuted
		case (got.Value < 0.9*want || got.Value > 1.1*want+limiterSlack) && outcome == analysis.Confirmed:
			outcome = analysis.Undecided
		}
	}
	if len(texts) < 2 {
		return analysis.Undecided, "fewer than two densities or cadences were measured: " + strings.Join(texts, ", ")
	}
	return outcome, strings.Join(texts, ", ")
}

// collects compares what runtime and shims use by themselves under two periods.
func collects(r *analysis.Report) (analysis.Outcome, string) {
	for _, p := range r.Headlines() {
		e := p.Compared(analysis.Series{Metric: analysis.CPUCores, Component: analysis.Total}).Estimate
		if e.Interval == nil {
			continue
		}
		text := fmt.Sprintf("CPU %.3g [%.3g, %.3g] of what it was", e.Value, e.Interval.Lo, e.Interval.Hi)
		switch {
		case e.Interval.Hi < 0.5:
			return analysis.Confirmed, text
		case e.Interval.Lo > 0.5:
			return analysis.Refuted, text
		}
		return analysis.Undecided, text
	}
	return analysis.Undecided, "the two periods were not compared"
}

// serialized holds the time of the last of several clients against that of one alone.
func serialized(r *analysis.Report) (analysis.Outcome, string) {
	all := reading(r, "cri-pod-stats")
	alone := slices.IndexFunc(all, func(x read) bool { return x.arm.Clients < 2 })
	if alone < 0 || all[alone].got.Response.P50.Absent() {
		return analysis.Undecided, "one client alone was not measured"
	}
	one := all[alone].got.Response.P50.Value
	var texts []string
	waits, free := true, true
	for _, x := range all {
		last := x.got.Response.P90
		if x.arm.Clients < 2 || last.Absent() {
			continue
		}
		k, times := float64(x.arm.Clients), last.Value/one
		texts = append(texts, fmt.Sprintf("%d clients x%.3g", x.arm.Clients, times))
		waits, free = waits && times >= 0.75*k, free && times <= 0.6*k
	}
	text := fmt.Sprintf("one client %.3g ms; the last of %s", 1000*one, strings.Join(texts, ", "))
	switch {
	case len(texts) == 0:
		return analysis.Undecided, "several clients were not measured"
	case waits:
		return analysis.Confirmed, text
	case free:
		return analysis.Refuted, text
	}
	return analysis.Undecided, text
}

// standsStill looks for counters that stood still in the checks.
func standsStill(r *analysis.Report) (analysis.Outcome, string) {
	for _, c := range r.Checks {
		if c.Collector != "cri-container-stats" || c.Source == nil {
			continue
		}
		for _, f := range c.Findings {
			if f.Kind == agreement.Frozen {
				return analysis.Confirmed, f.Evidence
			}
		}
		return analysis.Refuted, fmt.Sprintf("all of %d counters moved in %d answers", c.Source.Clocks, c.Source.Calls)
	}
	return analysis.Undecided, "the answers of ListContainerStats were not checked"
}

// wholeSeconds looks at the steps of the counters in the checks.
func wholeSeconds(r *analysis.Report) (analysis.Outcome, string) {
	for _, c := range r.Checks {
		if c.Collector != "cri-pod-metrics" || c.Source == nil {
			continue
		}
		text := fmt.Sprintf("steps of %.3g s in %d answers", c.Source.Step, c.Source.Calls)
		switch {
		case c.Source.Step == 1:
			return analysis.Confirmed, text
		case c.Source.Step > 0:
			return analysis.Refuted, text
		}
		return analysis.Undecided, "no step was seen"
	}
	return analysis.Undecided, "the answers of ListPodSandboxMetrics were not checked"
}

// statsCalls are the calls that read all pods at once.
var statsCalls = []string{"cri-container-stats", "cri-pod-stats", "cri-pod-metrics"}

// breaks counts the calls that failed and the answers that lack what stays, where pods
// come and go.
func breaks(r *analysis.Report) (analysis.Outcome, string) {
	var texts []string
	broken, calls := false, 0
	for i := range r.Cells {
		if r.Cells[i].Profile != bench.ProfileChurn {
			continue
		}
		for _, a := range r.Cells[i].Arms {
			for _, c := range a.Collectors {
				if !slices.Contains(statsCalls, c.Collector) || a.Sum || c.Calls == 0 {
					continue
				}
				calls += c.Calls
				broken = broken || c.Failed+c.Partial > 0
				texts = append(texts, fmt.Sprintf("%s %d failed, %d partial of %d", c.Collector, c.Failed, c.Partial, c.Calls))
			}
		}
	}
	switch text := strings.Join(texts, "; "); {
	case calls == 0:
		return analysis.Undecided, "nothing was read where pods come and go"
	case broken:
		return analysis.Confirmed, text
	default: // the rule of three
		return analysis.Refuted, fmt.Sprintf("%s: with 95 %% confidence fewer than one in %d", text, calls/3)
	}
}
