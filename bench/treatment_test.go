package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// gate is a node with a kubelet, as far as its gate goes. It notes in the world's
// log what is done to it.
type gate struct {
	*world
	state    string
	apply    error         // what Apply returns
	deaf     bool          // Apply changes nothing
	observe  error         // what Observe returns
	flip     string        // state from the first window on, if not empty
	fall     bool          // it starts anew in the first window
	starts   time.Time     // of the kubelet
	takes    time.Duration // Apply
	reverted error         // of the context of Revert
}

func (g *gate) Apply(ctx context.Context, name string) error {
	g.note("apply %s", name)
	if g.apply != nil {
		return g.apply
	}
	if !g.deaf {
		g.state = name
	}
	g.starts = time.Now()
	return sleep(ctx, g.takes)
}

// Observe answers as a kubelet that asks its runtime twice a second, half a second
// each time.
func (g *gate) Observe(context.Context) (Condition, error) {
	if g.observe != nil {
		return Condition{}, g.observe
	}
	if g.flip != "" && g.windows > 0 { // a window has begun
		g.state = g.flip
	}
	if g.fall && g.windows > 0 {
		g.starts, g.fall = time.Now(), false
	}
	n := int(time.Since(g.starts) / (500 * time.Millisecond))
	return Condition{State: g.state, Operations: map[string]Operation{
		"list_podsandbox_stats": {Count: n, Seconds: float64(n) / 2, Errors: n / 10},
		"version":               {Count: 1, Seconds: 0.001},
	}}, nil
}

func (g *gate) Revert(ctx context.Context) error {
	g.note("revert")
	g.reverted = ctx.Err()
	return nil
}

// treated is a slot with a treatment.
func treated(treatment string, collectors ...string) Slot {
	s := slot(2, collectors...)
	s.Arm.Name = treatment
	s.Arm.Treatment = treatment
	return s
}

// runTreated runs slots on a node with a gate.
func runTreated(t *testing.T, g *gate, slots ...Slot) error {
	t.Helper()
	g.starts = time.Now()
	g.world = &world{slots: slots, treatment: g}
	return run(t, g.world)
}

func TestTreatment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{state: GateOff, takes: 4 * time.Second}
		begin := time.Now()
		if err := runTreated(t, g, treated(GateOn, "a"), treated(GateOff, "a")); err != nil {
			t.Fatal(err)
		}
		want := []string{"apply gate-on", "start a with 2 pods", "apply gate-off", "start a with 2 pods", "revert"}
		if diff := cmp.Diff(want, g.log); diff != "" {
			t.Errorf("what was done (-want +got):\n%s", diff)
		}
		if g.reverted != nil {
			t.Error("the treatment is reverted with a context that has ended")
		}
		lead := startLead - edgeLead - 2*edgeLeadPerPod
		if d, want := time.Since(begin), 3*time.Second+2*(4+2+10)*time.Second+2*lead; d != want {
			t.Errorf("the run took %v, want %v", d, want)
		}
		for i, state := range []string{GateOn, GateOff} {
			trial := g.trials[i]
			if !trial.Usable() || trial.State != state {
				t.Errorf("trial %d: state %q, void %v", i, trial.State, trial.Void)
			}
			// 10 s of window, and the preview before it.
			want := map[string]Operation{"list_podsandbox_stats": {Count: 24, Seconds: 12, Errors: 3}}
			if diff := cmp.Diff(want, trial.Operations); diff != "" {
				t.Errorf("operations of trial %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

func TestTreatmentVoid(t *testing.T) {
	f := func(g *gate, s Slot, want ...Void) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			if err := runTreated(t, g, s); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, g.trials[0].Void); diff != "" {
				t.Errorf("void (-want +got):\n%s", diff)
			}
		})
	}
	f(&gate{deaf: true, state: GateOff}, treated(GateOn, "a"), Void{VoidTreatment, "gate-off is in force before the window, not gate-on"})
	f(&gate{deaf: true}, treated(GateOn, "a"), Void{VoidTreatment, "nothing that can be told is in force before the window, not gate-on"})
	f(&gate{flip: GateOff}, treated(GateOn, "a"), Void{VoidTreatment, "gate-off is in force after the window, not gate-on"})
	f(&gate{apply: errors.New("kubelet ended: unknown feature gate")}, treated(GateOn, "a"), Void{VoidTreatment, "apply gate-on: kubelet ended: unknown feature gate"})
	f(&gate{observe: errors.New("connection refused")}, treated(GateOn, "a"), Void{VoidTreatment, "ask which treatment is in force: connection refused"})
	f(&gate{takes: time.Hour}, treated(GateOn, "a"), Void{VoidTreatment, "apply gate-on: context deadline exceeded"})
	f(&gate{fall: true, takes: 4 * time.Second}, treated(GateOn, "a"), Void{VoidRestart, "the accounts of the treatment's subject went back: it began anew inside the window"})

	// An arm that asks for no treatment takes any, but one that stays.
	f(&gate{state: GateOff}, slot(2, "a"))
	f(&gate{state: GateOff, flip: GateOn}, slot(2, "a"), Void{VoidTreatment, "gate-on is in force after the window, not gate-off"})
}

// A kubelet that cannot be started with a gate ends the run after a few trials, and
// not after all of them.
func TestTreatmentGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{apply: errors.New("unknown feature gate")}
		slots := []Slot{treated(GateOn, "a"), treated(GateOn, "a"), treated(GateOn, "a"), treated(GateOn, "a")}
		if err := runTreated(t, g, slots...); err == nil || len(g.trials) != failuresInARow {
			t.Errorf("after %d trials: %v", len(g.trials), err)
		}
	})
}

