package analysis_test

import (
	"flag"
	"math"
	"testing"

	"cri-stats-bench/bench/analysis"
)

// presetRuns is how many runs of a preset are simulated.
func presetRuns() int { return *runsFlag }

var runsFlag = flag.Int("preset-runs", 300, "how many runs of each preset are simulated")

// experiments is how many of n experiments are made.
func experiments(n int) int {
	if raceDetector {
		return n / 50
	}
	return n
}

// How often intervals hold the truth, where trials differ from each other by far
// more than chance among calls alone would make them: the case in which an
// interval over pooled calls that ignored the trials would be much too narrow.
// Seeded, so the figures are the same in every run; 95 % of 400 are 380 ± 9.
func TestCoverage(t *testing.T) {
	runs := experiments(400)
	plan := example(t, 12, 20)
	plan.Plan.Pods = []int{10}
	plan.Plan.Arms = plan.Plan.Arms[:3]
	plan.Plan.Baseline = "cgroup"
	plan.Drift, plan.Noise, plan.Jitter = 0.10, 0.03, 0.10
	const name = "cri-container-stats"
	truth, base := plan.Truth[name], plan.Truth["cgroup"]
	var cpu, baseCPU float64
	for component, line := range truth.CPU {
		if component != "node" {
			cpu += line.At(10)
			baseCPU += base.CPU[component].At(10)
		}
	}
	// Service times are lognormal around their median, from trial to trial and from
	// call to call.
	sd := math.Sqrt(plan.Drift*plan.Drift + plan.Noise*plan.Noise + plan.Jitter*plan.Jitter)
	const z90 = 1.2815515655446004
	mean := cpu * math.Exp((plan.Drift*plan.Drift+plan.Noise*plan.Noise)/2)

	held := make(map[string]int)
	for seed := range runs {
		plan.Seed = uint64(seed)
		a := arm(t, analyse(t, plan.Input()), name, 10)
		for what, c := range map[string]struct {
			e     analysis.Estimate
			truth float64
		}{
			"CPU":   {a.Total.CPU, mean},
			"ratio": {a.Compared(total(analysis.CPUCores)).Estimate, cpu / baseCPU},
			"p50":   {a.Collectors[0].Service.P50, truth.Service.At(10)},
			"p90":   {a.Collectors[0].Service.P90, truth.Service.At(10) * math.Exp(z90*sd)},
		} {
			if c.e.Interval == nil {
				continue // p90 may be worth too few calls
			}
			held[what+" n"]++
			if c.e.Interval.Lo <= c.truth && c.truth <= c.e.Interval.Hi {
				held[what]++
			}
		}
	}
	for what, least := range map[string]float64{"CPU": 0.925, "ratio": 0.925, "p50": 0.92, "p90": 0.85} {
		share := float64(held[what]) / float64(held[what+" n"])
		t.Logf("%s: %d of %d intervals hold the truth, %.3f", what, held[what], held[what+" n"], share)
		if !raceDetector && (share < least || share > 0.99) {
			t.Errorf("%s: %.3f of the intervals hold the truth, want %.3f to 0.99", what, share, least)
		}
	}
}
