package schedule

import (
	"fmt"
	"slices"

	"cri-stats-bench/bench"
)

// Skip goes past trials that are on disk already, in the order in which they
// were run, so that Next continues where they end and in the order in which the
// run would have gone on. It is to be called before the first Next. The time
// that the trials took counts against the plan's max_duration, the time
// in between does not.
//
// Skip refuses trials that are not the ones of this plan and seed, or are not all
// there.
func (s *Schedule) Skip(done []bench.Trial) error {
	for i := range done {
		t := &done[i]
		if err := s.meet(t); err != nil {
			return fmt.Errorf("continue after trial %d of %d: %w", i, len(done), err)
		}
		s.clock.skip(t.Slot)
		s.finish(t)
	}
	// The pods of the interrupted part are gone.
	s.clock.cell = bench.Cell{}
	return nil
}

// meet goes on to the slot that t is of, which must be the one that comes next.
func (s *Schedule) meet(t *bench.Trial) error {
	if len(s.queue) == 0 {
		if err := s.follow(t); err != nil {
			return err
		}
	}
	return same(s.pop(), t)
}

// same tells whether a trial is the one of a slot.
func same(want bench.Slot, t *bench.Trial) error {
	if name(t.Slot) != name(want) {
		return fmt.Errorf("the next one is %s, but in the plan's order it is %s: the trials belong to another plan or seed, or one is missing",
			name(t.Slot), name(want))
	}
	if !sameArm(want.Arm, t.Arm) {
		return fmt.Errorf("arm %s has other collectors or times in the plan", t.Arm.Name)
	}
	return nil
}

// follow begins the round that t is of: the next one of the pass under way, or
// the first one of a later pass, if the one under way had its least. Whether the
// run stayed or went on depended on its clock and on its looks.
func (s *Schedule) follow(t *bench.Trial) error {
	for s.at < len(s.passes) {
		p := s.passes[s.at]
		switch {
		case p.cell == t.Cell && p.sweep == t.Sweep && s.rounds < p.most:
			s.over() // arms that were decided are not in this round
			s.fill()
			if len(s.queue) == 0 {
				return fmt.Errorf("%s is there, but no arm was left that the node supports", name(t.Slot))
			}
			return nil
		case s.rounds < p.least:
			return fmt.Errorf("the next one is %s, but %s (sweep %d) has only %d of at least %d rounds: the trials belong to another plan, or some are missing",
				name(t.Slot), p.cell, p.sweep, s.rounds, p.least)
		case s.rounds == p.most:
			s.leave(allRounds)
		case s.plan.MaxDuration > 0:
			s.leave(outOfTime)
		default:
			s.leave(settled)
		}
	}
	return fmt.Errorf("%s is there, but the plan has no further trial", name(t.Slot))
}

func sameArm(a, b bench.Arm) bool {
	return a.Interval == b.Interval && a.Window == b.Window && a.WarmUp == b.WarmUp && slices.Equal(a.Collectors, b.Collectors)
}

// name tells one slot of a run from all others, in words.
func name(s bench.Slot) string {
	return fmt.Sprintf("arm %s at %s, sweep %d, round %d, position %d, attempt %d", s.Arm.Name, s.Cell, s.Sweep, s.Round, s.Position, s.Attempt)
}
