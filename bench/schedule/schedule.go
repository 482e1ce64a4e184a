package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

// Options are what a Schedule may be told beyond its plan.
type Options struct {
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Enough tells that a cell is known precisely enough to go without the rounds
	// beyond its least. It is asked between rounds, never below the plan's
	// rounds.min. nil means never.
	Enough func(bench.Cell) bool
}

// A Schedule is the order of trials of one run. It implements bench.Schedule.
type Schedule struct {
	plan   *plan.Plan
	enough func(bench.Cell) bool
	passes []pass
	at     int // the pass under way
	rounds int // rounds of that pass that are done
	ended  map[ending]int
	stop   string

	queue       [][]bench.Slot // what is left of the round under way: trials of their own, the block
	block       *block         // the one under way
	position    int            // of the next slot in its round
	unsupported map[string]bool

	clock clock
	// ration is how far the pass under way may go with rounds beyond its least, as
	// time since the run began; 0 until it asks for the first.
	ration time.Duration
}

var _ bench.Schedule = (*Schedule)(nil)

// A pass is one visit to one cell.
type pass struct {
	cell        bench.Cell
	sweep       int
	least, most int // rounds
}

// An ending is why a pass had no further round.
type ending int

const (
	allRounds ending = iota
	precise
	outOfTime
)

// New returns the schedule of a plan that Decode has completed.
func New(p *plan.Plan, o Options) *Schedule {
	return &Schedule{
		plan:        p,
		enough:      o.Enough,
		passes:      passes(p),
		ended:       make(map[ending]int),
		unsupported: make(map[string]bool),
		clock:       newClock(o.Now, p.Settle),
	}
}

// passes returns every visit to a cell, in order. The plan's rounds are shared
// between the sweeps of a cell.
func passes(p *plan.Plan) []pass {
	sweeps := p.Sweep.Passes()
	var out []pass
	for _, group := range groups(p.Cells()) {
		for sweep := range sweeps {
			least, most := share(p.Rounds.Min, sweep, sweeps), share(p.Rounds.Max, sweep, sweeps)
			if most == 0 {
				continue
			}
			for _, cell := range group {
				out = append(out, pass{cell, sweep, least, most})
			}
			slices.Reverse(group)
		}
	}
	return out
}

// groups splits cells where anything but the density changes.
func groups(cells []bench.Cell) [][]bench.Cell {
	var out [][]bench.Cell
	for i, c := range cells {
		if i == 0 || c.Profile != cells[i-1].Profile || c.ContainersPerPod != cells[i-1].ContainersPerPod {
			out = append(out, nil)
		}
		last := &out[len(out)-1]
		*last = append(*last, c)
	}
	return out
}

// share is the part of n rounds that falls to one sweep; the first ones have the
// remainder.
func share(n, sweep, sweeps int) int {
	part := n / sweeps
	if sweep < n%sweeps {
		part++
	}
	return part
}

// Next returns the slots to run together, one or a block, false when the run is
// over; StopReason then tells why.
func (s *Schedule) Next() ([]bench.Slot, bool) {
	if s.clock.begun.IsZero() {
		s.clock.begun = s.clock.now()
	}
	if s.block != nil { // fewer trials than slots, and none of them said why
		s.clock.end(nil)
		s.endBlock(false)
	}
	if len(s.queue) == 0 && !s.nextRound() {
		return nil, false
	}
	slots := s.pop()
	s.clock.begin(slots)
	return slots, true
}

// pop takes what is first off the queue and gives it its places in the round.
func (s *Schedule) pop() []bench.Slot {
	slots := s.queue[0]
	s.queue = s.queue[1:]
	for i := range slots {
		slots[i].Position = s.position
		s.position++
	}
	if slots[0].Cycle > 0 {
		s.block = newBlock(slots)
	}
	return slots
}

// Done takes in how a slot went: a void trial is run again at the end of its
// round as often as the plan says, an arm that the node does not support is left
// out from here on. A slice that is void is not run again by itself: see the
// package's comment.
func (s *Schedule) Done(t *bench.Trial) {
	b := s.block
	s.finish(t)
	switch {
	case t.Cycle > 0 && b != nil && s.block == nil:
		s.clock.end(b.ran(s.unsupported))
	case t.Cycle == 0 && t.Length > 0:
		s.clock.end([]bench.Slot{t.Slot})
	case t.Cycle == 0:
		s.clock.end(nil)
	}
}

