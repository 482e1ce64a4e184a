package meter

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
)

// TestMain lets the test binary be its own burner.
func TestMain(m *testing.M) {
	if job := os.Getenv("METER_TEST_CHILD"); job != "" {
		os.Exit(child(job))
	}
	os.Exit(m.Run())
}

// child waits for a line, does what it is told ("burn 300ms"), and answers with
// its getrusage in nanoseconds; then it waits for the end of its input. With
// "parent" before it, a child of its own does it, which has ended by then.
func child(job string) int {
	rest, parent := strings.CutPrefix(job, "parent ")
	cpu, err := time.ParseDuration(strings.TrimPrefix(rest, "burn "))
	if err != nil {
		return 1
	}
	in := bufio.NewReader(os.Stdin)
	fmt.Println("ready", rusage())
	if _, err := in.ReadString('\n'); err != nil {
		return 1
	}
	if !parent {
		burn(cpu, 0.3)
	} else {
		exe, err := os.Executable()
		if err != nil {
			return 1
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), "METER_TEST_CHILD="+rest)
		cmd.Stdin = strings.NewReader("go\n")
		if err := cmd.Run(); err != nil {
			return 1
		}
	}
	fmt.Println("done", rusage())
	_, _ = io.Copy(io.Discard, in) // wait
	return 0
}

// burn uses cpu of the own CPU clock, at a duty of that part of a core.
func burn(cpu time.Duration, duty float64) {
	const slice = 3 * time.Millisecond
	for begin := rusage(); rusage()-begin < cpu.Nanoseconds(); {
		start := rusage()
		for rusage()-start < slice.Nanoseconds() {
		}
		time.Sleep(time.Duration(float64(slice) * (1 - duty) / duty))
	}
}

// rusage is the process's user and system time in nanoseconds, as the kernel
// tells it in microseconds.
func rusage() int64 {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

// A burner is a child process under test.
type burner struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	// usage is what the child said last of its CPU time.
	usage time.Duration
}

func startBurner(t *testing.T, job string) *burner {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := &burner{t: t, cmd: exec.Command(exe)}
	b.cmd.Env = append(os.Environ(), "METER_TEST_CHILD="+job)
	b.cmd.Stderr = os.Stderr
	in, errIn := b.cmd.StdinPipe()
	out, errOut := b.cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, b.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	b.in, b.out = in, bufio.NewReader(out)
	t.Cleanup(func() {
		b.in.Close()
		_ = b.cmd.Wait() // twice where the test waited already
	})
	b.expect("ready")
	return b
}

// expect reads the child's next answer.
func (b *burner) expect(word string) {
	b.t.Helper()
	line, err := b.out.ReadString('\n')
	got, usage, _ := strings.Cut(strings.TrimSpace(line), " ")
	ns, errUsage := strconv.ParseInt(usage, 10, 64)
	if err := errors.Join(err, errUsage); err != nil || got != word {
		b.t.Fatalf("the child said %q, want %q: %v", line, word, err)
	}
	b.usage = time.Duration(ns)
}

// run has the child burn and returns its own account of it.
func (b *burner) run() time.Duration {
	b.t.Helper()
	before := b.usage
	if _, err := io.WriteString(b.in, "go\n"); err != nil {
		b.t.Fatal(err)
	}
	b.expect("done")
	return b.usage - before
}

// meterReal meters what a child does as agent, or as runtime.
func meterReal(t *testing.T, cfg Config, agents []int, do func()) bench.Metered {
	t.Helper()
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w, err := m.Watch(t.Context(), agents)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := w.Begin(); err != nil {
		t.Fatal(err)
	}
	do()
	metered, err := w.End()
	if err != nil {
		t.Fatal(err)
	}
	return metered
}

func within2Percent(t *testing.T, what string, got, want float64) {
	t.Helper()
	t.Logf("%s: %.6f, second road %.6f (%+.3f %%)", what, got, want, 100*(got/want-1))
	if !(math.Abs(got-want) <= 0.02*want) {
		t.Errorf("%s: %v, want %v within 2 %%", what, got, want)
	}
}

// TestBurner meters a child that burns 0.3 s of CPU time in one second.
func TestBurner(t *testing.T) {
	b := startBurner(t, "burn 300ms")
	var want time.Duration
	got := meterReal(t, Config{}, []int{b.cmd.Process.Pid}, func() { want = b.run() })
	agent := got.Agents[0]
	within2Percent(t, "CPU clock", agent[bench.CPUSeconds], want.Seconds())
	for _, q := range []bench.Quantity{bench.PSSBytes, bench.RSSBytes, bench.ContextSwitches, bench.Processes} {
		if agent[q] <= 0 {
			t.Errorf("%s is %v", q, agent[q])
		}
	}
	if agent[bench.PSSBytes] > agent[bench.RSSBytes] {
		t.Errorf("PSS %v is more than RSS %v", agent[bench.PSSBytes], agent[bench.RSSBytes])
	}
	node := got.Costs[bench.ComponentNode][bench.CPUSeconds]
	if least := agent[bench.CPUSeconds] - 0.05; node < least {
		t.Errorf("the node was busy for %v s, one of its processes for %v s", node, agent[bench.CPUSeconds])
	}
	if guard := got.Guards[bench.GuardHarness]; !(guard > 0 && guard < 0.5) {
		t.Errorf("the harness used %v of the node", guard)
	}
	if len(got.Changed) > 0 {
		t.Errorf("changed: %v", got.Changed)
	}
	t.Logf("length %v, guards %v, node %v, warnings %v", got.Length, got.Guards, node, got.Warnings)
}

