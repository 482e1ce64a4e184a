package schedule

import (
	"math"
	"time"

	"cri-stats-bench/bench"
)

// What is assumed until it has been observed, from runs on a node with two CPUs.
const (
	// trialOverhead is what a trial takes beside warm-up and window: starting and
	// ending agents, the first call, the report.
	trialOverhead = time.Second
	// podStart and podStop are what one pod takes to come and to go.
	podStart = 900 * time.Millisecond
	podStop  = 300 * time.Millisecond
)

// A clock knows how long things took and guesses how long they will take. Its
// guesses are exponential means with weight one half: they follow a node that
// slows down with density, and one odd trial is soon forgotten.
type clock struct {
	now    func() time.Time
	settle time.Duration // pause after each change of density
	begun  time.Time     // when the first slot was asked for
	spent  time.Duration // before that, in the part of the run that is continued

	// The slot under way; since is zero between two slots.
	since   time.Time
	running bench.Slot

	cell     bench.Cell               // what runs on the node
	overhead map[string]time.Duration // observed, by arm
	pace     float64                  // observed over assumed time for pods to come and go; 0 if not observed
}

func newClock(now func() time.Time, settle time.Duration) clock {
	if now == nil {
		now = time.Now
	}
	return clock{now: now, settle: settle, overhead: make(map[string]time.Duration)}
}

// used is the time that the run has taken so far.
func (c *clock) used() time.Duration {
	if c.begun.IsZero() {
		return c.spent
	}
	return c.spent + c.now().Sub(c.begun)
}

// begin notes that a slot is under way.
func (c *clock) begin(slot bench.Slot) { c.since, c.running = c.now(), slot }

// end learns from the slot under way. Only a trial that had its window tells how
// long one takes.
func (c *clock) end(t *bench.Trial) {
	beside := c.now().Sub(c.since) - t.Arm.WarmUp - t.Arm.Window
	from := c.cell
	c.since, c.cell = time.Time{}, t.Cell
	if t.Length == 0 {
		return
	}
	if from == t.Cell {
		if known, ok := c.overhead[t.Arm.Name]; ok {
			beside = (beside + known) / 2
		}
		c.overhead[t.Arm.Name] = max(beside, 0)
		return
	}
	if assumed := podTime(from, t.Cell); assumed > 0 {
		// Never quite 0, which stands for "not observed".
		pace := max(0.01, (beside-c.settle-c.beside(t.Arm)).Seconds()/assumed.Seconds())
		if c.pace > 0 {
			pace = (pace + c.pace) / 2
		}
		c.pace = pace
	}
}

// left is what the slot under way still takes, 0 between two slots.
func (c *clock) left() time.Duration {
	if c.since.IsZero() {
		return 0
	}
	return max(0, c.change(c.cell, c.running.Cell)+c.trial(c.running.Arm)-c.now().Sub(c.since))
}

// skip counts a trial of the part of the run that is continued.
func (c *clock) skip(slot bench.Slot) {
	c.spent += c.change(c.cell, slot.Cell) + c.trial(slot.Arm)
	c.cell = slot.Cell
}

// trial is what one trial of the arm takes.
func (c *clock) trial(a bench.Arm) time.Duration { return a.WarmUp + a.Window + c.beside(a) }

// beside is what it takes beside warm-up and window.
func (c *clock) beside(a bench.Arm) time.Duration {
	if known, ok := c.overhead[a.Name]; ok {
		return known
	}
	return trialOverhead
}

// change is what it takes to bring the node from one cell to another, and to let
// it settle. The zero Cell is a node without pods of ours.
func (c *clock) change(from, to bench.Cell) time.Duration {
	if from == to {
		return 0
	}
	return c.paced(podTime(from, to)) + c.settle
}

// removal is what it takes to remove all pods of a cell.
func (c *clock) removal(cell bench.Cell) time.Duration {
	return c.paced(podTime(cell, bench.Cell{}))
}

// paced is an assumed time, corrected by what has been observed.
func (c *clock) paced(assumed time.Duration) time.Duration {
	if c.pace == 0 {
		return assumed
	}
	return time.Duration(float64(assumed) * c.pace)
}

// podTime is the assumed time for pods to come and go between two cells: by
// difference where only the density changes, all of them otherwise.
func podTime(from, to bench.Cell) time.Duration {
	start, stop := to.Pods-from.Pods, from.Pods-to.Pods
	if from.Profile != to.Profile || from.ContainersPerPod != to.ContainersPerPod {
		start, stop = to.Pods, from.Pods
	}
	return time.Duration(max(start, 0))*podStart + time.Duration(max(stop, 0))*podStop
}

// seconds is a duration that saturates: a long plan may take longer than a
// Duration holds.
func seconds(s float64) time.Duration {
	if s >= math.MaxInt64/float64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(s * float64(time.Second))
}
