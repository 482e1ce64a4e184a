package live_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/agreement/live"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/collectors/cri"
)

// A broken collector is opened and gives no answer.
type broken struct{ err error }

func (b broken) Collect(context.Context, *bench.Batch) error { return b.err }
func (b broken) Close() error                                { return nil }

// opens returns a source that cannot be opened, or whose calls fail.
func opens(name string, openErr, callErr error) live.Source {
	return live.Source{
		Source: agreement.Source{Name: name, Form: agreement.PodSandboxStats},
		Open: func(context.Context, bench.Source) (bench.Collector, error) {
			if openErr != nil {
				return nil, openErr
			}
			return broken{callErr}, nil
		},
	}
}

// TestSources holds what becomes of sources that do not work: what is not supported
// is left out, anything else is a finding.
func TestSources(t *testing.T) {
	unsupported := &bench.UnsupportedError{What: "this", Needs: "that"}
	gone := errors.New("the socket is gone")
	n := newNode(t, 1, fakecri.Healthy)
	report := n.verify(t, func(cfg *live.Config) {
		cfg.Sources = []live.Source{
			opens("cannot open", gone, nil), opens("not here", unsupported, nil), opens("knows no such call", nil, unsupported), opens("fails", nil, gone),
		}
	})
	var left []string
	for _, u := range report.Unsupported {
		left = append(left, u.Source)
	}
	if want := []string{"not here", "knows no such call"}; !slices.Equal(left, want) {
		t.Errorf("left out %q, want %q", left, want)
	}
	for _, name := range []string{"cannot open", "fails"} {
		findings := report.Of(name)
		if len(findings) != 1 || findings[0].Kind != agreement.CallFails || !strings.Contains(findings[0].Evidence, gone.Error()) {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

// TestFixed gives a source that finds nothing new what can be expected to last.
func TestFixed(t *testing.T) {
	f := func(own, want int) {
		t.Helper()
		n := newNode(t, 1, fakecri.Healthy) // ten pods that have run for minutes, two that began just now
		young, err := n.conn.Runtime.ListPodSandbox(t.Context(), &runtimev1.ListPodSandboxRequest{})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		n.verify(t, func(cfg *live.Config) {
			cfg.Duration = time.Second
			for _, pod := range young.GetItems()[:own] { // newest first
				cfg.Own = append(cfg.Own, bench.Pod{ID: pod.GetId()})
			}
			cfg.Sources = []live.Source{{
				Source: agreement.Source{Name: "fixed", Form: agreement.PodSandboxStats}, Fixed: true,
				Open: func(ctx context.Context, s bench.Source) (bench.Collector, error) {
					got = len(s.Pods)
					return cri.OpenPodStats(ctx, s)
				},
			}}
		})
		if got != want {
			t.Errorf("with %d pods of our own it was opened with %d pods, want %d", own, got, want)
		}
	}
	f(0, 10)
	f(1, 11)
	f(2, 12)
}

// TestReference holds that a pod that cannot be read does not keep others from
// being read, and that what comes later is read as well.
func TestReference(t *testing.T) {
	n := newNode(t, 1, fakecri.Healthy)
	bad := "" // the pod whose cgroup cannot be found
	opened := make(map[string]int)
	all := 0
	n.verify(t, func(cfg *live.Config) {
		cfg.Reference = func(_ context.Context, s bench.Source) (bench.Collector, error) {
			all++
			for _, pod := range s.Pods {
				if bad == "" {
					bad = pod.ID
				}
				if pod.ID == bad {
					return nil, errors.New("no cgroup")
				}
			}
			for _, pod := range s.Pods {
				opened[pod.ID]++
			}
			return n.Direct(), nil
		}
	})
	if len(opened) != 11 {
		t.Errorf("%d pods can be read, want 11", len(opened))
	}
	for id, times := range opened {
		if times != 1 {
			t.Errorf("pod %s was opened %d times", id, times)
		}
	}
	if all > 12+2+3 {
		t.Errorf("%d times something was opened: what cannot be found is looked for without end", all)
	}
}

// TestCancelled ends where its context does, with everything closed.
func TestCancelled(t *testing.T) {
	n := newNode(t, 1, fakecri.Healthy)
	for _, calls := range []int{0, 1, 5} {
		ctx, cancel := context.WithCancel(t.Context())
		closed := 0
		cfg := live.Config{
			Client: n.conn.Runtime, Clock: n.clock,
			Sources: []live.Source{{
				Source: agreement.Source{Name: "counted", Form: agreement.PodSandboxStats},
				Open: func(context.Context, bench.Source) (bench.Collector, error) {
					return &countdown{calls, cancel, &closed}, nil
				},
			}},
		}
		_, err := live.Observe(ctx, cfg)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled in call %d: %v", calls, err)
		}
		if calls > 0 && closed != 1 {
			t.Errorf("cancelled in call %d: closed %d times", calls, closed)
		}
		cancel()
	}
}

// A countdown cancels in the last of some calls.
type countdown struct {
	left   int
	cancel context.CancelFunc
	closed *int
}

func (c *countdown) Collect(ctx context.Context, _ *bench.Batch) error {
	if c.left--; c.left <= 0 {
		c.cancel()
	}
	return ctx.Err()
}

func (c *countdown) Close() error { *c.closed++; return nil }

// A flood is a source with a name for everything.
type flood struct{ broken }

func (flood) Collect(_ context.Context, b *bench.Batch) error {
	e := b.Entity(bench.Entity{Pod: "p"})
	for i := range 40_000 {
		b.Add(&bench.Metric{Name: fmt.Sprintf("name_%d", i)}, e, 1, 0)
	}
	return nil
}

// What has more names than anybody could judge is refused, and judged in no time.
func TestFlood(t *testing.T) {
	n := newNode(t, 1, fakecri.Healthy)
	start := time.Now()
	report := n.verify(t, func(cfg *live.Config) {
		cfg.Sources = []live.Source{{
			Source: agreement.Source{Name: "flood", Form: agreement.PodSandboxStats},
			Open:   func(context.Context, bench.Source) (bench.Collector, error) { return flood{}, nil },
		}}
	})
	if !slices.ContainsFunc(report.Findings, func(f agreement.Finding) bool {
		return f.Kind == agreement.CallFails && strings.Contains(f.Evidence, "40000 names")
	}) {
		t.Errorf("found %v", report.Findings)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}
