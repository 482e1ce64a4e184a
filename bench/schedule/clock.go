package schedule

import (
	"math"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

// What is assumed until it has been observed, from runs on a node with two CPUs.
const (
	// trialOverhead is what a trial takes beside warm-up and window:
	// starting and ending agents, the first call, the report, reading memory.
	trialOverhead = time.Second
	// treatmentOverhead is what a treatment adds to it: a kubelet that ends, starts,
	// and looks at all pods.
	treatmentOverhead = 8 * time.Second
	// restartOverhead is what one takes that arms of a round share: a runtime that ends and
	// starts, and comes to rest.
	restartOverhead = 5 * time.Second
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
	treat  time.Duration // what a treatment adds to a trial
	begun  time.Time     // when the first slot was asked for
	spent  time.Duration // before that, in the part of the run that is continued

	// The slot under way, nil between two calls of Next, and since when.
	running *bench.Slot
	since   time.Time

	cell     bench.Cell               // what runs on the node
	overhead map[string]time.Duration // observed, by arm
	// Observed over assumed time for pods to come and go, 0 if not observed.
	pace float64
}

func newClock(now func() time.Time, p *plan.Plan) clock {
	if now == nil {
		now = time.Now
	}
	c := clock{now: now, settle: p.Settle, treat: treatmentOverhead, overhead: make(map[string]time.Duration)}
	if n := len(p.Treatments); n > 0 {
		c.treat = restartOverhead * time.Duration(n) / time.Duration(max(n, len(p.Arms)))
	}
	return c
}

// used is the time that the run has taken so far.
func (c *clock) used() time.Duration {
	if c.begun.IsZero() {
		return c.spent
	}
	return c.spent + c.now().Sub(c.begun)
}

// begin notes that a slot is under way.
func (c *clock) begin(slot bench.Slot) { c.since, c.running = c.now(), &slot }

// end learns from what was under way, unless it had no window: the time that it took
// tells nothing then.
func (c *clock) end(ran bool) {
	if c.running == nil {
		return
	}
	slot, from := *c.running, c.cell
	c.running, c.cell = nil, slot.Cell
	if !ran {
		return
	}
	beside := c.now().Sub(c.since) - planned(slot)
	if from != slot.Cell {
		c.pace = pace(c.pace, beside-c.settle-c.beside(slot), podTime(from, slot.Cell))
		return
	}
	if known, ok := c.overhead[slot.Arm.Name]; ok {
		beside = (beside + known) / 2
	}
	c.overhead[slot.Arm.Name] = max(beside, 0)
}

// pace takes one more observation into the ratio of observed to assumed time.
func pace(known float64, observed, assumed time.Duration) float64 {
	if assumed <= 0 {
		return known
	}
	// Never quite 0, which stands for "not observed".
	now := max(0.01, observed.Seconds()/assumed.Seconds())
	if known > 0 {
		return (now + known) / 2
	}
	return now
}

// left is what is under way still takes, 0 between two calls of Next.
func (c *clock) left() time.Duration {
	if c.running == nil {
		return 0
	}
	return max(0, c.change(c.cell, c.running.Cell)+c.trial(*c.running)-c.now().Sub(c.since))
}

// skip counts a trial of the part of the run that is continued.
func (c *clock) skip(slot bench.Slot) {
	c.spent += c.change(c.cell, slot.Cell) + c.trial(slot)
	c.cell = slot.Cell
}

// trial is what one slot takes.
func (c *clock) trial(slot bench.Slot) time.Duration { return planned(slot) + c.beside(slot) }

// sum is what slots take, one after the other.
func (c *clock) sum(slots []bench.Slot) time.Duration {
	var sum time.Duration
	for _, slot := range slots {
		sum += c.trial(slot)
	}
	return sum
}

// planned is the warm-up and the window of a slot.
func planned(slot bench.Slot) time.Duration { return slot.Arm.WarmUp + slot.Arm.Window }

// beside is what a slot takes beside that.
func (c *clock) beside(slot bench.Slot) time.Duration {
	if known, ok := c.overhead[slot.Arm.Name]; ok {
		return known
	}
	if slot.Arm.Treatment != "" {
		return trialOverhead + c.treat
	}
	return trialOverhead
}

// change is what it takes to bring the node from one cell to another, and to let
// it settle. The zero Cell is a node without pods of ours.
func (c *clock) change(from, to bench.Cell) time.Duration {
	if from == to {
		return 0
	}
	return paced(podTime(from, to), c.pace) + c.settle
}

// removal is what it takes to remove all pods of a cell.
func (c *clock) removal(cell bench.Cell) time.Duration {
	return paced(podTime(cell, bench.Cell{}), c.pace)
}

// paced is an assumed time, corrected by what has been observed.
func paced(assumed time.Duration, pace float64) time.Duration {
	if pace == 0 {
		return assumed
	}
	return time.Duration(float64(assumed) * pace)
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
	return time.Duration(math.Round(s * float64(time.Second)))
}
