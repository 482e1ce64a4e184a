package analysis_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/stat"
)

// The noise of real records, as the residual standard deviation of the logarithm of one
// window once arms, rounds and steal are taken off (35 idle pods, shared virtual machine
// of 2 CPUs): 2 to 4.6 % of CPU time in windows of 30 s, 10 % in those of 5 s, 1.8 to 2.0 %
// of PSS, and 4 % that all arms of a round share.
const (
	longNoise, shortNoise, memoryNoise, roundNoise = 0.0265, 0.10, 0.018, 0.04
)

// presetRun is a made-up run of a preset in which the arm cri costs factor times as much
// as all others in CPU, and as much in memory.
func presetRun(t testing.TB, name string, factor float64) analysistest.Run {
	t.Helper()
	data, err := plan.Preset(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Decode(name, data, plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	run := analysistest.Run{Plan: p, Drift: roundNoise, Jitter: 0.1, PSSNoise: memoryNoise, Truth: make(map[string]analysistest.Truth)}
	// The hypervisor takes something in one window of four, and CPU time goes with it.
	const slope = 10.5
	stolen := rand.New(rand.NewPCG(17, 17))
	run.Spoil = func(t *bench.Trial) {
		steal := 0.0
		if stolen.IntN(4) == 0 {
			steal = 0.005 * stolen.ExpFloat64()
		}
		t.Guards = bench.Guards{bench.GuardSteal: min(steal, 0.02)}
		for _, cost := range t.Costs {
			cost[bench.CPUSeconds] *= math.Exp(slope * t.Guards[bench.GuardSteal])
		}
	}
	run.Scatter = func(random *rand.Rand, slot bench.Slot) float64 {
		if slot.Arm.Window < p.Window {
			return shortNoise * random.NormFloat64()
		}
		return longNoise * random.NormFloat64()
	}
	for _, a := range p.Arms {
		run.Truth[a.Name] = truthOf(1, 1)
		if a.Name == "cri" {
			run.Truth[a.Name] = truthOf(factor, 1)
		}
	}
	return run
}

func truthOf(cpu, memory float64) analysistest.Truth {
	return analysistest.Truth{
		CPU:     map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 0.02 * cpu}, bench.ComponentRuntime: {Fixed: 0.1 * cpu}, bench.ComponentShims: {Fixed: 0.05 * cpu}},
		PSS:     map[bench.Component]analysistest.Line{bench.ComponentAgent: {Fixed: 2e7 * memory}, bench.ComponentRuntime: {Fixed: 7e7 * memory}, bench.ComponentShims: {Fixed: 2e8 * memory}},
		Service: analysistest.Line{Fixed: 0.05}, Bytes: analysistest.Line{PerPod: 900},
	}
}

