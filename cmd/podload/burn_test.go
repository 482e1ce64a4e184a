package main

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// A clock is a CPU clock in a synctest bubble: it runs when it is asked, by step,
// while real time stands still. Before call number stopAt the process is off the
// CPU for the time stop.
type clock struct {
	used   time.Duration
	step   time.Duration
	calls  int
	stopAt int
	stop   time.Duration
}

func (c *clock) read() (time.Duration, error) {
	c.calls++
	if c.calls == c.stopAt {
		time.Sleep(c.stop)
	}
	c.used += c.step
	return c.used, nil
}

func TestBurn(t *testing.T) {
	f := func(rate float64, c clock, run, want, tolerance time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c.used = time.Hour // a clock does not start at zero
			// ends just before a period would, when all of it is burned
			ctx, cancel := context.WithTimeout(t.Context(), run-time.Millisecond)
			defer cancel()
			if err := burn(ctx, rate, c.read); err != nil {
				t.Fatal(err)
			}
			if got := c.used - time.Hour; math.Abs(float64(got-want)) > float64(tolerance) {
				t.Errorf("rate %v, %+v: burned %s in %s, want %s", rate, c, got, run, want)
			}
		})
	}
	const step = time.Millisecond
	f(0.01, clock{step: step}, 2*time.Second, 20*time.Millisecond, step)
	f(0.3, clock{step: step}, 2*time.Second, 600*time.Millisecond, step)
	// off the CPU for half a second, which is made good
	f(0.3, clock{step: step, stopAt: 50, stop: 500 * time.Millisecond}, 2*time.Second, 600*time.Millisecond, step)
	// off the CPU for a minute, of which maxDebt is made good: 50 steps before,
	// maxDebt, and a second and a half at the rate; give or take two periods' worth
	f(0.1, clock{step: step, stopAt: 50, stop: time.Minute}, 62*time.Second, 50*time.Millisecond+maxDebt+150*time.Millisecond, 20*time.Millisecond)
}

func TestBurnFailsWithItsClock(t *testing.T) {
	broken := errors.New("no clock")
	if err := burn(t.Context(), 0.1, func() (time.Duration, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}
