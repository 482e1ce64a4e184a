package fakecri_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/criconn/fakecri"
)

// spoiled starts a runtime with a defect and pods that have run for a minute.
func spoiled(t *testing.T, defect fakecri.Defect, pods int) (*criconn.Conn, *time.Time) {
	t.Helper()
	now := time.Unix(1_700_000_000, 0)
	conn := open(t, fakecri.Options{Clock: func() time.Time { return now }, Defect: defect})
	for i := range pods {
		run(t, conn, fmt.Sprintf("pod-%d", i), runtimev1.NamespaceMode_POD, []string{"burn", "--cpu", "0.25", "--hold", "8388608"})
	}
	now = now.Add(time.Minute)
	return conn, &now
}

// TestDefectsSpoil holds what each defect does to the CPU time, the working set and
// the timestamp of a container, in two answers ten seconds apart.
func TestDefectsSpoil(t *testing.T) {
	const rate = 0.251
	type seen struct {
		CPU        [2]time.Duration
		WorkingSet string
		Age        [2]time.Duration
	}
	started := 15 * time.Millisecond
	at := func(seconds float64) time.Duration { return started + time.Duration(rate*seconds*1e9) }
	f := func(defect fakecri.Defect, want seen) {
		t.Helper()
		conn, now := spoiled(t, defect, 1)
		var got seen
		for i := range got.CPU {
			answer, err := conn.Runtime.ListPodSandboxStats(t.Context(), &runtimev1.ListPodSandboxStatsRequest{})
			if err != nil {
				t.Fatal(err)
			}
			c := answer.GetStats()[0].GetLinux().GetContainers()[0]
			got.CPU[i] = time.Duration(c.GetCpu().GetUsageCoreNanoSeconds().GetValue())
			got.Age[i] = now.Sub(time.Unix(0, c.GetCpu().GetTimestamp()))
			switch ws := c.GetMemory().GetWorkingSetBytes().GetValue(); {
			case ws == 0:
				got.WorkingSet = "none"
			case ws < 12<<20:
				got.WorkingSet = "once"
			default:
				got.WorkingSet = "twice"
			}
			*now = now.Add(10 * time.Second)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", defect, diff)
		}
	}
	s := time.Second
	f(fakecri.Healthy, seen{[2]time.Duration{at(60), at(70)}, "once", [2]time.Duration{}})
	f(fakecri.FrozenFirst, seen{[2]time.Duration{at(60), at(60)}, "once", [2]time.Duration{0, 10 * s}})
	f(fakecri.Stale30, seen{[2]time.Duration{at(30), at(40)}, "once", [2]time.Duration{30 * s, 30 * s}})
	f(fakecri.NowOnOld, seen{[2]time.Duration{at(30), at(40)}, "once", [2]time.Duration{}})
	f(fakecri.Microseconds, seen{[2]time.Duration{at(60) / 1000, at(70) / 1000}, "once", [2]time.Duration{}})
	f(fakecri.WholeSeconds, seen{[2]time.Duration{15 * s, 17 * s}, "once", [2]time.Duration{}})
	f(fakecri.Zeros, seen{[2]time.Duration{}, "none", [2]time.Duration{}})
	f(fakecri.GoingBack, seen{[2]time.Duration{at(60), at(70) - at(70)/10}, "once", [2]time.Duration{}})
	f(fakecri.DoubleMemory, seen{[2]time.Duration{at(60), at(70)}, "twice", [2]time.Duration{}})
}

