//go:build node

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/record"
)

// How often the harness is killed and interrupted: `make test-faults` takes a hundred of each.
var (
	kills      = flag.Int("kills", 3, "how often TestFaultsKilled kills the harness")
	interrupts = flag.Int("interrupts", 3, "how often TestFaultsInterrupted interrupts it")
	faultSeed  = flag.Uint64("fault-seed", 0, "seed of the moments, 0 for another one each time")
)

// faultsPlan is many short trials, with churn of densities: each moment is another one.
const faultsPlan = `
name: faults
pods: [2, 5]
rounds: 3
interval: 250ms
window: 500ms
warm_up: 0s
settle: 0s
arms: [idle, cgroup, cri-pod-stats]
idle: idle
truth: off
guards: {steal: 100%, foreign_cpu: 100%, harness_cpu: 100%, lateness: 100%}
retries: 0
`

func moments(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *faultSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("moments of -fault-seed=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// longest is how long a run of faultsPlan takes at most from its start.
const longestRunTaken = 25 * time.Second

// The harness is killed at random moments, cleaned up after and gone on with: no trial that
// was on record is lost or changed, none is there twice, and nothing is left on the node.
func TestFaultsKilled(t *testing.T) {
	nothingLeft(t)
	load, out, rng := podload(t), t.TempDir(), moments(t)
	plan := file(t, "faults.yaml", faultsPlan)
	var known []bench.Trial
	dir, finished, trials, fresh := "", 0, 0, 0
	for n := range *kills {
		args := []string{"run", "--resume", dir, "--podload", load}
		if dir == "" {
			fresh++
			args = []string{"run", "--plan", plan, "--podload", load, "--out", filepath.Join(out, string(rune('a'+fresh%26))+time.Now().Format("150405.000"))}
		}
		at := time.Duration(rng.Int64N(int64(longestRunTaken)))
		cmd := program(t, args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(at, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
		ended := cmd.ProcessState.Success()
		if text, err := program(t, "cleanup").CombinedOutput(); err != nil {
			t.Fatalf("kill %d, after %v: cleanup: %v\n%s", n, at, err, text)
		}
		nothingLeft(t)
		if dir == "" {
			if dirs, _ := filepath.Glob(filepath.Join(args[len(args)-1], "*")); len(dirs) == 1 {
				dir = dirs[0]
			}
		}
		if dir == "" {
			continue // killed before there was a folder
		}
		r, err := record.Open(dir)
		if err != nil {
			if len(known) > 0 || !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("kill %d, after %v: %v\n%s", n, at, err, stderr.String())
			}
			dir = "" // killed before it was a run
			continue
		}
		for _, d := range r.Damage {
			if !d.Torn {
				t.Errorf("kill %d, after %v: %v", n, at, d)
			}
		}
		holds(t, known, r.Trials)
		known = r.Trials
		if ended {
			if r.End == nil || len(known) != 2*3*3 {
				t.Errorf("run %s ended with %d trials of 18, end %v", dir, len(known), r.End)
			}
			finished, trials = finished+1, trials+len(known)
			dir, known = "", nil
		}
	}
	if t.Failed() {
		return
	}
	t.Logf("killed %d times: %d runs came to their end with %d trials, one is at %d; none lost, none twice, nothing left", *kills, finished, trials, len(known))
}

// holds fails unless the trials are those that were there before, and more.
func holds(t *testing.T, before, now []bench.Trial) {
	t.Helper()
	if len(now) < len(before) {
		t.Fatalf("%d trials are left of %d", len(now), len(before))
	}
	for i := range before {
		if diff := cmp.Diff(before[i], now[i]); diff != "" {
			t.Errorf("trial %d is another one now (-before +now):\n%s", i, diff)
		}
	}
	seen := make(map[string]bool)
	for i := range now {
		s := now[i].Slot
		key := fmt.Sprintf("%s of %s, sweep %d, round %d, attempt %d", s.Arm.Name, s.Cell, s.Sweep, s.Round, s.Attempt)
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
	}
}

// Whoever interrupts it, at whatever moment and by whatever signal, finds nothing left.
func TestFaultsInterrupted(t *testing.T) {
	nothingLeft(t)
	load, out, rng := podload(t), t.TempDir(), moments(t)
	plan := file(t, "faults.yaml", faultsPlan)
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}
	ended := 0
	var longest time.Duration
	for n := range *interrupts {
		signal, at := signals[n%len(signals)], 100*time.Millisecond+time.Duration(rng.Int64N(int64(longestRunTaken)))
		cmd := program(t, "run", "--plan", plan, "--podload", load, "--out", filepath.Join(out, time.Now().Format("150405.000")))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var sent time.Time
		timer := time.AfterFunc(at, func() {
			sent = time.Now()
			_ = cmd.Process.Signal(signal)
		})
		_ = cmd.Wait()
		if timer.Stop() {
			ended++
		} else {
			longest = max(longest, time.Since(sent))
			if code := cmd.ProcessState.ExitCode(); code != exitInterrupted && code != exitDone {
				t.Errorf("%v after %v: status %d\n%s", signal, at, code, stderr.String())
			}
		}
		nothingLeft(t)
	}
	t.Logf("interrupted %d times (%d runs had ended): nothing left, the longest end took %v", *interrupts, ended, longest)
}

// A runtime that stands still for half a minute is a runtime that does not answer: calls fail
// by their time-out and are counted, the run goes on, and everything is removed.
func TestFaultsRuntimeStopped(t *testing.T) {
	load := podload(t)
	conn := privateNode(t, load)
	plan := strings.NewReplacer("window: 500ms", "window: 45s", "rounds: 3", "rounds: 1", "pods: [2, 5]", "pods: [3]", "arms: [idle, cgroup, cri-pod-stats]\nidle: idle", "arms: [cri-pod-stats]").Replace(faultsPlan) + "timeout: 2s\n"
	out := t.TempDir()
	cmd := program(t, "run", "--plan", file(t, "faults.yaml", plan), "--podload", load, "--out", out, "-r", conn.Endpoint)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := daemonOf(t)
	time.Sleep(8 * time.Second) // pods are there, and the window has begun
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Second)
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("run: %v\n%s", err, stderr.String())
	}
	dirs, err := filepath.Glob(filepath.Join(out, "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("folders of the run: %v, %v", dirs, err)
	}
	r, err := record.Open(dirs[0])
	if err != nil || len(r.Trials) != 1 || r.End == nil {
		t.Fatalf("%d trials of 1, %v\n%s", len(r.Trials), err, stderr.String())
	}
	trial := &r.Trials[0]
	calls := trial.Agents[0].Calls
	// Calls take turns of two seconds each to fail; those before and after are answered.
	if failed := calls.Failed(); failed < 10 || failed > 20 || len(calls)-failed < 10 || len(trial.Void) > 0 {
		t.Errorf("%d of %d calls failed, void %v", failed, len(calls), trial.Void)
	}
	t.Logf("%d of %d calls failed while the runtime stood still for 30 s", calls.Failed(), len(calls))
}

// daemonOf is the process of the private runtime.
func daemonOf(t *testing.T) int {
	t.Helper()
	for _, dir := range mustGlob(t, "/proc/[0-9]*") {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		args := strings.Split(string(line), "\x00")
		if err == nil && len(args) > 2 && filepath.Base(args[0]) == "containerd" && strings.HasPrefix(args[2], "/var/lib/cri-stats-bench/") {
			pid, err := strconv.Atoi(filepath.Base(dir))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("no private containerd runs")
	return 0
}

func mustGlob(t *testing.T, pattern string) []string {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A disk that fills takes the run its next trial and nothing else: what was written is whole,
// the run says what is full, and nothing is left on the node.
func TestFaultsDiskFull(t *testing.T) {
	nothingLeft(t)
	load, out := podload(t), t.TempDir()
	if err := unix.Mount("tmpfs", out, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(out, 0); err != nil {
			t.Error(err)
		}
	})
	plan := strings.Replace(faultsPlan, "rounds: 3", "rounds: 40", 1)
	cmd := program(t, "run", "--plan", file(t, "faults.yaml", plan), "--podload", load, "--out", out)
	text, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(string(text), "no space left") {
		t.Errorf("a run onto a full disk: %v, status %d\n%s", err, code, text)
	}
	nothingLeft(t)
	dirs, err := filepath.Glob(filepath.Join(out, "*-faults"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("folders of the run: %v, %v", dirs, err)
	}
	r, err := record.Open(dirs[0])
	if err != nil || len(r.Trials) == 0 {
		t.Fatalf("%d trials, %v", len(r.Trials), err)
	}
	for _, d := range r.Damage {
		if !d.Torn {
			t.Errorf("damage %v", d)
		}
	}
	holds(t, nil, r.Trials)
	t.Logf("%d whole trials before the disk was full", len(r.Trials))
}

// Two runs at once: the second one says that there is another and changes nothing.
func TestFaultsTwoRuns(t *testing.T) {
	nothingLeft(t)
	load := podload(t)
	plan := file(t, "faults.yaml", faultsPlan)
	first := program(t, "run", "--plan", plan, "--podload", load, "--out", t.TempDir())
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	for _, args := range [][]string{{"run", "--plan", plan, "--podload", load, "--out", t.TempDir()}, {"cleanup"}, {"verify", "--podload", load}} {
		second := program(t, args...)
		if text, _ := second.CombinedOutput(); second.ProcessState.ExitCode() != exitUnfit {
			t.Errorf("%s beside a run: status %d\n%s", args[0], second.ProcessState.ExitCode(), text)
		}
	}
	if err := first.Wait(); err != nil {
		t.Errorf("the run beside which others were tried: %v", err)
	}
	nothingLeft(t)
}
