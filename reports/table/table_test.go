package table

import (
	"math"
	"testing"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

func TestNames(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(format.Rounds(57), "57")
	f(format.Rounds(123456), "1e+05")
	f(relative(0.0123), "1.23 %")
	f(relative(-0.31), "-31.0 %")
	f(relative(math.Inf(1)), "-")
	f(format.Probability(1e-9), "<0.0001")
	f(format.Probability(0.0312), "0.0312")
	f(span([]int{10, 35, 110}), "10,35,110")
	f(span([]int{0, 10, 35, 110}), "0..110")
	f(seriesName(analysis.Series{Metric: analysis.CPUCores, Component: "agent"}, 1), "CPU of agent")
	f(seriesName(analysis.Series{Metric: analysis.ResponseP50, Collector: "x"}, 1), "p50 latency")
	f(seriesName(analysis.Series{Metric: analysis.ResponseP50, Collector: "x"}, 2), "p50 latency of x")
}

func TestSettled(t *testing.T) {
	f := func(want string, j analysis.Judgement) {
		t.Helper()
		if got := settled(&j); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f("", analysis.Judgement{Verdict: analysis.Better, Settles: 7})
	f("57", analysis.Judgement{Verdict: analysis.Inconclusive, Settles: 57})
	f("never", analysis.Judgement{Verdict: analysis.Inconclusive})
}

// What has no ratio has no verdict, and what costs more within the margin says so.
func TestSaid(t *testing.T) {
	f := func(j *analysis.Judgement, text, interval string) {
		t.Helper()
		if got := said(&analysis.Report{Margin: 0.02}, j); got.Text != text || got.Interval != interval {
			t.Errorf("got %q %q, want %q %q", got.Text, got.Interval, text, interval)
		}
	}
	ratio := analysis.Estimate{Value: 1.011, Interval: &analysis.Interval{Lo: 1.004, Hi: 1.018}, N: 9}
	f(nil, "-", "")
	f(&analysis.Judgement{}, "-", "")
	f(&analysis.Judgement{Ratio: ratio}, "1.01", "[1.00, 1.02]")
	f(&analysis.Judgement{Ratio: ratio, Verdict: analysis.NonInferior, Unadjusted: analysis.NonInferior, WithinMargin: true}, "dearer, within 2 %", "1.01 [1.00, 1.02]")
	f(&analysis.Judgement{Ratio: ratio, Verdict: analysis.Inconclusive, Unadjusted: analysis.NonInferior, Worse: true}, "not settled (Holm)", "1.01 [1.00, 1.02]")
	f(&analysis.Judgement{Ratio: ratio, Verdict: analysis.Inconclusive, Unadjusted: analysis.Inconclusive, Worse: true}, "not settled, but dearer", "1.01 [1.00, 1.02]")
}