func TestDefectsOfPopulation(t *testing.T) {
	f := func(defect fakecri.Defect, wantContainers, wantIDs int) {
		t.Helper()
		conn, _ := spoiled(t, defect, 20)
		answer, err := conn.Runtime.ListContainerStats(t.Context(), &runtimev1.ListContainerStatsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		ids := make(map[string]bool)
		for _, c := range answer.GetStats() {
			ids[c.GetAttributes().GetId()] = true
		}
		if len(answer.GetStats()) != wantContainers || len(ids) != wantIDs {
			t.Errorf("%q: %d containers, %d different, want %d and %d", defect, len(answer.GetStats()), len(ids), wantContainers, wantIDs)
		}
	}
	f(fakecri.Healthy, 20, 20)
	f(fakecri.TenthMissing, 18, 18)
	f(fakecri.OneTwice, 21, 20)
}

func TestDefectsOfCalls(t *testing.T) {
	conn, _ := spoiled(t, fakecri.OnePodError, 3)
	if _, err := conn.Runtime.ListPodSandboxMetrics(t.Context(), &runtimev1.ListPodSandboxMetricsRequest{}); status.Code(err) != codes.Unknown {
		t.Errorf("list with a pod that cannot be read: %v", err)
	}
	pods, err := conn.Runtime.ListPodSandbox(t.Context(), &runtimev1.ListPodSandboxRequest{})
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, pod := range pods.GetItems() {
		if _, err := conn.Runtime.PodSandboxStats(t.Context(), &runtimev1.PodSandboxStatsRequest{PodSandboxId: pod.GetId()}); err != nil {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("%d of 3 pods cannot be read, want 1", failed)
	}

	conn, _ = spoiled(t, fakecri.HalfThenError, 4)
	stream, err := conn.Runtime.StreamPodSandboxStats(t.Context(), &runtimev1.StreamPodSandboxStatsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := stream.Recv()
	if err != nil || len(first.GetPodSandboxStats()) != 2 {
		t.Errorf("first message of a stream that breaks off: %d pods, %v", len(first.GetPodSandboxStats()), err)
	}
	if _, err := stream.Recv(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a stream that breaks off ended with %v", err)
	}
}

// TestDirect reads the truth past a defect, with a step of memory by an exec.
func TestDirect(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	server, conn := serve(t, fakecri.Options{Clock: func() time.Time { return now }, Defect: fakecri.Zeros})
	_, containers := run(t, conn, "a", runtimev1.NamespaceMode_POD, []string{"burn", "--cpu", "0.5"})
	direct := server.Direct()
	read := func(m *bench.Metric) float64 {
		t.Helper()
		var b bench.Batch
		if err := direct.Collect(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		for _, s := range b.Samples {
			if s.Metric == m && b.Entities[s.Entity].Container == containers[0] {
				return s.Value
			}
		}
		t.Fatalf("no %s of the container", m.Name)
		return 0
	}
	now = now.Add(10 * time.Second)
	if got := read(bench.CPUUsage); got < 5.02 || got > 5.03 {
		t.Errorf("CPU time after 10 s is %v s", got)
	}
	before := read(bench.MemoryWorkingSet)
	_, err := conn.Runtime.ExecSync(t.Context(), &runtimev1.ExecSyncRequest{ContainerId: containers[0], Cmd: []string{"/podload", "pause", "--hold", "1000000"}, Timeout: 5})
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("exec of a program that does not end: %v", err)
	}
	if got := read(bench.MemoryWorkingSet) - before; got != 1e6 {
		t.Errorf("an exec holds %v bytes, want a million", got)
	}
	now = now.Add(5 * time.Second)
	if got := read(bench.MemoryWorkingSet) - before; got > 1e5 {
		t.Errorf("%v bytes are held after the exec's end", got)
	}
	if _, err := conn.Runtime.ExecSync(t.Context(), &runtimev1.ExecSyncRequest{ContainerId: "0", Cmd: []string{"x"}, Timeout: 1}); status.Code(err) != codes.NotFound {
		t.Errorf("exec in a container that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := direct.Collect(ctx, new(bench.Batch)); !errors.Is(err, context.Canceled) {
		t.Errorf("reading with a cancelled context: %v", err)
	}
}

func TestClock(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	c := fakecri.NewClock(start, 1)
	if a, b := c.Now(), c.Now(); !a.After(start) || !b.After(a) {
		t.Errorf("looks at %v and %v, begun at %v", a, b, start)
	}
	if err := c.Sleep(t.Context(), time.Hour); err != nil || c.Now().Before(start.Add(time.Hour)) {
		t.Errorf("after an hour of sleep: %v, %v", c.Now(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("sleep with a cancelled context: %v", err)
	}
}