// carriedOut is a run as the schedule carries it out: it looks at its rounds, and arms that
// are decided have no further ones.
func carriedOut(t testing.TB, run analysistest.Run, spending *stat.Spending, seed int) *analysis.Report {
	t.Helper()
	run.Seed = uint64(seed)
	in := run.Input()
	in.Spending = spending
	in.Host.Simulated = false
	looks := in.Plan.Rounds.Looks()
	for _, rounds := range looks[:len(looks)-1] {
		so := in
		so.Trials = slices.DeleteFunc(slices.Clone(in.Trials), func(t bench.Trial) bool { return t.Round >= rounds })
		needed, err := so.Undecided(in.Plan.Cells()[0])
		if err != nil {
			t.Fatal(err)
		}
		in.Trials = slices.DeleteFunc(slices.Clone(in.Trials), func(t bench.Trial) bool {
			return t.Round >= rounds && !slices.Contains(needed, t.Arm.Name)
		})
	}
	r, err := in.Decide()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What the presets promise, over simulated runs at the noise of real records, through
// plan, schedule's looks and analysis. bench/DESIGN.md has the figures of 2,000 runs each.
func TestPresetRates(t *testing.T) {
	f := func(name, what string, factor float64, counts func(*analysis.Report) bool, least, most float64) {
		t.Run(name+" "+what, func(t *testing.T) {
			t.Parallel()
			run := presetRun(t, name, factor)
			spending, err := analysis.SpendingOf(run.Plan)
			if err != nil {
				t.Fatal(err)
			}
			runs := experiments(presetRuns())
			n := 0
			for seed := range runs {
				if counts(carriedOut(t, run, spending, seed)) {
					n++
				}
			}
			share := float64(n) / float64(runs)
			t.Logf("%s, CPU of cri × %g: %s in %.3f of %d runs", name, factor, what, share, runs)
			if !raceDetector && (share < least || share > most) {
				t.Errorf("%s, CPU of cri × %g: %s in %.3f of %d runs, want %g to %g", name, factor, what, share, runs, least, most)
			}
		})
	}
	// The tolerance of 300 runs is ± 2.5 % at 5 %.
	const slack = 0.025
	headline := func(r *analysis.Report) analysis.Verdict {
		return r.Headlines()[0].Judged(total(analysis.CPUCores)).Verdict
	}
	anyOf := func(verdicts ...analysis.Verdict) func(*analysis.Report) bool {
		return func(r *analysis.Report) bool {
			for _, c := range r.Cells {
				for _, p := range c.Pairings {
					for _, j := range p.Judgements {
						// Arms of two collectors answer when the slower one does: of latency
						// the ratio is not 1.
						if j.Series.Component == analysis.Total && slices.Contains(verdicts, j.Verdict) {
							return true
						}
					}
				}
			}
			return false
		}
	}
	dearer := func(r *analysis.Report) bool {
		return headline(r) == analysis.Inferior || r.Headlines()[0].Judged(total(analysis.CPUCores)).Worse
	}
	passed := func(r *analysis.Report) bool {
		v := headline(r)
		return v == analysis.NonInferior || v == analysis.Better
	}
	f("quick", "dearer found", 1.10, dearer, 0.90-slack, 1)
	f("precise", "dearer found", 1.05, dearer, 0.95-slack, 1)
	f("precise", "passed", 1.00, passed, 0.80-slack, 1)
	f("quick", "any better", 1.00, anyOf(analysis.Better), 0, 0.05+slack)
	f("precise", "any better", 1.00, anyOf(analysis.Better), 0, 0.05+slack)
	f("quick", "any inferior", 1.00, anyOf(analysis.Inferior), 0, 0.05+slack)
	f("precise", "any inferior", 1.00, anyOf(analysis.Inferior), 0, 0.05+slack)
}

// Every endpoint lies on the margin: each claim of non-inferiority and each of
// inferiority is wrong.
func TestPresetsOnTheMargin(t *testing.T) {
	for _, name := range []string{"quick", "precise"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := presetRun(t, name, 1)
			for _, list := range [][]plan.Comparison{run.Plan.Comparisons, run.Plan.Also} {
				for _, c := range list {
					run.Truth[c.Of] = truthOf(1.02, 1.02)
				}
			}
			spending, err := analysis.SpendingOf(run.Plan)
			if err != nil {
				t.Fatal(err)
			}
			runs := experiments(presetRuns())
			better, inferior := 0, 0
			for seed := range runs {
				r := carriedOut(t, run, spending, seed)
				passes, fails := false, false
				for _, p := range r.Headlines() {
					for _, s := range []analysis.Series{total(analysis.CPUCores), total(analysis.PSS)} {
						switch p.Judged(s).Verdict {
						case analysis.Better, analysis.NonInferior:
							passes = true
						case analysis.Inferior:
							fails = true
						}
					}
				}
				if passes {
					better++
				}
				if fails {
					inferior++
				}
			}
			t.Logf("%s on the margin: any Better or NonInferior in %.3f, any Inferior in %.3f of %d runs", name, float64(better)/float64(runs), float64(inferior)/float64(runs), runs)
			if most := 0.075 * float64(runs); !raceDetector && (float64(better) > most || float64(inferior) > most) {
				t.Errorf("%s on the margin: any Better or NonInferior in %d, any Inferior in %d of %d runs, want at most 5 %%", name, better, inferior, runs)
			}
		})
	}
}
