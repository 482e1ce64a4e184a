package bench

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A churned world replaces pods by number, as often as it is asked to.
type churnedWorld struct {
	*world
	err  error
	from int // pods from here on were replaced
	dies bool
	made int
}

func (w *churnedWorld) Churn(ctx context.Context, _ Cell, every time.Duration, mortal []Pod) (Churned, error) {
	if w.err != nil {
		return Churned{}, w.err
	}
	w.note("churn %s to %s every %v", mortal[0].ID, mortal[len(mortal)-1].ID, every)
	for sleep(ctx, every) == nil {
		w.made++
	}
	return Churned{Replaced: w.made, Due: w.made}, nil
}

func (w *churnedWorld) Running(ctx context.Context) ([]Pod, error) {
	pods, err := w.world.Running(ctx)
	for i := w.from; i < len(pods) && w.made > 0; i++ {
		pods[i] = Pod{ID: "new" + pods[i].ID, Containers: []string{"new" + pods[i].Containers[0]}}
	}
	if w.dies && w.made > 0 {
		pods[0].Containers = nil
	}
	return pods, err
}

func churnSlot() Slot {
	return Slot{
		Cell: Cell{Pods: 5, ContainersPerPod: 1, Profile: ProfileChurn},
		Arm:  Arm{Name: "a", Collectors: []string{"a"}, Interval: time.Second, Window: 7 * time.Second, WarmUp: 2 * time.Second},
	}
}

// runChurned runs one trial of a cell with churn.
func runChurned(t *testing.T, w *churnedWorld) *Trial {
	t.Helper()
	w.world.t, w.world.slots = t, []Slot{churnSlot()}
	r := w.runner()
	r.Workload, r.Churn = w, time.Second
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w.trials[0]
}

// While an arm reads, pods are replaced: those that stay are what answers are held
// against, and that others have changed voids nothing, nor do shims that come and go.
// Failed calls are the subject's.
func TestChurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &churnedWorld{world: &world{failEvery: 7}, from: 3}
		w.meter.Shims = []string{"shims containerd-shim (pid 7) ended"}
		trial := runChurned(t, w)
		if len(trial.Void) > 0 {
			t.Errorf("void %v", trial.Void)
		}
		if diff := cmp.Diff(&Churned{Replaced: 8, Due: 8}, trial.Churn); diff != "" {
			t.Errorf("churn (-want +got):\n%s", diff)
		}
		if calls := trial.Agents[0].Calls; len(calls) != 7 || calls.Failed() != 1 {
			t.Errorf("%d calls, %d failed; want 7, 1", len(calls), calls.Failed())
		}
		log := strings.Join(w.log, "\n")
		for _, want := range []string{"start a with 3 pods", "churn p3 to p4 every 1s"} {
			if !strings.Contains(log, want) {
				t.Errorf("%q is not in the log:\n%s", want, log)
			}
		}
	})
}

// A pod that was to stay and has died, or pods that could not be replaced, are no churn.
func TestChurnVoid(t *testing.T) {
	f := func(w *churnedWorld, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			w.world = &world{}
			trial := runChurned(t, w)
			if len(trial.Void) != 1 || trial.Void[0].Reason != VoidPodCount || !strings.Contains(trial.Void[0].Detail, want) {
				t.Errorf("void %v, want %q", trial.Void, want)
			}
		})
	}
	f(&churnedWorld{from: 3, dies: true}, "pod p0 was to stay")
	f(&churnedWorld{from: 3, err: errors.New("the runtime is gone")}, "replace pods: the runtime is gone")
	f(&churnedWorld{from: 2}, "pod p2 was to stay")
}

// Where pods do not churn, shims that come and go still void a trial.
func TestShimsVoid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, slots: []Slot{churnSlot()}}
		w.slots[0].Cell.Profile = "idle"
		w.meter.Shims = []string{"shims containerd-shim (pid 7) began"}
		if err := w.runner().Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if v := w.trials[0].Void; len(v) != 1 || v[0].Reason != VoidRestart {
			t.Errorf("void %v, want %s", v, VoidRestart)
		}
	})
}
