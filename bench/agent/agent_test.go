package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cri-stats-bench/bench"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// childVariable makes the test binary serve as an agent.
const childVariable = "CRI_STATS_BENCH_TEST_AGENT"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	if err := Serve(context.Background(), os.Stdin, os.Stdout, find); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fake answers after cost with the pods of its source, fails every third call if
// flaky, and dies if told.
type fake struct {
	source bench.Source
	cost   time.Duration
	flaky  bool
	die    bool
	empty  bool
	calls  int
}

func (f *fake) Collect(ctx context.Context, b *bench.Batch) error {
	f.calls++
	if f.die && f.calls > 2 {
		os.Exit(3)
	}
	select {
	case <-time.After(f.cost):
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, p := range f.source.Pods {
		b.Entity(bench.Entity{Pod: p.ID})
		for _, c := range p.Containers {
			b.Add(bench.CPUUsage, b.Entity(bench.Entity{Pod: p.ID, Container: c}), 1, 0)
		}
	}
	b.Bytes = 100
	if f.empty {
		return fmt.Errorf("read: %w", bench.ErrEmpty)
	}
	if f.flaky && f.calls%3 == 0 {
		return errors.New("no luck")
	}
	return nil
}

func (f *fake) Close() error { return nil }

func find(name string) (bench.CollectorSpec, bool) {
	spec := bench.CollectorSpec{Name: name}
	spec.Open = func(_ context.Context, s bench.Source) (bench.Collector, error) {
		switch name {
		case "flaky":
			return &fake{source: s, flaky: true}, nil
		case "slow":
			return &fake{source: s, cost: 1500 * time.Millisecond}, nil
		case "stuck":
			return &fake{source: s, cost: time.Hour}, nil
		case "mortal":
			return &fake{source: s, die: true}, nil
		case "partial":
			part := s
			part.Pods = append([]bench.Pod{{ID: "foreign", Containers: []string{"x"}}}, s.Pods[1:]...)
			return &fake{source: part}, nil
		case "unsupported":
			return nil, &bench.UnsupportedError{What: "this", Needs: "that"}
		case "empty":
			return &fake{empty: true}, nil
		case "broken":
			return nil, errors.New("open: no such socket")
		}
		return &fake{source: s}, nil
	}
	return spec, name != "none"
}

var source = bench.Source{Pods: []bench.Pod{{ID: "p1", Containers: []string{"c1", "c2"}}, {ID: "p2", Containers: []string{"c3"}}}}

// serve runs one agent's whole life on the fake clock and returns its report.
func serve(t *testing.T, collector string, w bench.Window) bench.AgentReport {
	t.Helper()
	return serveOf(t, collector, source, w)
}

func serveOf(t *testing.T, collector string, source bench.Source, w bench.Window) bench.AgentReport {
	t.Helper()
	var in, out bytes.Buffer
	encode := json.NewEncoder(&in)
	for _, o := range []order{{Open: &open{Collector: collector, Source: source, Timeout: 2 * time.Second}}, {Run: &w}, {Report: true}} {
		if err := encode.Encode(o); err != nil {
			t.Fatal(err)
		}
	}
	// The input stays open until the last answer has come: its end is the order to stop.
	r, stop := io.Pipe()
	go func() {
		_, _ = io.Copy(stop, &in)
	}()
	answers := make(chan answer, 3)
	outR, outW := io.Pipe()
	go func() {
		decoder := json.NewDecoder(io.TeeReader(outR, &out))
		for range 3 {
			var a answer
			if decoder.Decode(&a) == nil {
				answers <- a
			}
		}
		_ = stop.Close()
	}()
	if err := Serve(t.Context(), r, outW, find); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a := <-answers; a.Error != "" {
			t.Fatalf("agent: %s", a.Error)
		}
	}
	a := <-answers
	if a.Report == nil {
		t.Fatalf("no report in %s", out.String())
	}
	return *a.Report
}

