package agreement

import (
	"fmt"
	"math"
	"time"

	"cri-stats-bench/bench"
)

// An off is a track that is outside of what the kernel had, and how many times
// that it is.
type off struct {
	*track
	ratio    float64
	evidence string
}

// checkAbove finds counters that are ahead of the kernel's after the call. No
// time can explain that.
func (s *subject) checkAbove() {
	for _, m := range counters {
		for _, level := range levels {
			step := s.step(m.Name, level)
			var found []off
			for _, t := range s.of(m, level) {
				judged, above := 0, 0
				for _, r := range t.readings {
					if !r.bracketed {
						continue
					}
					judged++
					if r.value > r.after.value+step+tolerance(m, r.value) {
						above++
					}
				}
				if judged < 2 {
					continue
				}
				s.judgeOff(t)
				if above >= 2 && 2*above > judged {
					r := t.last()
					found = append(found, t.off(r, r.before.value, r.after.value))
				}
			}
			s.hitOff(found)
		}
	}
}

// Rules about gauges. They may move between two direct readings, and the kernel
// keeps memory.stat for each CPU in batches of 64 pages and flushes version 2's
// every two seconds, so no single reading counts.
const (
	gaugeSpread = 0.05
	gaugeFloor  = 1 << 20 // bytes
	gaugeLag    = 2500 * time.Millisecond
	gaugeFewest = 3
)

// gauges that cgroup files have as well.
var gauges = []*bench.Metric{bench.MemoryWorkingSet, bench.MemoryUsage, bench.MemoryRSS, bench.SwapUsage}

// checkGauges finds gauges that are outside of what the kernel had around the
// call, in most answers.
func (s *subject) checkGauges() {
	for _, level := range levels {
		if s.saw(level, Frozen, Stale, Dishonest) {
			continue // old values of what moves differ
		}
		for _, m := range gauges {
			var found []off
			for _, t := range s.of(m, level) {
				if o, ok := s.offGauge(t); ok {
					found = append(found, o)
				}
			}
			s.hitOff(found)
		}
	}
}

// offGauge judges one gauge by its worst reading, if most are off.
func (s *subject) offGauge(t *track) (worst off, ok bool) {
	lag := gaugeLag
	if s.source.OwnClock {
		lag = s.source.maxAge()
	}
	judged, outside := 0, 0
	for i := range t.readings {
		r := &t.readings[i]
		if !r.bracketed {
			continue
		}
		lo, hi, ok := extremes(t.truth, r.start-int64(lag), r.after.at)
		margin := gaugeSpread*hi + gaugeFloor
		if !ok || hi-lo > margin {
			continue // it moves: nothing can be said
		}
		judged++
		if r.value >= lo-margin && r.value <= hi+margin {
			continue
		}
		outside++
		if o := t.off(r, lo, hi); worst.track == nil || weight(o.ratio) > weight(worst.ratio) {
			worst = o
		}
	}
	if judged < gaugeFewest {
		return off{}, false
	}
	s.judgeOff(t)
	return worst, 2*outside > judged
}

// off describes a reading that is off.
func (t *track) off(r *reading, lo, hi float64) off {
	ratio := r.value / (lo/2 + hi/2)
	times := fmt.Sprintf(": %.3g times", ratio)
	if ratio == 0 || math.IsInf(ratio, 0) || math.IsNaN(ratio) {
		times = ""
	}
	return off{t, ratio, fmt.Sprintf("%s of %s %s is %s where the kernel has %s to %s%s",
		t.metric.Name, t.key.level(), short(t.key.id()), quantity(t.metric, r.value), quantity(t.metric, lo), quantity(t.metric, hi), times)}
}

// weight says how far off a ratio is.
func weight(ratio float64) float64 { return math.Abs(math.Log(ratio)) }

// kindOff names a value that is so many times what it should be.
func kindOff(ratio float64) Kind {
	if _, ok := thousands(ratio, unitSpread); ok {
		return WrongUnit
	}
	if ratio > 1.6 && ratio < 2.4 {
		return Double
	}
	return Wrong
}

// judgeOff counts a track that was held against the kernel's value.
func (s *subject) judgeOff(t *track) {
	for _, kind := range []Kind{Wrong, WrongUnit, Double} {
		s.judge(kind, t.key.level(), t.key.id())
	}
}

// hitOff names what is off by its factor, where all tracks of one quantity have the
// same.
func (s *subject) hitOff(found []off) {
	for i, o := range found {
		kind := kindOff(o.ratio)
		for _, other := range found {
			if kindOff(other.ratio) != kind {
				kind = Wrong
			}
		}
		s.hit(found[i].track, kind, weight(o.ratio), o.evidence)
	}
}