func (s *Schedule) finish(t *bench.Trial) {
	if t.Unsupported != "" {
		s.leaveOut(t.Arm.Name)
	}
	if t.Cycle > 0 {
		s.finishSlice(t)
		return
	}
	if len(t.Void) > 0 && t.Attempt < s.plan.Retries {
		again := t.Slot
		again.Attempt++
		s.queue = append(s.queue, []bench.Slot{again})
	}
	s.closeRound()
}

// leaveOut drops an arm from all that is still to come.
func (s *Schedule) leaveOut(arm string) {
	s.unsupported[arm] = true
	for i, slots := range s.queue {
		s.queue[i] = without(slots, s.unsupported)
	}
	s.queue = slices.DeleteFunc(s.queue, func(slots []bench.Slot) bool { return len(slots) == 0 })
	if s.block != nil {
		s.block.left = without(s.block.left, s.unsupported)
	}
}

// without returns the slots of arms that are not left out.
func without(slots []bench.Slot, out map[string]bool) []bench.Slot {
	var in []bench.Slot
	for _, slot := range slots {
		if !out[slot.Arm.Name] {
			in = append(in, slot)
		}
	}
	return in
}

// closeRound ends the round if nothing of it is left.
func (s *Schedule) closeRound() {
	if len(s.queue) == 0 && s.block == nil {
		s.rounds++
	}
}

// nextRound fills the queue with a new round, if there is to be one.
func (s *Schedule) nextRound() bool {
	for s.stop == "" {
		switch {
		case s.at == len(s.passes):
			s.stop = s.summary()
		case len(s.unsupported) == len(s.plan.Arms):
			s.stop = "no arm is left that this node supports"
		case s.rounds == s.passes[s.at].most:
			s.leave(allRounds)
		case s.rounds < s.passes[s.at].least:
			if late, over := s.tooLate(); over {
				s.stop = late
				break
			}
			s.fill()
			return true
		case s.enough != nil && s.enough(s.passes[s.at].cell):
			s.leave(precise)
		case !s.spare():
			s.leave(outOfTime)
		default:
			s.fill()
			return true
		}
	}
	return false
}

// leave ends the pass under way.
func (s *Schedule) leave(why ending) {
	s.ended[why]++
	s.at++
	s.rounds = 0
	s.ration = 0
}

// fill queues the next round of the pass under way.
func (s *Schedule) fill() {
	p := s.passes[s.at]
	s.position = 0
	own := s.plan.OwnTrialArms()
	n := len(own)
	if s.plan.Slices.Cycles > 0 {
		n++
	}
	for _, i := range order(s.plan.Seed, p, s.rounds, n) {
		if i == len(own) {
			if slots := s.blockOf(p); len(slots) > 0 {
				s.queue = append(s.queue, slots)
			}
			continue
		}
		if arm := own[i]; !s.unsupported[arm.Name] {
			s.queue = append(s.queue, []bench.Slot{{Cell: p.cell, Arm: arm, Sweep: p.sweep, Round: s.rounds}})
		}
	}
}

// order returns the numbers from 0 to n-1, shuffled by Fisher and Yates with a
// generator of the round's own: what happened in other rounds does not change
// it, and arms that were left out do not either.
func order(seed uint64, p pass, round, n int) []int {
	return generator(seed, p, fmt.Sprintf("round=%d", round)).Perm(n)
}

// generator returns a generator that belongs to one thing of one pass.
func generator(seed uint64, p pass, thing string) *rand.Rand {
	c := p.cell
	key := sha256.Sum256(fmt.Appendf(nil, "seed=%d pods=%d containers=%d profile=%q sweep=%d %s",
		seed, c.Pods, c.ContainersPerPod, c.Profile, p.sweep, thing))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:16])))
}

// StopReason tells why Next returned false; it is empty before.
func (s *Schedule) StopReason() string { return s.stop }

// summary tells how the passes ended when all of them were visited.
func (s *Schedule) summary() string {
	if s.ended[allRounds] == len(s.passes) {
		return "every cell has all its rounds"
	}
	var parts []string
	for _, e := range []struct {
		why  ending
		text string
	}{
		{allRounds, "had all rounds"},
		{precise, "were precise enough"},
		{outOfTime, fmt.Sprintf("had no time for more rounds within max_duration %v", s.plan.MaxDuration)},
	} {
		if n := s.ended[e.why]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, e.text))
		}
	}
	return fmt.Sprintf("of %d visits to a cell %s", len(s.passes), strings.Join(parts, ", "))
}
