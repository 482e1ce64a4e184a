package schedule

import (
	"fmt"
	"slices"

	"cri-stats-bench/bench"
)

// A block is the slices of one round, under way.
type block struct {
	slots []bench.Slot
	// left are the slots of which nothing has been told, without those of arms that
	// the node does not support.
	left []bench.Slot
	void int
	// broke is set when nothing could be measured in the last one.
	broke bool
}

func newBlock(slots []bench.Slot) *block { return &block{slots: slots, left: slices.Clone(slots)} }

// blockOf returns the slices of the next round of a pass, in their order. Arms
// that are left out have none.
func (s *Schedule) blockOf(p pass) []bench.Slot {
	arms := slices.DeleteFunc(s.plan.SlicedArms(), func(a bench.Arm) bool { return s.unsupported[a.Name] })
	cycles := s.plan.Slices.Cycles
	var slots []bench.Slot
	for c := range cycles {
		for _, i := range turns(s.plan.Seed, p, s.rounds*cycles+c, len(arms)) {
			slots = append(slots, bench.Slot{Cell: p.cell, Arm: arms[i], Sweep: p.sweep, Round: s.rounds, Cycle: c + 1})
		}
	}
	return slots
}

// turns returns the order of n arms in one cycle; cycles count through all rounds
// of a pass.
//
// The orders are the rows of Latin squares after E. J. Williams, "Experimental
// designs balanced for the estimation of residual effects of treatments",
// Aust. J. Chem. 2 (1949): n rows if n is even, 2n if it is odd. In the cycles of
// one square each arm has each place equally often, and follows each other arm
// equally often inside a cycle, so that what an arm leaves behind falls on all
// others alike. Each square has its arms and its rows shuffled by a generator of
// its own, so any order is as likely as any other in a single cycle. From the
// last slice of a cycle to the first of the next one nothing is balanced: an arm
// may follow itself.
func turns(seed uint64, p pass, cycle, n int) []int {
	if n == 0 {
		return nil
	}
	rows := n
	if n%2 == 1 {
		rows = 2 * n
	}
	random := generator(seed, p, fmt.Sprintf("arms=%d square=%d", n, cycle/rows))
	arms := random.Perm(n)
	row := random.Perm(rows)[cycle%rows]
	order := make([]int, n)
	for i := range order {
		// 0, 1, n-1, 2, n-2, ...: no step between neighbours comes twice.
		step := n - i/2
		if i%2 == 1 {
			step = (i + 1) / 2
		}
		order[i] = arms[(step+row)%n]
	}
	if row >= n {
		slices.Reverse(order)
	}
	return order
}

// finishSlice takes in how a slice went. The last one that a block has ends it.
func (s *Schedule) finishSlice(t *bench.Trial) {
	b := s.block
	if b == nil {
		return
	}
	b.left = slices.DeleteFunc(b.left, func(slot bench.Slot) bool { return place(slot) == place(t.Slot) })
	if len(t.Void) > 0 {
		b.void++
	}
	if b.broke = broke(t); b.broke || len(b.left) == 0 {
		s.endBlock(false)
	}
}

// endBlock ends the block under way, if there is one, and queues it again as a
// whole if it was cut, or if it may be run again and ended early or has more void
// slices than others.
func (s *Schedule) endBlock(cut bool) {
	b := s.block
	if b == nil {
		return
	}
	s.block = nil
	slots := without(b.slots, s.unsupported)
	spoilt := len(b.left) > 0 || 2*b.void > len(slots)
	if len(slots) > 0 && (cut || spoilt && slots[0].Attempt < s.plan.Retries) {
		for i := range slots {
			slots[i].Attempt++
		}
		s.queue = append(s.queue, slots)
	}
	s.closeRound()
}

// has tells whether the slot is one of the block's.
func (b *block) has(slot bench.Slot) bool {
	return slices.ContainsFunc(b.slots, func(s bench.Slot) bool { return place(s) == place(slot) })
}

// next returns the slot of a trial if it can be the block's next one. That is the
// first one that is left. But before a block begins its first slice, agents of
// all arms are started: an arm that is not supported then has the first of its
// slots for a trial, and so has one whose agent broke.
func (b *block) next(t *bench.Trial) (bench.Slot, bool) {
	i := slices.IndexFunc(b.left, func(s bench.Slot) bool { return place(s) == place(t.Slot) })
	if i < 0 {
		return bench.Slot{}, false
	}
	first := slices.IndexFunc(b.left, func(s bench.Slot) bool { return s.Arm.Name == t.Arm.Name })
	return b.left[i], i == 0 || i == first && (t.Unsupported != "" || broke(t))
}

// over tells whether the block has ended, which it has when anything is told of
// it.
func (b *block) over() bool { return len(b.left) < len(b.slots) }

// ran returns the slots that had their windows if all of them had, nil otherwise.
func (b *block) ran(unsupported map[string]bool) []bench.Slot {
	if len(b.left) > 0 || b.broke {
		return nil
	}
	return without(b.slots, unsupported)
}

// broke tells whether nothing was measured since an agent or the meter broke:
// that ends a block.
func broke(t *bench.Trial) bool {
	return slices.ContainsFunc(t.Void, func(v bench.Void) bool { return v.Reason == bench.VoidAgent || v.Reason == bench.VoidMeter })
}

// A location is the place of a slot in its run.
type location struct {
	cell                                   bench.Cell
	arm                                    string
	sweep, round, position, cycle, attempt int
}

func place(s bench.Slot) location {
	return location{s.Cell, s.Arm.Name, s.Sweep, s.Round, s.Position, s.Cycle, s.Attempt}
}
