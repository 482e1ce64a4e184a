package variant

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/node"
)

// A fake is a runtime that notes what is done to it.
type fake struct {
	did   []string
	runs  string
	keeps bool
	err   error
}

func (f *fake) Restart(_ context.Context, v node.Variant) error {
	f.did = append(f.did, "restart "+v.Name)
	f.runs = v.Name
	return f.err
}
func (f *fake) KeepsPods(context.Context, node.Variant) (bool, error) { return f.keeps, nil }
func (f *fake) Runs() (string, error)                                 { return f.runs, f.err }

func managed(f *fake) *Managed {
	return &Managed{
		Runtime: f, Variants: []node.Variant{{Name: "old"}, {Name: "new"}},
		Empty: func(context.Context) error { f.did = append(f.did, "empty"); return nil },
	}
}

// Pods go where the programs that hold them are others, before the restart, and stay
// otherwise.
func TestApply(t *testing.T) {
	for _, c := range []struct {
		keeps bool
		want  []string
	}{
		{true, []string{"restart new"}},
		{false, []string{"empty", "restart new"}},
	} {
		f := &fake{keeps: c.keeps}
		m := managed(f)
		if err := m.Apply(t.Context(), "new"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, f.did); diff != "" {
			t.Errorf("keeps pods %v (-want +got):\n%s", c.keeps, diff)
		}
		got, err := m.Observe(t.Context())
		if want := (bench.Condition{State: "new"}); err != nil || !cmp.Equal(want, got) {
			t.Errorf("observed %+v, %v; want %+v", got, err, want)
		}
	}
}

func TestApplyFails(t *testing.T) {
	f := &fake{keeps: true, err: errors.New("no")}
	m := managed(f)
	if err := m.Apply(t.Context(), "other"); err == nil || !strings.Contains(err.Error(), `unknown treatment "other"`) {
		t.Errorf("applied an unknown treatment: %v", err)
	}
	if err := m.Apply(t.Context(), "new"); !errors.Is(err, f.err) {
		t.Errorf("a restart that failed: %v", err)
	}
	if _, err := m.Observe(t.Context()); !errors.Is(err, f.err) {
		t.Errorf("observed a daemon that does not run: %v", err)
	}
}

// The time until a daemon is at rest is measured: it is over when three seconds are
// alike, whatever they cost, and in any case after fifteen.
func TestRest(t *testing.T) {
	f := func(ms []int, want time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			m := managed(&fake{keeps: true})
			total, i := time.Duration(0), -1
			m.CPU = func() (time.Duration, error) {
				if i >= 0 {
					total += time.Duration(ms[min(i, len(ms)-1)]) * time.Millisecond
				}
				i++
				return total, nil
			}
			if err := m.Apply(t.Context(), "new"); err != nil {
				t.Fatal(err)
			}
			if m.settled != want {
				t.Errorf("at rest after %v with seconds of %v ms, want %v", m.settled, ms, want)
			}
		})
	}
	f([]int{0}, 3*time.Second)
	f([]int{100}, 3*time.Second)
	f([]int{600, 200, 50, 55, 60}, 5*time.Second)
	f([]int{5, 200, 5, 9, 12}, 5*time.Second)
	f([]int{10, 300, 10, 300, 10, 300, 10, 300, 10, 300, 10, 300, 10, 300, 10, 300}, 15*time.Second)
}

// An interruption ends the waiting.
func TestRestInterrupted(t *testing.T) {
	m := managed(&fake{keeps: true})
	m.CPU = func() (time.Duration, error) { return 0, nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Apply(ctx, "new"); !errors.Is(err, context.Canceled) {
		t.Errorf("Apply: %v", err)
	}
}

// What the daemon has allocated is asked on its socket; one that does not answer there is
// no treatment in force.
func TestObserveDebug(t *testing.T) {
	m := managed(&fake{})
	m.Debug = filepath.Join(t.TempDir(), "debug.sock")
	if _, err := m.Observe(t.Context()); err == nil || !strings.Contains(err.Error(), "what it has allocated") {
		t.Errorf("Observe without a socket: %v", err)
	}
}