// TestProcessClock reads the clock of a child that has ended and not been waited
// for: that is all that wait then says it used.
func TestProcessClock(t *testing.T) {
	b := startBurner(t, "burn 100ms")
	b.run()
	b.in.Close()
	err := error(unix.EINTR)
	for errors.Is(err, unix.EINTR) {
		err = unix.Waitid(unix.P_PID, b.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, errClock := ProcessClock(b.cmd.Process.Pid)
	if err := errors.Join(errClock, b.cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	want := b.cmd.ProcessState.UserTime() + b.cmd.ProcessState.SystemTime()
	t.Logf("clock %v, rusage %v", got, want)
	if (got - want).Abs() > 10*time.Microsecond { // of which rusage has two
		t.Errorf("clock %v, rusage %v", got, want)
	}
	if _, err := ProcessClock(b.cmd.Process.Pid); !errors.Is(err, unix.EINVAL) {
		t.Errorf("clock of a process that is no more: %v", err)
	}
}

// newCgroup makes a cgroup for CPU time and memory, to be removed at the end, and
// returns how to move a process into it.
func newCgroup(t *testing.T) (join func(pid int)) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skipf("left out: making a cgroup below %s needs root, this is user %d", cgroupfs.Root, os.Geteuid())
	}
	cg, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	dirs := make(map[string]bool) // one on version 2
	for _, c := range []cgroupfs.Controller{cgroupfs.CPUAcct, cgroupfs.Memory} {
		dir, err := cg.Dir(c, fmt.Sprintf("/cri-stats-bench-meter-test-%d", os.Getpid()))
		if err != nil {
			t.Fatal(err)
		}
		if dirs[dir] {
			continue
		}
		dirs[dir] = true
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.Remove(dir); err != nil {
				t.Error(err)
			}
		})
	}
	return func(pid int) {
		t.Helper()
		for dir := range dirs {
			if err := os.WriteFile(dir+"/cgroup.procs", []byte(strconv.Itoa(pid)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestCgroupReal meters a child in a cgroup of its own by both roads. As
// "parent", its work is done by a child that began and ended inside the window,
// which only the cgroup has seen.
func TestCgroupReal(t *testing.T) {
	f := func(job string, parent bool) {
		t.Helper()
		t.Run(job, func(t *testing.T) {
			join := newCgroup(t)
			b := startBurner(t, job)
			join(b.cmd.Process.Pid)
			cfg := Config{Runtime: is(b.cmd.Process.Pid), RuntimeSocket: "/run/none.sock"}
			got := meterReal(t, cfg, nil, func() { b.run() })
			cost := got.Costs[bench.ComponentRuntime]
			clock, cgroup, cpu := cost[bench.CPUClockSeconds], cost[bench.CPUCgroupSeconds], cost[bench.CPUSeconds]
			t.Logf("clock %.6f, cgroup %.6f, CPU %.6f, warnings %v", clock, cgroup, cpu, got.Warnings)
			if !parent {
				within2Percent(t, "cgroup", cgroup, clock)
			} else if cgroup < 0.1 || clock > 0.05 {
				t.Errorf("the child's work of 0.1 s: cgroup %v, clock of the parent %v", cgroup, clock)
			}
			within2Percent(t, "CPU", cpu, cgroup)
			if warned := strings.Contains(fmt.Sprint(got.Warnings), "children that ended"); warned != parent {
				t.Errorf("warnings %v", got.Warnings)
			}
		})
	}
	f("burn 100ms", false)
	f("parent burn 100ms", true)
}

// TestEdgeDoesNotAllocate takes the CPU readings of both edges of real accounts.
func TestEdgeDoesNotAllocate(t *testing.T) {
	self := os.Getpid()
	m, err := New(Config{Runtime: is(self), RuntimeSocket: "/run/none.sock", PodsCgroup: "/"})
	if err != nil {
		t.Fatal(err)
	}
	open, err := m.Watch(t.Context(), []int{self, self})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	w := open.(*watch)
	// A file of version 2 beside, whatever this node has.
	n := newNode(t, false)
	cg, err := cgroupfs.Open(n.cgroup)
	if err != nil {
		t.Fatal(err)
	}
	runtime := w.domains[0]
	if runtime.account, err = openAccount(cg, "/runtime"); err != nil {
		t.Fatal(err)
	}
	if w.node == nil || w.pods == nil {
		t.Fatalf("no account of the node or of the root cgroup: %v", w.warnings)
	}
	if got := testing.AllocsPerRun(100, func() { w.beginCPU(); w.endCPU() }); got != 0 {
		t.Errorf("%v allocations at the edges", got)
	}
	for _, r := range []reading{w.procs[0].begin, w.procs[0].end, w.pods.begin, w.pods.end, runtime.account.begin, runtime.account.end} {
		if r.err != nil {
			t.Error(r.err)
		}
	}
	if err := errors.Join(w.node.begin.err, w.node.end.err); err != nil {
		t.Error(err)
	}
}

// BenchmarkEdge reads the accounts of a node with 110 shims.
func BenchmarkEdge(b *testing.B) {
	self := os.Getpid()
	m, err := New(Config{PodsCgroup: "/"})
	if err != nil {
		b.Fatal(err)
	}
	agents := make([]int, 112)
	for i := range agents {
		agents[i] = self
	}
	open, err := m.Watch(b.Context(), agents)
	if err != nil {
		b.Fatal(err)
	}
	defer open.Close()
	w := open.(*watch)
	b.Run("cpu", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.beginCPU()
		}
	})
	b.Run("begin", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := w.Begin(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("begin+end", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := w.Begin(); err != nil {
				b.Fatal(err)
			}
			if _, err := w.End(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