func TestServe(t *testing.T) {
	f := func(collector string, w bench.Window, want bench.AgentReport) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			w.Start = time.Now().Add(5 * time.Second)
			w.Timeout = 2 * time.Second
			want.Collector = collector
			want.Names = []string{"container_cpu_usage_seconds_total"}
			got := serve(t, collector, w)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("report of %q (-want +got):\n%s", collector, diff)
			}
		})
	}
	good := func(due, start, service time.Duration) bench.Call {
		return bench.Call{Due: due, Start: start, Service: service, Bytes: 100, Pods: 2, Containers: 3, Samples: 3}
	}
	s := time.Second
	f("good", bench.Window{Interval: s, WarmUpCalls: 2, Calls: 3}, bench.AgentReport{
		Calls: bench.Calls{good(0, 0, 0), good(s, s, 0), good(2*s, 2*s, 0)},
	})
	// A slow answer delays the calls after it; they count from when they were due.
	f("slow", bench.Window{Interval: s, Calls: 3}, bench.AgentReport{
		FirstCall: s * 3 / 2,
		Calls:     bench.Calls{good(0, 0, s*3/2), good(s, s*3/2, s*3/2), good(2*s, 3*s, s*3/2)},
	})
	// A call of the warm-up that lasts into the window: the agent is not free before that.
	f("slow", bench.Window{Interval: s, WarmUpCalls: 1, Calls: 1}, bench.AgentReport{
		FirstCall: s * 3 / 2, Busy: s / 2, Calls: bench.Calls{good(0, s/2, s*3/2)},
	})
	f("flaky", bench.Window{Interval: s, Calls: 2}, bench.AgentReport{
		Calls: bench.Calls{good(0, 0, 0), {Due: s, Start: s, Err: "no luck"}},
	})
	f("partial", bench.Window{Interval: s, Calls: 1}, bench.AgentReport{
		Calls:   bench.Calls{{Bytes: 100, Pods: 2, Containers: 2, Samples: 2}},
		Missing: []string{"c1", "c2"}, Extra: 1,
	})
}

// The first call of "slow" runs into the deadline for opening and yet the agent
// could serve: such a source must not become an arm that looks fast.
// Where pods come and go, each answer is held against those that stay.
func TestChurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		churn := source
		churn.Churn = true
		w := bench.Window{Start: time.Now().Add(time.Second), Interval: time.Second, Calls: 2, Timeout: time.Second}
		for collector, want := range map[string]int{"whole": 0, "partial": 2} {
			w.Start = time.Now().Add(time.Second)
			if calls := serveOf(t, collector, churn, w).Calls; calls[0].Lacks != want || calls[1].Lacks != want {
				t.Errorf("%s: answers lack %d and %d containers, want %d", collector, calls[0].Lacks, calls[1].Lacks, want)
			}
		}
		w.Start = time.Now().Add(time.Second)
		if calls := serve(t, "partial", w).Calls; calls[0].Lacks != 0 {
			t.Errorf("without churn answers lack %d containers one by one", calls[0].Lacks)
		}
	})
}

func TestFirstCallFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server{find: find}
		err := s.open(t.Context(), open{Collector: "slow", Source: source, Timeout: time.Second})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("open: %v, want the deadline", err)
		}
	})
}

// A source whose answers are empty is asked on: the calls have failed, and there is no
// time of a first answer.
func TestEmptyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, "empty", bench.Window{Start: time.Now().Add(time.Second), Interval: time.Second, Calls: 3, Timeout: time.Second})
		if r.FirstCall != 0 || len(r.Calls) != 3 || r.Calls.Failed() != 3 || r.Calls[0].Err != "read: nothing of what runs is in the answer" {
			t.Errorf("report %+v", r)
		}
	})
}

// command starts agents that are this test binary.
func command(t *testing.T) *Command {
	t.Setenv(childVariable, "1")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &Command{Path: exe, Stderr: t.Output(), Timeout: 5 * time.Second}
}

