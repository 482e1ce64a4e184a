package agreement

import (
	"time"

	"cri-stats-bench/bench"
)

// fresh counts, at the interval of the source's user, how many CPU times of
// containers were renewed from one call to the next. Who calls a cache more often
// than it is filled pays for answers that say nothing new.
//
// A value is new if it held at another instant, as its timestamp says, which
// checkTimestamps holds against the kernel; of a source without timestamps, or with
// wrong ones, only a counter that must have moved tells.
func (s *subject) fresh() *Share {
	step := s.step(cpu, Containers)
	honest := !s.saw(Containers, Dishonest)
	share := Share{}
	renewed := 0
	for _, t := range s.tracks {
		if t.metric.Name != bench.CPUUsage.Name || t.key.level() != Containers {
			continue
		}
		last := t.first()
		for i := range t.readings {
			r := &t.readings[i]
			if i == 0 || time.Duration(r.end-last.end) < s.source.Interval-callJitter {
				continue
			}
			isNew, known := r.at > last.at, honest && r.at != 0 && last.at != 0
			if !known {
				moved := r.bracketed && last.bracketed && r.before.value-last.after.value > leastMovement+2*step
				isNew, known = r.value != last.value, moved
			}
			if known {
				share.Of++
				if isNew {
					renewed++
				}
			}
			last = r
		}
	}
	if share.Of == 0 {
		return nil
	}
	share.Value = float64(renewed) / float64(share.Of)
	return &share
}

// callJitter is how much earlier than an interval after the one before it a call may
// end and still count as the next one: calls take longer and shorter.
const callJitter = 200 * time.Millisecond