func TestNoTreatment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{slots: []Slot{treated(GateOn, "a")}}
		if err := run(t, w); err != nil {
			t.Fatal(err)
		}
		want := []Void{{VoidTreatment, "nothing here can apply the treatment gate-on"}}
		if diff := cmp.Diff(want, w.trials[0].Void); diff != "" {
			t.Errorf("void (-want +got):\n%s", diff)
		}
	})
}

func TestOperationsBetween(t *testing.T) {
	f := func(before, after, want map[string]Operation) {
		t.Helper()
		got := operationsBetween(Condition{Operations: before}, Condition{Operations: after})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	type ops = map[string]Operation
	f(nil, nil, ops{})
	f(ops{"a": {Count: 2, Seconds: 1}}, ops{"a": {Count: 2, Seconds: 1}, "b": {Count: 1, Seconds: 3, Errors: 1}}, ops{"b": {Count: 1, Seconds: 3, Errors: 1}})
	f(ops{"a": {Count: 2}}, ops{"a": {Count: 1}}, nil)
	f(ops{"a": {Count: 2}}, ops{"b": {Count: 9}}, nil)
}

// Collectors with intervals of their own make as many calls as fit, and begin one
// after the other.
func TestIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slot(2, "a", "b", "c")
		s.Arm.Interval, s.Arm.Window, s.Arm.WarmUp = time.Second, 12*time.Second, 2*time.Second
		s.Arm.Intervals = map[string]time.Duration{"b": 2 * time.Second, "c": 3 * time.Second}
		w := &world{slots: []Slot{s}, answer: 1200 * time.Millisecond}
		if err := run(t, w); err != nil {
			t.Fatal(err)
		}
		trial := w.trials[0]
		var calls []string
		for _, a := range trial.Agents {
			calls = append(calls, fmt.Sprintf("%s %d, the last due at %v", a.Collector, len(a.Calls), a.Calls[len(a.Calls)-1].Due))
		}
		want := []string{"a 12, the last due at 11s", "b 6, the last due at 10s", "c 4, the last due at 9s"}
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]time.Duration{0, time.Second / 3, 2 * time.Second / 3}, w.offsets()); diff != "" {
			t.Errorf("when the agents began (-want +got):\n%s", diff)
		}
	})
}

// Arms of one round that ask for the same treatment share one application; the next round
// applies it anew, also where it is in force.
func TestBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t}
		for round, order := range [][]string{{"old", "old", "new", "new"}, {"new", "old"}, {"old"}} {
			for i, treatment := range order {
				s := treated(treatment, fmt.Sprint("a", i))
				s.Round = round
				w.slots = append(w.slots, s)
			}
		}
		w.treatment = &gate{world: w}
		r := w.runner()
		r.Blocks = true
		if err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var applied []string
		for _, line := range w.log {
			if strings.HasPrefix(line, "apply ") || strings.HasPrefix(line, "start ") {
				applied = append(applied, strings.Fields(line)[0]+" "+strings.Fields(line)[1])
			}
		}
		want := []string{"apply old", "start a0", "start a1", "apply new", "start a2", "start a3", "apply new", "start a0", "apply old", "start a1", "apply old", "start a0"}
		if diff := cmp.Diff(want, applied); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, trial := range w.trials {
			if len(trial.Void) > 0 {
				t.Errorf("%s: %v", trial.Arm.Name, trial.Void)
			}
		}
	})
}

// Where the subject of a treatment is lost inside a block, the next trial applies it anew
// instead of losing the rest of the block.
func TestBlockLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, slots: []Slot{treated("old", "a0"), treated("old", "a1"), treated("old", "a2")}}
		lost := &gate{world: w, flip: "nothing"}
		w.treatment = lost
		r := w.runner()
		r.Blocks = true
		r.Progress = func(p Progress) {
			if p.Phase == PhaseDone {
				lost.flip = "" // it was lost in the first window alone
			}
		}
		if err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var void []int
		for i, trial := range w.trials {
			if len(trial.Void) > 0 {
				void = append(void, i)
			}
		}
		if diff := cmp.Diff([]int{0}, void); diff != "" {
			t.Errorf("void trials (-want +got):\n%s", diff)
		}
		if n := strings.Count(strings.Join(w.log, "\n"), "apply old"); n != 2 {
			t.Errorf("applied %d times, want 2: %v", n, w.log)
		}
	})
}

// emptying is a treatment that takes the pods along.
type emptying struct{ *gate }

func (e emptying) Apply(ctx context.Context, name string) error {
	e.pods = 0
	return e.gate.Apply(ctx, name)
}

// Pods that a treatment has taken along are made anew before the window.
func TestRestock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, slots: []Slot{treated("new", "a")}}
		w.treatment = emptying{&gate{world: w}}
		if err := w.runner().Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if trial := w.trials[0]; len(trial.Void) > 0 || trial.Pods != trial.Cell.Pods {
			t.Errorf("%d pods, void %v", trial.Pods, trial.Void)
		}
	})
}

func TestAllocatedBetween(t *testing.T) {
	at := time.Now()
	c := func(after time.Duration, bytes float64) Condition {
		return Condition{At: at.Add(after), Allocated: &Allocations{Bytes: bytes, Objects: bytes / 10}}
	}
	if diff := cmp.Diff(&Allocations{Bytes: 50, Objects: 5}, allocatedBetween(c(0, 100), c(4*time.Second, 300))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, after := range []Condition{{}, c(0, 300)} {
		if got := allocatedBetween(c(0, 100), after); got != nil {
			t.Errorf("of %+v: %+v", after, got)
		}
	}
}
