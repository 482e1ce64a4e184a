package bench

import (
	"context"
	"slices"
	"time"
)

// A Treatment puts the node into the state that an arm asks for before a trial,
// and back into the state that it was found in at the end of the run.
//
// Apply brings the node into the named state, afresh: what the state is about is
// started anew also where it is in that state already, so that every trial begins
// alike. It returns when the state should be in force.
//
// Observe asks the subject what it says of itself. It costs the subject CPU time,
// so the Runner calls it outside of windows only.
//
// Revert is to be called with a context that outlives an interrupted run, and
// changes nothing where Apply was never called.
type Treatment interface {
	Apply(ctx context.Context, name string) error
	Observe(ctx context.Context) (Condition, error)
	Revert(ctx context.Context) error
}

// The treatments of the kubelet experiment: the feature gate
// PodAndContainerStatsFromCRI.
const (
	GateOff = "gate-off"
	GateOn  = "gate-on"
)

// A Condition is what the subject of a treatment says of itself at one moment.
type Condition struct {
	// State is the name of the treatment that is in force, empty if the subject
	// does not tell.
	State string
	// Settled is how long the subject took from its start until its CPU use was steady, 0
	// where nobody waited for that.
	Settled time.Duration
	// Allocated is what the subject has allocated since it began, and At when it said so;
	// nil if it does not tell.
	Allocated *Allocations
	At        time.Time
	// Operations are what the subject has asked the runtime since it began, by
	// operation. Of those it has not asked there are none.
	Operations map[string]Operation
}

// Allocations are what a Go program has allocated, by its own account
// (runtime.MemStats: TotalAlloc in bytes, Mallocs).
type Allocations struct {
	Bytes   float64 `json:"bytes"`
	Objects float64 `json:"objects"`
}

// allocatedBetween returns what was allocated a second from before to after, nil where
// either does not tell.
func allocatedBetween(before, after Condition) *Allocations {
	seconds := after.At.Sub(before.At).Seconds()
	if before.Allocated == nil || after.Allocated == nil || seconds <= 0 {
		return nil
	}
	return &Allocations{
		Bytes:   (after.Allocated.Bytes - before.Allocated.Bytes) / seconds,
		Objects: (after.Allocated.Objects - before.Allocated.Objects) / seconds,
	}
}

// An Operation is how often one operation was carried out and how long that took
// in all, by the account of who asked for it: a kubelet's histogram
// kubelet_runtime_operations_duration_seconds and its counter
// kubelet_runtime_operations_errors_total.
type Operation struct {
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds"`
	Errors  int     `json:"errors,omitempty"`
}

// operationsBetween returns what was carried out from before to after. It is nil
// where a count went back: the subject began anew in between, and its accounts
// with it.
func operationsBetween(before, after Condition) map[string]Operation {
	out := make(map[string]Operation)
	for name, b := range before.Operations {
		if after.Operations[name].Count < b.Count {
			return nil
		}
	}
	for name, a := range after.Operations {
		b := before.Operations[name]
		if a.Count > b.Count {
			out[name] = Operation{Count: a.Count - b.Count, Seconds: a.Seconds - b.Seconds, Errors: a.Errors - b.Errors}
		}
	}
	return out
}

// A Kubelet says where a kubelet serves, and how the two sides know each other.
type Kubelet struct {
	// Endpoint is where it serves: https://127.0.0.1:10250.
	Endpoint string `json:"endpoint"`
	// CAFile holds certificates in PEM: that of the kubelet itself, which is then
	// pinned, or of who signed it.
	CAFile string `json:"ca_file"`
	// TokenFile holds a bearer token; empty where the kubelet asks for none.
	TokenFile string `json:"token_file,omitempty"`
}

const (
	// treatmentTimeout is how long a treatment may take to be in force: a kubelet
	// with many pods asks the runtime for all of them before it is ready.
	treatmentTimeout = 3 * time.Minute
	// observeTimeout is how long the subject may take to tell of itself, observeLead
	// how long before a window it is asked: what it burns for the answer, and for
	// the garbage of it, is over by then.
	observeTimeout = 10 * time.Second
	observeLead    = 2 * time.Second
)

