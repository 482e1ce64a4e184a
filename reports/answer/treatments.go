package answer

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// treatments says what the treatments of the runtime are, how its restarts went, and of
// each comparison what has no verdict: the tail of latency, and allocations.
func treatments(r *analysis.Report) Fact {
	cell := r.PrimaryCell()
	if len(r.Treatments) == 0 || cell == nil {
		return Fact{}
	}
	var says []string
	for _, t := range r.Treatments {
		says = append(says, treated(&t))
	}
	g := Grid{
		Caption: "each call under both: CPU of runtime and shims, latency and what the runtime allocates",
		Header:  []string{"old -> new", "CPU mcores", "ratio [90 %]", "p50 ms", "p99 ms", "alloc ratio"},
	}
	for i := range cell.Pairings {
		p := &cell.Pairings[i]
		of, to := cell.Arm(p.Of), cell.Arm(p.To)
		if of == nil || to == nil || base(r, p.Of) != base(r, p.To) {
			continue // two calls under one treatment: the comparisons have it
		}
		cpu := p.Compared(measures()[0].series).Estimate
		alloc := analysis.Series{Metric: analysis.AllocatedBytes, Component: bench.ComponentRuntime}
		g.Rows = append(g.Rows, []string{
			base(r, p.Of), both(to, of, format.Millicores, func(a *analysis.ArmResult) analysis.Estimate { return a.Total.CPU }),
			quantity(format.One, cpu),
			both(to, of, format.Milliseconds, slowest(func(l *analysis.Latency) analysis.Estimate { return l.P50 })),
			both(to, of, format.Milliseconds, slowest(func(l *analysis.Latency) analysis.Estimate { return l.P99 })),
			quantity(format.One, p.Compared(alloc).Estimate),
		})
	}
	label := "OLD AND NEW"
	if len(r.Treatments) == 1 {
		label, g = "THE RUNTIME", Grid{}
	}
	return Fact{Label: label, Text: strings.Join(says, "; ") + ". Restarted before each block of trials.", Grid: g, Main: true}
}

// base is an arm's name without that of its treatment.
func base(r *analysis.Report, arm string) string {
	for _, t := range r.Treatments {
		if name, ok := strings.CutSuffix(arm, "."+t.Name); ok {
			return name
		}
	}
	return arm
}

// treated names one treatment and how its restarts went.
func treated(t *analysis.Treatment) string {
	var how []string
	if t.Programs != "" {
		how = append(how, t.Programs)
	}
	if t.Config != "" {
		how = append(how, "config "+line(t.Config))
	}
	how = append(how, t.Env...)
	if len(how) == 0 {
		how = []string{"the runtime as it is"}
	}
	text := t.Name + ": " + format.Shorten(strings.Join(how, ", "), 60)
	if !t.Settled.Absent() {
		text += fmt.Sprintf(", at rest %s s after a restart (n = %d)", quantity(format.One, t.Settled), t.Settled.N)
	}
	return text
}

// both writes a number of two arms, the old one first.
func both(from, to *analysis.ArmResult, u format.Unit, of func(*analysis.ArmResult) analysis.Estimate) string {
	return bare(u, of(from)) + " -> " + bare(u, of(to))
}

// bare writes an estimate without its interval.
func bare(u format.Unit, e analysis.Estimate) string {
	if e.Absent() {
		return format.Absent
	}
	return u.Number(e.Value)
}

// slowest is a quantile of the slowest collector of an arm.
func slowest(quantile func(*analysis.Latency) analysis.Estimate) func(*analysis.ArmResult) analysis.Estimate {
	return func(a *analysis.ArmResult) analysis.Estimate {
		var most analysis.Estimate
		for i := range a.Collectors {
			if e := quantile(&a.Collectors[i].Response); most.Absent() || !e.Absent() && e.Value > most.Value {
				most = e
			}
		}
		return most
	}
}
