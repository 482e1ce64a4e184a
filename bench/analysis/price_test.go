package analysis_test

import (
	"math"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
)

// parts are what the total of the api experiment sums over.
var parts = []bench.Component{bench.ComponentAgent, bench.ComponentRuntime, bench.ComponentShims}

// A price is what an arm costs above the idle arm of the same windows, over its calls;
// what is paid at other cadences is in proportion to it.
func TestPrices(t *testing.T) {
	run := headline(t, 60)
	run.Drift, run.Noise = 0, 0.02
	r := analyse(t, run.Input())
	cores := func(arm string, pods int) float64 {
		sum := 0.0
		for _, c := range parts {
			sum += run.Truth[arm].CPU[c].At(pods)
		}
		return sum
	}
	seen := 0
	for _, p := range r.Prices {
		want := cores(p.Arm, p.Cell.Pods) - cores("idle", p.Cell.Pods) // one call a second
		near(t, p.Arm+" per call", p.PerCall.Value, want, 0.05)
		near(t, p.Arm+" per container", p.PerContainer.Value, want/float64(p.Cell.Pods), 0.05)
		if p.PerCall.Interval == nil || p.PerCall.Interval.Lo > want || p.PerCall.Interval.Hi < want {
			t.Errorf("%s: the interval %v does not hold %g", p.Arm, p.PerCall.Interval, want)
		}
		for _, at := range p.At {
			near(t, "at "+at.Interval.String(), at.Cores.Value, p.PerCall.Value/at.Interval.Seconds(), 1e-12)
		}
		breakEven := want / run.Truth["cadvisor"].CPU[bench.ComponentAgent].At(p.Cell.Pods)
		if i := p.BreakEven.Interval; i == nil || i.Lo > breakEven || i.Hi < breakEven {
			t.Errorf("%s: the break-even interval %v does not hold %g s", p.Arm, i, breakEven)
		}
		seen++
	}
	if seen != 3*3 { // three collectors at three densities: cAdvisor with housekeeping has no price
		t.Errorf("%d prices: %+v", seen, r.Prices)
	}
}

// Where price times rate is not what is paid, the report says so.
func TestPriceTests(t *testing.T) {
	f := func(factor float64, holds bool) {
		t.Helper()
		run := headline(t, 60)
		run.Plan.Pods = []int{35}
		run.Drift, run.Noise = 0, 0.01
		today := run.Truth["cadvisor"]
		for _, c := range parts { // what ten seconds of a call a second above idle come to
			more := run.Truth["cri-container-stats-1s"].CPU[c].At(35) - run.Truth["idle"].CPU[c].At(35)
			line := today.CPU[c]
			line.Fixed += factor * more / 10
			run.Truth["today"].CPU[c] = line
		}
		var found []analysis.PriceTest
		for _, p := range analyse(t, run.Input()).PriceTests {
			if p.Arm == "today" && p.Against == "cadvisor" {
				found = append(found, p)
			}
		}
		if len(found) != 1 || found[0].Holds != holds || found[0].Collectors[0] != "cri-container-stats" {
			t.Errorf("paid %g times price times rate: tests %+v, want holds %v", factor, found, holds)
		}
	}
	f(1, true)
	f(3, false)
}

// A price in two rounds has an interval that is worth having: the spread is that of all
// arms of the price list.
func TestPriceOfFewRounds(t *testing.T) {
	run := headline(t, 3)
	run.Plan.Pods = []int{35}
	for _, p := range analyse(t, run.Input()).Prices {
		if p.PerCall.DF < 4 || p.PerCall.Interval == nil || math.IsNaN(p.PerCall.Value) {
			t.Errorf("%s: %+v", p.Arm, p.PerCall)
		}
		if p.Interval != time.Second {
			t.Errorf("the price of %s is that of an arm read every %v", p.Collector, p.Interval)
		}
	}
}
