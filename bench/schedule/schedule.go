package schedule

import (
	"cmp"
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
	// Look is asked at each look of the plan but the last, when a cell has so many rounds,
	// which arms it still needs; none ends the cell. It must give the same answer for
	// the same trials of these rounds, so that a run can be continued. nil means all.
	Look func(cell bench.Cell, rounds int) (arms []string)
}

// A Schedule is the order of trials of one run. It implements bench.Schedule.
type Schedule struct {
	plan   *plan.Plan
	look   func(bench.Cell, int) []string
	passes []pass
	at     int // the pass under way
	rounds int // rounds of that pass that are done
	ended  map[ending]int
	stop   string

	queue       []bench.Slot // what is left of the round under way
	position    int          // of the next slot in its round
	unsupported map[string]bool
	// decided are the arms that the pass under way does not need any more, looked the
	// rounds after which that was asked last.
	decided map[string]bool
	looked  int

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
	settled
	outOfTime
)

// New returns the schedule of a plan that Decode has completed.
func New(p *plan.Plan, o Options) *Schedule {
	return &Schedule{
		plan:        p,
		look:        o.Look,
		passes:      passes(p),
		ended:       make(map[ending]int),
		unsupported: make(map[string]bool),
		decided:     make(map[string]bool),
		clock:       newClock(o.Now, p),
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

// Next returns the slot to run now, false when the run is over; StopReason then tells
// why.
func (s *Schedule) Next() (bench.Slot, bool) {
	if s.clock.begun.IsZero() {
		s.clock.begun = s.clock.now()
	}
	if len(s.queue) == 0 && !s.nextRound() {
		return bench.Slot{}, false
	}
	slot := s.pop()
	s.clock.begin(slot)
	return slot, true
}

// pop takes what is first off the queue and gives it its place in the round.
func (s *Schedule) pop() bench.Slot {
	slot := s.queue[0]
	s.queue = s.queue[1:]
	slot.Position = s.position
	s.position++
	return slot
}

// Done takes in how a slot went: a void trial is run again at the end of its
// round as often as the plan says, an arm that the node does not support is left
// out from here on.
func (s *Schedule) Done(t *bench.Trial) {
	s.finish(t)
	s.clock.end(t.Length > 0)
}

func (s *Schedule) finish(t *bench.Trial) {
	if t.Unsupported != "" {
		s.unsupported[t.Arm.Name] = true
		s.queue = slices.DeleteFunc(s.queue, func(slot bench.Slot) bool { return slot.Arm.Name == t.Arm.Name })
	}
	if len(t.Void) > 0 && t.Attempt < s.plan.Retries {
		again := t.Slot
		again.Attempt++
		s.queue = append(s.queue, again)
	}
	s.closeRound()
}

// closeRound ends the round if nothing of it is left.
func (s *Schedule) closeRound() {
	if len(s.queue) == 0 {
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
		case s.over():
			s.leave(settled)
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
	s.rounds, s.looked = 0, 0
	clear(s.decided)
	s.ration = 0
}

// over asks, at a look of the plan, which arms the cell still needs, and tells whether
// there is none.
func (s *Schedule) over() bool {
	if s.look == nil || s.looked == s.rounds || !slices.Contains(s.plan.Rounds.Looks(), s.rounds) {
		return false
	}
	s.looked = s.rounds
	needed := s.look(s.passes[s.at].cell, s.rounds)
	for _, a := range s.plan.Arms {
		if !slices.Contains(needed, a.Name) {
			s.decided[a.Name] = true
		}
	}
	return len(needed) == 0
}

// runs says whether an arm has a trial in the next round.
func (s *Schedule) runs(arm string) bool { return !s.unsupported[arm] && !s.decided[arm] }

// fill queues the next round of the pass under way.
func (s *Schedule) fill() {
	p := s.passes[s.at]
	s.position = 0
	for _, i := range s.blocks(drawn(s.plan.Seed, p, s.rounds, len(s.plan.Arms))) {
		if arm := s.plan.Arms[i]; s.runs(arm.Name) {
			s.queue = append(s.queue, bench.Slot{Cell: p.cell, Arm: arm, Sweep: p.sweep, Round: s.rounds})
		}
	}
}

// drawn returns the numbers from 0 to n-1, shuffled by Fisher and Yates with a
// generator of the round's own: what happened in other rounds does not change
// it, and arms that were left out do not either.
func drawn(seed uint64, p pass, round, n int) []int {
	c := p.cell
	key := sha256.Sum256(fmt.Appendf(nil, "seed=%d pods=%d containers=%d profile=%q sweep=%d round=%d",
		seed, c.Pods, c.ContainersPerPod, c.Profile, p.sweep, round))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:16]))).Perm(n)
}

// blocks puts arms of the same treatment next to each other where the runtime is what is
// treated: it is restarted once for all of them. Of a shuffled order, blocks and the arms
// in each are shuffled too.
func (s *Schedule) blocks(shuffled []int) []int {
	if len(s.plan.Treatments) == 0 {
		return shuffled
	}
	first := make(map[string]int)
	for at, i := range shuffled {
		if _, ok := first[s.plan.Arms[i].Treatment]; !ok {
			first[s.plan.Arms[i].Treatment] = at
		}
	}
	slices.SortStableFunc(shuffled, func(a, b int) int {
		return cmp.Compare(first[s.plan.Arms[a].Treatment], first[s.plan.Arms[b].Treatment])
	})
	return shuffled
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
		{settled, "were decided"},
		{outOfTime, fmt.Sprintf("had no time for more rounds within max_duration %v", s.plan.MaxDuration)},
	} {
		if n := s.ended[e.why]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, e.text))
		}
	}
	return fmt.Sprintf("of %d visits to a cell %s", len(s.passes), strings.Join(parts, ", "))
}
