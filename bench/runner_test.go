package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// world is a node on the fake clock: it implements every seam of the Runner.
type world struct {
	t       *testing.T
	slots   []Slot
	windows int // that have begun
	next    int

	pods   int
	lost   int           // pods that vanish inside a window
	answer time.Duration // how long a call takes
	late   time.Duration // how late an agent begins its calls
	fail   map[string]error
	// failEvery is which of an agent's calls fail: every seventh with 7, none with 0.
	failEvery int
	meter     Metered
	meterErr  error
	cancel    context.CancelFunc // called inside the first window if set
	// treatment is the node's, if it has one; checker sees what is answered.
	treatment Treatment
	checker   Checker

	trials  []*Trial
	log     []string
	mu      sync.Mutex           // for starts: agents run at the same time
	starts  map[string]time.Time // of windows, by collector
	agents  int                  // agents alive
	stopped bool
}

func (w *world) Scale(ctx context.Context, c Cell) ([]Pod, error) {
	w.pods = c.Pods
	return w.Running(ctx)
}

func (w *world) Running(context.Context) ([]Pod, error) {
	pods := make([]Pod, w.pods)
	for i := range pods {
		pods[i] = Pod{ID: fmt.Sprint("p", i), Containers: []string{fmt.Sprint("c", i)}}
	}
	return pods, nil
}

func (w *world) Stop(ctx context.Context) error {
	if ctx.Err() != nil {
		w.t.Error("the workload is stopped with a context that has ended")
	}
	w.pods, w.stopped = 0, true
	return nil
}

func (w *world) Start(_ context.Context, collector string, s Source) (AgentProcess, error) {
	w.note("start %s with %d pods", collector, len(s.Pods))
	if err := w.fail[collector]; err != nil {
		return nil, err
	}
	w.agents++
	return &worldAgent{world: w, collector: collector, source: s}, nil
}

type worldAgent struct {
	*world
	collector string
	source    Source
	calls     Calls
	busy      time.Duration
	closed    bool
}

func (a *worldAgent) PID() int { return 100 + a.agents }

func (a *worldAgent) Run(ctx context.Context, w Window) error {
	a.began(a.collector, w.Start)
	if a.cancel != nil {
		time.AfterFunc(time.Until(w.Start)+w.Interval/2, a.cancel)
	}
	free := -time.Duration(w.WarmUpCalls) * w.Interval
	for k := -w.WarmUpCalls; k < w.Calls; k++ {
		c := Call{Due: time.Duration(k) * w.Interval, Service: a.answer, Containers: len(a.source.Pods)}
		c.Start = max(c.Due+a.late, free)
		free = c.Start + c.Service
		if k < 0 {
			a.busy = max(0, free)
			continue
		}
		if a.failEvery > 0 && len(a.calls)%a.failEvery == a.failEvery-1 {
			c = Call{Due: c.Due, Start: c.Start, Service: c.Service, Err: "NotFound"}
		}
		a.calls = append(a.calls, c)
	}
	return sleep(ctx, time.Until(w.Start.Add(free)))
}

func (a *worldAgent) Report(context.Context) (AgentReport, error) {
	return AgentReport{Collector: a.collector, Busy: a.busy, Calls: a.calls}, nil
}

func (a *worldAgent) Close() error {
	if !a.closed {
		a.closed = true
		a.agents--
	}
	return nil
}

func (w *world) Watch(_ context.Context, agents []int) (Watch, error) {
	return &worldWatch{world: w, agents: len(agents)}, w.meterErr
}

type worldWatch struct {
	*world
	agents int
	begun  time.Time
}

func (w *worldWatch) Begin() error {
	w.begun = time.Now()
	w.windows++
	return nil
}

func (w *worldWatch) End() (Metered, error) {
	m := w.meter
	m.Start, m.Length = w.begun, time.Since(w.begun)
	for i := range w.agents {
		m.Agents = append(m.Agents, Cost{CPUSeconds: float64(i + 1)})
	}
	w.world.pods -= w.lost
	return m, nil
}

func (w *worldWatch) Close() error { return nil }

func (w *world) Next() (Slot, bool) {
	if w.next == len(w.slots) {
		return Slot{}, false
	}
	w.next++
	return w.slots[w.next-1], true
}

func (w *world) Done(*Trial)              {}
func (w *world) Remaining() time.Duration { return 0 }

func (w *world) Append(t *Trial) error {
	w.trials = append(w.trials, t)
	return nil
}

func (w *world) began(collector string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.starts == nil {
		w.starts = make(map[string]time.Time)
	}
	w.starts[collector] = at
}

