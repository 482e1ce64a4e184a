//go:build unix

package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary stand in for podload, so that the rate is that of
// a process that does nothing else, as the kernel accounts it.
func TestMain(m *testing.M) {
	if os.Getenv("PODLOAD_TEST_RUN") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestBurnOnARealClock(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*period-5*time.Millisecond)
	defer cancel()
	first, err := cpuTime()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := burn(ctx, 0.2, cpuTime); err != nil {
		t.Fatal(err)
	}
	last, err := cpuTime()
	if err != nil {
		t.Fatal(err)
	}
	got := (last - first).Seconds() / time.Since(start).Seconds()
	t.Logf("%.4f CPUs", got)
	if math.Abs(got-0.2) > 0.05*0.2 {
		t.Errorf("burned %.4f CPUs over 2 s, want 0.2 within 5 %%", got)
	}
}

// TestProcessBurnsAndEnds tries three times: whoever else works on the machine takes
// time away from the process, or from its start, but not each time.
func TestProcessBurnsAndEnds(t *testing.T) {
	const rate = 0.3
	// 5 % of the rate and two clock ticks, and what starting a test binary costs where that
	// is not known
	least, most := 0.95*rate-0.02, 1.05*rate+0.02
	if _, err := cpuOf(os.Getpid()); err != nil {
		most += 0.1
	}
	var got []float64
	for range 3 {
		burned := burnForAWhile(t, rate)
		if burned >= least && burned <= most {
			return
		}
		got = append(got, burned)
	}
	t.Errorf("burned %.4f CPUs, want %g", got, rate)
}

// burnForAWhile returns how many CPUs a process burned that was told to burn rate.
func burnForAWhile(t *testing.T, rate float64) float64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "burn", "--cpu", strconv.FormatFloat(rate, 'g', -1, 64), "--files", "1")
	cmd.Env = append(os.Environ(), "PODLOAD_TEST_RUN=1")
	cmd.Dir = t.TempDir()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// the file is written right before the burning starts
	for {
		if _, err := os.Stat(filepath.Join(cmd.Dir, "podload-000000")); err == nil {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("podload has not started")
		}
		time.Sleep(time.Millisecond)
	}
	start := time.Now()
	starting, err := cpuOf(cmd.Process.Pid)
	if err != nil {
		starting = 0
	}
	time.Sleep(10*period - 5*time.Millisecond)
	elapsed := time.Since(start)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("podload: %v", err)
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() - starting
	return used.Seconds() / elapsed.Seconds()
}

// cpuOf is the CPU time of a process so far, in steps of a clock tick: fields 14 and 15 of
// proc_pid_stat(5), counted from the end of the name in brackets. Systems without procfs do
// not tell.
func cpuOf(pid int) (time.Duration, error) {
	const clockTick = 10 * time.Millisecond
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}
