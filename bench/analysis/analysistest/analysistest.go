// Package analysistest makes records of runs that never took place, with a truth
// that is known: what analysis and the reports are tested with.
//
// It stands beside package analysis, which must find the truth again. It does
// not imitate any runtime: its figures are made up, and every run it makes is
// marked as simulated unless a test asks otherwise.
package analysistest

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/schedule"
)

// A Line is a quantity that grows with density: Fixed + PerPod × pods.
type Line struct{ Fixed, PerPod float64 }

// At returns the quantity at a density.
func (l Line) At(pods int) float64 { return l.Fixed + l.PerPod*float64(pods) }

// A Truth is what one arm really costs.
type Truth struct {
	// CPU in cores and PSS in bytes per component; those that are not named are
	// not metered.
	CPU, PSS map[bench.Component]Line
	// Service is the median service time in seconds, of every collector.
	Service Line
	// Bytes per answer.
	Bytes Line
}

// A Run describes a run to make.
type Run struct {
	// Plan has cells, arms, rounds (the most of them are made), interval, window.
	Plan *plan.Plan
	// Truth is what each arm of the plan costs.
	Truth map[string]Truth
	// Drift is the standard deviation of the logarithm of a factor that all trials
	// of a round share, Noise that of each trial's own CPU time, Jitter that of each call.
	// PSS scatters by half as much as CPU time, or by PSSNoise where that is set.
	Drift, Noise, Jitter, PSSNoise float64
	// Scatter, if set, draws the logarithm of a trial's own factor instead of a normal
	// one with Noise: heavy tails, arms that scatter more than others.
	Scatter func(random *rand.Rand, slot bench.Slot) float64
	Seed    uint64
	// Host is where the run took place; a made-up one if nil.
	Host *analysis.HostInfo
	// Spoil, if set, may change a trial before it is recorded: make it void, let
	// calls fail, take components away.
	Spoil func(t *bench.Trial)
	// Checks, if set, are what was found of the answers in the cell of the most pods of
	// each profile.
	Checks func(bench.Cell) []record.Check
}

// Begin is when every made-up run begins.
func Begin() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// Input makes the records.
func (r Run) Input() analysis.Input {
	random := rand.New(rand.NewPCG(r.Seed, 0))
	at := Begin()
	var trials []bench.Trial
	measure := func(slot bench.Slot, drift float64) {
		t := bench.Trial{
			Slot: slot, Start: at, Length: slot.Arm.Window,
			Pods: slot.Cell.Pods, Containers: slot.Cell.Pods * slot.Cell.ContainersPerPod,
		}
		scale := drift * factor(random, r.Noise)
		if r.Scatter != nil {
			scale = drift * math.Exp(r.Scatter(random, slot))
		}
		r.fill(&t, random, scale)
		if r.Spoil != nil {
			r.Spoil(&t)
		}
		trials = append(trials, t)
		at = at.Add(slot.Arm.WarmUp + slot.Arm.Window)
	}
	for _, cell := range r.Plan.Cells() {
		for sweep := range r.Plan.Sweep.Passes() {
			for round := range r.Plan.Rounds.Max / r.Plan.Sweep.Passes() {
				drift := factor(random, r.Drift)
				order := schedule.Order(r.Plan, cell, sweep, round)
				for _, i := range random.Perm(len(r.Plan.Arms)) {
					arm := r.Plan.Arms[i]
					measure(bench.Slot{Cell: cell, Arm: arm, Sweep: sweep, Round: round, Position: slices.Index(order, arm.Name)}, drift)
				}
			}
		}
	}
	in := analysis.Input{
		Plan: r.Plan, Trials: trials,
		Host: analysis.HostInfo{
			Simulated: true, Version: "v0.0.0-test",
			Runtime: analysis.Runtime{Name: "made-up", Version: "1.0.0"},
			Facts:   []analysis.Fact{{Name: "host.cpus", Value: "2"}, {Name: "host.kernel", Value: "6.12.0"}},
		},
	}
	if r.Host != nil {
		in.Host = *r.Host
	}
	for _, cell := range r.Plan.Cells() {
		if r.Checks != nil && cell.Pods == slices.Max(r.Plan.Pods) {
			in.Checks = append(in.Checks, r.Checks(cell)...)
		}
	}
	return in
}

// fill measures one trial.
func (r Run) fill(t *bench.Trial, random *rand.Rand, scale float64) {
	truth := r.Truth[t.Arm.Name]
	t.Costs = make(bench.Costs)
	memory := math.Sqrt(scale)
	if r.PSSNoise > 0 {
		memory = factor(random, r.PSSNoise)
	}
	for _, c := range []bench.Component{bench.ComponentAgent, bench.ComponentRuntime, bench.ComponentShims, bench.ComponentKubelet, bench.ComponentNode} {
		cost := make(bench.Cost)
		if line, ok := truth.CPU[c]; ok {
			cost[bench.CPUSeconds] = line.At(t.Cell.Pods) * scale * t.Length.Seconds()
			if c != bench.ComponentNode { // work, which has no noise
				cost[bench.ReadCalls] = math.Round(1000 * float64(1+t.Cell.Pods) * t.Length.Seconds())
			}
		}
		if line, ok := truth.PSS[c]; ok {
			cost[bench.PSSBytes] = line.At(t.Cell.Pods) * memory
		}
		if len(cost) > 0 {
			t.Costs[c] = cost
		}
	}
	for _, collector := range t.Arm.Collectors {
		a := bench.AgentReport{
			Collector: collector,
			FirstCall: seconds(3 * truth.Service.At(t.Cell.Pods) * scale),
			Calls:     make(bench.Calls, t.Arm.Window/t.Arm.IntervalOf(collector)),
			Cost:      make(bench.Cost),
		}
		for quantity, v := range t.Costs[bench.ComponentAgent] {
			a.Cost[quantity] = v / float64(len(t.Arm.Collectors))
		}
		answered := t.Containers
		if collector == "idle" {
			answered = 0
		}
		for k := range a.Calls {
			due := time.Duration(k) * t.Arm.IntervalOf(collector)
			a.Calls[k] = bench.Call{
				Due: due, Start: due + 50*time.Microsecond,
				Service: seconds(truth.Service.At(t.Cell.Pods) * scale * factor(random, r.Jitter)),
				Bytes:   int64(truth.Bytes.At(t.Cell.Pods)),
				Pods:    min(t.Pods, answered), Containers: answered, Samples: 20 * answered,
			}
		}
		t.Agents = append(t.Agents, a)
	}
}

// factor is lognormal with median 1.
func factor(random *rand.Rand, sd float64) float64 { return math.Exp(sd * random.NormFloat64()) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
