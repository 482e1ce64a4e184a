package schedule

import (
	"fmt"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

// roundTime is what one round takes without void trials.
func (s *Schedule) roundTime() time.Duration {
	var sum time.Duration
	for _, a := range s.plan.Arms {
		if s.runs(a.Name) {
			sum += s.clock.trial(bench.Slot{Arm: a})
		}
	}
	return sum
}

// rest is what the run takes from a round boundary on, the removal of the pods
// included, if the node is at the cell from, the pass under way has n more rounds
// and each later pass as many as rounds says.
func (s *Schedule) rest(from bench.Cell, n int, rounds func(pass) int) time.Duration {
	round := s.roundTime().Seconds()
	sum := 0.0
	for i := s.at; i < len(s.passes); i++ {
		if i > s.at {
			n = rounds(s.passes[i])
		}
		if n > 0 {
			sum += s.clock.change(from, s.passes[i].cell).Seconds() + float64(n)*round
			from = s.passes[i].cell
		}
	}
	return seconds(sum + s.clock.removal(from).Seconds())
}

func least(p pass) int { return p.least }
func most(p pass) int  { return p.most }

// tooLate tells whether the next round of the pass under way, and the removal of
// the pods after it, would end past the plan's limit, and says so.
func (s *Schedule) tooLate() (string, bool) {
	if s.plan.MaxDuration == 0 {
		return "", false
	}
	p := s.passes[s.at]
	end := s.clock.used() + s.clock.change(s.clock.cell, p.cell) + s.roundTime() + s.clock.removal(p.cell)
	if end <= s.plan.MaxDuration {
		return "", false
	}
	return fmt.Sprintf("max_duration %v: round %d of at least %d at %s (sweep %d) would have ended after %v",
		s.plan.MaxDuration, s.rounds+1, p.least, p.cell, p.sweep, end.Round(time.Second)), true
}

// spare tells whether a round beyond the least may be begun. Time that the least
// of all passes leaves over is shared evenly between the pass under way and those
// to come, so that early cells do not take all of it.
func (s *Schedule) spare() bool {
	if s.plan.MaxDuration == 0 {
		return true
	}
	cell := s.passes[s.at].cell
	round := s.clock.change(s.clock.cell, cell) + s.roundTime()
	spare := s.plan.MaxDuration - s.clock.used() - s.rest(s.clock.cell, 0, least)
	if s.ration == 0 {
		s.ration = s.clock.used() + spare/time.Duration(len(s.passes)-s.at)
	}
	return round <= spare && s.clock.used()+round <= s.ration
}

// Remaining estimates how long what is left will take, with every round up to
// the plan's most, but not beyond its limit of time.
func (s *Schedule) Remaining() time.Duration {
	if s.stop != "" || s.at == len(s.passes) {
		return 0
	}
	sum, from := s.clock.left(), s.clock.cell
	sum += s.clock.sum(s.queue)
	rounds := s.passes[s.at].most - s.rounds
	if len(s.queue) > 0 || s.clock.running != nil { // a round is under way
		rounds--
		from = s.passes[s.at].cell
		if s.clock.running == nil { // perhaps it was continued, and the pods are gone
			sum += s.clock.change(s.clock.cell, from)
		}
	}
	sum = seconds(sum.Seconds() + s.rest(from, rounds, most).Seconds())
	if limit := s.plan.MaxDuration; limit > 0 {
		sum = min(sum, max(0, limit-s.clock.used()))
	}
	return sum
}

// Estimate says how long a plan will take with its least and with its most
// rounds, from the first pod to the removal of the last, if no trial is void. The
// most is cut at the plan's max_duration.
func Estimate(p *plan.Plan) (shortest, longest time.Duration) {
	s := New(p, Options{})
	if len(s.passes) == 0 {
		return 0, 0
	}
	shortest = s.rest(bench.Cell{}, s.passes[0].least, least)
	longest = s.rest(bench.Cell{}, s.passes[0].most, most)
	if p.MaxDuration > 0 {
		longest = max(shortest, min(longest, p.MaxDuration))
	}
	return shortest, longest
}
