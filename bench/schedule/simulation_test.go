package schedule_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/schedule"
)

// example decodes a plan that the test only completes.
func example(t testing.TB, text string) *plan.Plan {
	t.Helper()
	p, err := plan.Decode("example.yaml", []byte(text), plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A simulation is a Runner without a node: it goes through a schedule on a clock
// of its own.
type simulation struct {
	s   *schedule.Schedule
	now time.Time
	// scale is what it takes to bring the node to a cell, beside and besideSlice what
	// a trial and a slice take beside warm-up and window, start what the agents of an
	// arm take to start in a block.
	scale                      func(from, to bench.Cell) time.Duration
	beside, besideSlice, start time.Duration
	// fate decides how a trial goes; nil is well.
	fate func(t *bench.Trial)

	cell   bench.Cell
	trials []bench.Trial
}

func simulate(p *plan.Plan) *simulation {
	sim := &simulation{now: time.Unix(1_700_000_000, 0), beside: time.Second, besideSlice: 50 * time.Millisecond, start: 300 * time.Millisecond}
	sim.scale = func(bench.Cell, bench.Cell) time.Duration { return 0 }
	sim.s = schedule.New(p, schedule.Options{Now: func() time.Time { return sim.now }})
	return sim
}

// noStart is the detail of a void trial whose agent did not start: nothing of a
// block is run then.
const noStart = "no start"

// step runs what comes next, as the Runner does: agents of all arms are started,
// then slots are run one after the other, and when the last one has ended all of
// them are told.
func (sim *simulation) step() bool {
	slots, ok := sim.s.Next()
	if !ok {
		return false
	}
	if slots[0].Cell != sim.cell {
		sim.now = sim.now.Add(sim.scale(sim.cell, slots[0].Cell))
		sim.cell = slots[0].Cell
	}
	var trials, ready []bench.Trial
	for _, slot := range slots {
		if slices.ContainsFunc(trials, func(t bench.Trial) bool { return t.Arm.Name == slot.Arm.Name }) {
			continue // it is not supported
		}
		t := bench.Trial{Slot: slot, Length: slot.Arm.Window}
		if sim.fate != nil {
			sim.fate(&t)
		}
		if t.Unsupported != "" {
			t.Length = 0
			sim.now = sim.now.Add(100 * time.Millisecond)
			trials = append(trials, t)
			continue
		}
		if t.Void != nil && t.Void[0].Detail == noStart {
			trials = append(trials, t)
			ready = nil
			break
		}
		if slot.Cycle == 1 {
			sim.now = sim.now.Add(sim.start)
		}
		ready = append(ready, t)
	}
	for _, t := range ready {
		beside := sim.beside
		if t.Cycle > 0 {
			beside = sim.besideSlice
		}
		if t.Cycle < 2 {
			sim.now = sim.now.Add(t.Arm.WarmUp)
		}
		sim.now = sim.now.Add(t.Arm.Window + beside)
		trials = append(trials, t)
		if t.Void != nil && t.Void[0].Reason == bench.VoidAgent {
			break
		}
	}
	for i := range trials {
		sim.s.Done(&trials[i])
	}
	sim.trials = append(sim.trials, trials...)
	return true
}

func (sim *simulation) run() []bench.Trial {
	for sim.step() {
	}
	return sim.trials
}

// line is a trial as the tests write it: "pods=10 idle/1 s0 r2 p1 idle a0", a slice
// with its cycle: "pods=10 idle/1 s0 r2 p1 c3 idle a0".
func line(t bench.Trial) string {
	slice := ""
	if t.Cycle > 0 {
		slice = fmt.Sprintf(" c%d", t.Cycle)
	}
	return fmt.Sprintf("pods=%d %s/%d s%d r%d p%d%s %s a%d", t.Cell.Pods, t.Cell.Profile, t.Cell.ContainersPerPod, t.Sweep, t.Round, t.Position, slice, t.Arm.Name, t.Attempt)
}

func lines(trials []bench.Trial) []string {
	var out []string
	for _, t := range trials {
		out = append(out, line(t))
	}
	return out
}