func TestProcess(t *testing.T) {
	a, err := command(t).Start(t.Context(), "good", source)
	if err != nil {
		t.Fatal(err)
	}
	w := bench.Window{Start: time.Now().Add(20 * time.Millisecond), Interval: 10 * time.Millisecond, WarmUpCalls: 1, Calls: 3, Timeout: time.Second}
	if err := a.Run(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	report, err := a.Report(t.Context())
	if err != nil || len(report.Calls) != 3 || report.Calls[2].Containers != 3 || report.Missing != nil {
		t.Errorf("report %+v, %v", report, err)
	}
	for range 2 {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.FindProcess(a.PID()); err == nil {
		if err := a.Run(t.Context(), w); err == nil {
			t.Error("an agent that was ended ran")
		}
	}
}

func TestStartFails(t *testing.T) {
	c := command(t)
	var unsupported *bench.UnsupportedError
	if _, err := c.Start(t.Context(), "unsupported", source); !errors.As(err, &unsupported) || unsupported.Needs != "that" {
		t.Errorf("unsupported: %v", err)
	}
	f := func(collector, want string) {
		t.Helper()
		if _, err := c.Start(t.Context(), collector, source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("start %q: %v, want %q", collector, err, want)
		}
	}
	f("none", `no collector named "none"`)
	f("broken", "no such socket")
	c.Timeout = 50 * time.Millisecond
	f("stuck", "deadline exceeded")
	c.Path = "/nowhere/at/all"
	f("good", "/nowhere/at/all")
}

func TestAgentDies(t *testing.T) {
	a, err := command(t).Start(t.Context(), "mortal", source)
	if err != nil {
		t.Fatal(err)
	}
	w := bench.Window{Start: time.Now(), Interval: time.Millisecond, Calls: 9, Timeout: time.Second}
	if err := a.Run(t.Context(), w); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("run: %v, want its exit status", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// A harness that is killed closes the pipe: the agent must end in the middle of a
// call.
func TestEndOfInputEndsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			encode := json.NewEncoder(w)
			_ = encode.Encode(order{Open: &open{Collector: "good", Source: source, Timeout: time.Second}})
			_ = encode.Encode(order{Run: &bench.Window{Start: time.Now(), Interval: time.Hour, Calls: 100, Timeout: time.Second}})
			time.Sleep(time.Minute)
			_ = w.Close()
		}()
		start := time.Now()
		if err := Serve(t.Context(), r, io.Discard, find); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d != time.Minute {
			t.Errorf("ended after %v, want one minute", d)
		}
	})
}

// An agent that says more than it is asked is closed as any other: what nobody waits for
// holds up nobody.
func TestTalkative(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		p := &process{cmd: new(exec.Cmd), answers: make(chan answer, 1), ended: make(chan struct{})}
		go p.read(r)
		for range 5 {
			if _, err := io.WriteString(w, `{"error":"unasked"}`); err != nil {
				t.Fatal(err)
			}
		}
		_ = w.Close()
		select {
		case <-p.ended:
		case <-time.After(time.Hour):
			t.Error("its end is not seen after an hour")
		}
	})
}

// An agent's answers are whatever it writes: its end is seen, and nothing is made of it.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"report":{"calls":[]}}{"error":"late"}`))
	f.Add([]byte(`{"report":{"calls":[[1]]}}`))
	f.Add([]byte(`{"unsupported":{}}nonsense`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &process{cmd: new(exec.Cmd), answers: make(chan answer, 1), ended: make(chan struct{})}
		p.read(bytes.NewReader(data))
		<-p.ended
	})
}

func FuzzServe(f *testing.F) {
	f.Add([]byte(`{"open":{"collector":"good"}}{"report":true}`))
	f.Add([]byte(`{"run":{"calls":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Orders that would take time are left to the other tests.
		if bytes.Contains(data, []byte("run")) || bytes.Contains(data, []byte("RUN")) {
			return
		}
		_ = Serve(t.Context(), bytes.NewReader(data), io.Discard, find)
	})
}
