package bench

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// checks notes what is to be checked.
type checks struct {
	*world
	err error
}

func (c *checks) Check(_ context.Context, s Subject) error {
	var arms []string
	for _, a := range s.Arms {
		arms = append(arms, a.Name)
	}
	c.note("check %v at %d pods, %d of them, state %q, %d agents alive, %d trials on record", arms, s.Cell.Pods, len(s.Pods), s.State, c.agents, len(c.trials))
	return c.err
}

// Answers are checked after the window, when the trial is safe and its agents are
// gone, in the state that it was measured in; not those of an arm that answered
// nothing.
func TestRunnerChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			slots: []Slot{slot(2, "a"), slot(2, "b"), slot(2, "c")},
			fail:  map[string]error{"b": errors.New("no such file"), "c": &UnsupportedError{What: "c", Needs: "more"}},
		}
		w.checker = &checks{world: w}
		if err := run(t, w); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"start a with 2 pods", `check [a] at 2 pods, 2 of them, state "", 0 agents alive, 1 trials on record`, "start b with 2 pods", "start c with 2 pods",
		}
		if diff := cmp.Diff(want, w.log); diff != "" {
			t.Errorf("what was done (-want +got):\n%s", diff)
		}
	})
}

// A treatment is still in force when its arm is checked.
func TestRunnerChecksTreated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{state: GateOff, takes: time.Second}
		g.starts = time.Now()
		g.world = &world{slots: []Slot{treated(GateOn, "a")}, treatment: g}
		g.checker = &checks{world: g.world}
		if err := run(t, g.world); err != nil {
			t.Fatal(err)
		}
		want := []string{"apply gate-on", "start a with 2 pods", `check [gate-on] at 2 pods, 2 of them, state "gate-on", 0 agents alive, 1 trials on record`, "revert"}
		if diff := cmp.Diff(want, g.log); diff != "" {
			t.Errorf("what was done (-want +got):\n%s", diff)
		}
	})
}

// What a check found cannot be lost in silence.
func TestRunnerCheckFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{slots: []Slot{slot(2, "a"), slot(2, "a")}}
		full := errors.New("no space left")
		w.checker = &checks{world: w, err: full}
		err := run(t, w)
		if want := "check what a was answered in pods=2 containers=1 profile=idle: no space left"; !errors.Is(err, full) || fmt.Sprint(err) != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if len(w.trials) != 1 {
			t.Errorf("%d trials", len(w.trials))
		}
	})
}
