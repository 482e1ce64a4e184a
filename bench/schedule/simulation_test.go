package schedule_test

import (
	"fmt"
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
	// scale is what it takes to bring the node to a cell, beside what a trial takes beside
	// warm-up and window.
	scale  func(from, to bench.Cell) time.Duration
	beside time.Duration
	// fate decides how a trial goes; nil is well.
	fate func(t *bench.Trial)

	cell   bench.Cell
	trials []bench.Trial
}

func simulate(p *plan.Plan) *simulation {
	sim := &simulation{now: time.Unix(1_700_000_000, 0), beside: time.Second}
	sim.scale = func(bench.Cell, bench.Cell) time.Duration { return 0 }
	sim.s = schedule.New(p, schedule.Options{Now: func() time.Time { return sim.now }})
	return sim
}

// step runs what comes next, as the Runner does.
func (sim *simulation) step() bool {
	slot, ok := sim.s.Next()
	if !ok {
		return false
	}
	if slot.Cell != sim.cell {
		sim.now = sim.now.Add(sim.scale(sim.cell, slot.Cell))
		sim.cell = slot.Cell
	}
	t := bench.Trial{Slot: slot, Length: slot.Arm.Window}
	if sim.fate != nil {
		sim.fate(&t)
	}
	if t.Unsupported != "" {
		t.Length = 0
		sim.now = sim.now.Add(100 * time.Millisecond)
	} else {
		sim.now = sim.now.Add(t.Arm.WarmUp + t.Arm.Window + sim.beside)
	}
	sim.s.Done(&t)
	sim.trials = append(sim.trials, t)
	return true
}

func (sim *simulation) run() []bench.Trial {
	for sim.step() {
	}
	return sim.trials
}

// line is a trial as the tests write it: "pods=10 idle/1 s0 r2 p1 idle a0".
func line(t bench.Trial) string {
	return fmt.Sprintf("pods=%d %s/%d s%d r%d p%d %s a%d", t.Cell.Pods, t.Cell.Profile, t.Cell.ContainersPerPod, t.Sweep, t.Round, t.Position, t.Arm.Name, t.Attempt)
}

func lines(trials []bench.Trial) []string {
	var out []string
	for _, t := range trials {
		out = append(out, line(t))
	}
	return out
}