// A block is trials that share one application of a treatment.
type block struct {
	cell         Cell
	sweep, round int
	treatment    string
}

// fresh says whether the treatment is to be applied before the slot: it is always, but
// for those after the first of a block, where arms share what is applied.
func (r *Runner) fresh(s *Slot) bool {
	b := block{s.Cell, s.Sweep, s.Round, s.Arm.Treatment}
	defer func() { r.applied = b }()
	return s.Arm.Treatment != "" && (!r.Blocks || r.applied != b)
}

// treat puts the node into the state that the arm asks for. It returns what the
// subject says then, nil without a treatment, and why the trial cannot be run, if so.
func (r *Runner) treat(ctx context.Context, t *Trial, fresh bool) (*Condition, *Void) {
	if r.Treatment == nil {
		if t.Arm.Treatment != "" {
			return nil, &Void{VoidTreatment, "nothing here can apply the treatment " + t.Arm.Treatment}
		}
		return nil, nil
	}
	if fresh {
		bounded, cancel := context.WithTimeout(ctx, treatmentTimeout)
		defer cancel()
		if err := r.Treatment.Apply(bounded, t.Arm.Treatment); err != nil {
			return nil, &Void{VoidTreatment, "apply " + t.Arm.Treatment + ": " + err.Error()}
		}
	}
	condition, err := r.observe(ctx)
	if err != nil {
		return nil, &Void{VoidTreatment, "ask which treatment is in force: " + err.Error()}
	}
	t.State = condition.State
	if fresh {
		t.Settled = condition.Settled
	}
	return &condition, t.expect(condition.State, "before the window")
}

// restock makes the pods anew that a treatment has taken along. It returns those that
// run.
func (r *Runner) restock(ctx context.Context, c Cell, before []Pod) ([]Pod, error) {
	now, err := r.Workload.Running(ctx)
	if err == nil && !slices.EqualFunc(before, now, samePod) {
		if now, err = r.Workload.Scale(ctx, c); err == nil {
			err = sleep(ctx, r.Settle)
		}
	}
	return now, err
}

// expect returns why the state is not the one that the arm asks for; an arm that
// asks for none takes any that stays.
func (t *Trial) expect(state, when string) *Void {
	want := t.Arm.Treatment
	if want == "" {
		want = t.State
	}
	if state == want {
		return nil
	}
	if state == "" {
		state = "nothing that can be told"
	}
	return &Void{VoidTreatment, state + " is in force " + when + ", not " + want}
}

func (r *Runner) observe(ctx context.Context) (Condition, error) {
	bounded, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	return r.Treatment.Observe(bounded)
}

// preview asks the subject once more shortly before the window, for what it will
// have done inside. Where there is no time for it, or no answer, what it has done
// since the treatment is told instead: nil.
func (r *Runner) preview(ctx context.Context, begin time.Time) *Condition {
	if r.Treatment == nil || sleep(ctx, time.Until(begin.Add(-observeLead))) != nil || time.Until(begin) < observeLead/2 {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, observeLead/2)
	defer cancel()
	condition, err := r.Treatment.Observe(bounded)
	if err != nil {
		return nil
	}
	return &condition
}

// review asks the subject after the window what it has done, and whether it still
// is what the arm asks for. before is what it said before the window; nil where there
// is no subject.
func (r *Runner) review(ctx context.Context, t *Trial, before *Condition) {
	if before == nil {
		return
	}
	after, err := r.observe(ctx)
	if err != nil {
		t.void(VoidTreatment, "ask which treatment was in force: %v", err)
		return
	}
	if broken := t.expect(after.State, "after the window"); broken != nil {
		t.Void = append(t.Void, *broken)
	}
	t.Allocated = allocatedBetween(*before, after)
	if t.Operations = operationsBetween(*before, after); t.Operations == nil {
		t.void(VoidRestart, "the accounts of the treatment's subject went back: it began anew inside the window")
	}
}