// offsets are how much later than the first window the others began, ascending.
func (w *world) offsets() []time.Duration {
	starts := slices.SortedFunc(maps.Values(w.starts), time.Time.Compare)
	var out []time.Duration
	for _, s := range starts {
		out = append(out, s.Sub(starts[0]))
	}
	return out
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// slot is one place for an arm of the named collectors: ten calls, one a second.
func slot(pods int, collectors ...string) Slot {
	return Slot{
		Cell: Cell{Pods: pods, ContainersPerPod: 1, Profile: "idle"},
		Arm:  Arm{Name: strings.Join(collectors, "+"), Collectors: collectors, Interval: time.Second, Window: 10 * time.Second, WarmUp: 2 * time.Second},
	}
}

// runner is one that has the world behind all its seams.
func (w *world) runner() *Runner {
	return &Runner{
		Workload: w, Agents: w, Meter: w, Schedule: w, Recorder: w,
		Treatment: w.treatment, Checker: w.checker,
		Limits:  Limits{Steal: 0.01, Foreign: 0.05, Harness: 0.01, Lateness: 0.1},
		Timeout: 5 * time.Second, Settle: 3 * time.Second,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// run runs the slots in w and fails the test if anything is left over.
func run(t *testing.T, w *world) error {
	t.Helper()
	w.t = t
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if w.cancel != nil {
		w.cancel = cancel
	}
	r := w.runner()
	err := r.Run(ctx)
	if w.agents != 0 {
		t.Errorf("%d agents are left", w.agents)
	}
	if !w.stopped || w.pods != 0 {
		t.Errorf("the workload is left: stopped %v, %d pods", w.stopped, w.pods)
	}
	return err
}

func TestRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			slots:  []Slot{slot(2, "a"), slot(2, "a", "b"), slot(5, "b")},
			answer: 10 * time.Millisecond,
			meter:  Metered{Costs: Costs{ComponentRuntime: Cost{CPUSeconds: 2}}, Guards: Guards{GuardSteal: 0.001}},
		}
		start := time.Now()
		if err := run(t, w); err != nil {
			t.Fatal(err)
		}
		want := []string{"start a with 2 pods", "start a with 2 pods", "start b with 2 pods", "start b with 5 pods"}
		if diff := cmp.Diff(want, w.log); diff != "" {
			t.Errorf("what was started (-want +got):\n%s", diff)
		}
		// Two densities settle for 3 s; three trials take 2 s + 10 s and a tenth.
		if d, want := time.Since(start), 2*3*time.Second+3*(12*time.Second+startLead)-3*edgeLead-(2+2+5)*edgeLeadPerPod; d != want {
			t.Errorf("the run took %v, want %v", d, want)
		}
		both := w.trials[1]
		if both.Length != 10*time.Second || !both.Usable() || len(both.Agents) != 2 || both.Pods != 2 || both.Containers != 2 {
			t.Errorf("trial of two agents: length %v, void %v, %d agents, %d pods", both.Length, both.Void, len(both.Agents), both.Pods)
		}
		if both.Costs[ComponentRuntime][CPUSeconds] != 2 {
			t.Errorf("costs %v", both.Costs)
		}
	})
}

func TestVoid(t *testing.T) {
	f := func(w *world, want ...VoidReason) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			w.slots = []Slot{slot(2, "a")}
			if err := run(t, w); err != nil {
				t.Fatal(err)
			}
			var got []VoidReason
			for _, v := range w.trials[0].Void {
				got = append(got, v.Reason)
				if v.Detail == "" {
					t.Errorf("%s is void without a detail", v.Reason)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
	f(&world{})
	f(&world{meter: Metered{Guards: Guards{GuardSteal: 0.02}}}, VoidSteal)
	f(&world{meter: Metered{Guards: Guards{GuardForeign: 0.06, GuardHarness: 0.02}}}, VoidForeignCPU, VoidHarnessCPU)
	f(&world{meter: Metered{Changed: []string{"containerd (pid 7) ended"}}}, VoidRestart)
	f(&world{lost: 1}, VoidPodCount)
	f(&world{late: 200 * time.Millisecond}, VoidMissedSchedule)
	f(&world{late: 99 * time.Millisecond})
	f(&world{meterErr: errors.New("no /proc")}, VoidMeter)
	f(&world{fail: map[string]error{"a": errors.New("exec format error")}}, VoidAgent)
}

// A subject that is slower than the interval is not void, and not skipped: its
// calls are late, and the trial says so.
func TestSlowSubject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{slots: []Slot{slot(2, "a")}, answer: 1500 * time.Millisecond}
		if err := run(t, w); err != nil {
			t.Fatal(err)
		}
		trial := w.trials[0]
		if !trial.Usable() || len(trial.Agents[0].Calls) != 10 {
			t.Errorf("void %v, %d calls, want 10 calls that count", trial.Void, len(trial.Agents[0].Calls))
		}
		// Two calls of the warm-up, of which the second lasts a second into the window.
		if want := 16*time.Second + edgeLead + 2*edgeLeadPerPod; trial.Length != want {
			t.Errorf("length %v, want %v: until the last answer", trial.Length, want)
		}
		if got := trial.Agents[0].Calls[9].Response(); got != 7*time.Second {
			t.Errorf("response time of the last call %v, want 7s", got)
		}
	})
}

func TestUnsupported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			slots: []Slot{slot(2, "b", "a"), slot(2, "b")},
			fail:  map[string]error{"a": &UnsupportedError{What: "a", Needs: "a newer node"}},
		}
		if err := run(t, w); err != nil {
			t.Fatal(err)
		}
		trial := w.trials[0]
		if trial.Usable() || trial.Unsupported != "a is not supported here (needs a newer node)" || trial.Agents != nil || trial.Void != nil {
			t.Errorf("trial %+v", trial)
		}
		if !w.trials[1].Usable() {
			t.Error("the arm after an unsupported one was not run")
		}
	})
}

func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{slots: []Slot{slot(2, "a"), slot(2, "b")}, cancel: func() {}}
		if err := run(t, w); !errors.Is(err, context.Canceled) {
			t.Errorf("run: %v, want that it was cancelled", err)
		}
		if len(w.trials) != 0 {
			t.Errorf("the interrupted trial was recorded: %+v", w.trials[0])
		}
	})
}

func TestGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{slots: slices.Repeat([]Slot{slot(2, "a")}, 9), fail: map[string]error{"a": errors.New("connection refused")}}
		err := run(t, w)
		if err == nil || !strings.Contains(err.Error(), "connection refused") || len(w.trials) != failuresInARow {
			t.Errorf("after %d trials: %v", len(w.trials), err)
		}
	})
}
