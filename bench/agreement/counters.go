package agreement

import (
	"fmt"
	"math"
	"slices"
	"time"

	"cri-stats-bench/bench"
)

// cpu is the clock that ages are read from.
var cpu = bench.CPUUsage.Name

// levels in the order in which they are looked at.
var levels = []Level{Containers, Pods}

// counters that cgroup files have as well.
var counters = []*bench.Metric{bench.CPUUsage, bench.PageFaults, bench.MajorPageFaults}

// tolerance is how far two readings of one counter may be apart although they
// were taken at one instant: cpu.stat is cut to microseconds, and the normal form
// is floating point.
func tolerance(m *bench.Metric, value float64) float64 {
	if m.Unit == bench.Seconds {
		return 2e-6 + 1e-9*math.Abs(value)
	}
	return 0.5 + 1e-9*math.Abs(value)
}

// visible is what a counter must be at in the kernel before 0 is wrong.
func (s *subject) visible(m *bench.Metric, level Level) float64 {
	switch {
	case m.Unit == bench.Seconds:
		return max(0.010, 2*s.step(m.Name, level))
	case m.Unit == bench.Bytes:
		return 2 * gaugeFloor
	}
	return 100
}

// leastRate is the CPU use, in CPUs, beside which a rate of 0 is wrong.
const leastRate = 0.005

// checkZeros finds what is always 0 where the kernel counted more from the first
// answer on.
func (s *subject) checkZeros() {
	for _, t := range s.tracks {
		if len(t.readings) < 2 {
			continue
		}
		if t.metric.Name == bench.CPUUsageRate.Name {
			s.checkZeroRate(t)
			continue
		}
		if t.truth == nil {
			continue
		}
		least := math.Inf(1)
		for _, r := range t.readings {
			if r.bracketed {
				least = min(least, r.before.value)
			}
		}
		if math.IsInf(least, 1) || least < s.visible(t.metric, t.key.level()) {
			continue
		}
		s.judge(Zero, t.key.level(), t.key.id())
		if t.allZero() {
			s.hit(t, Zero, least, fmt.Sprintf("%s of %s %s is 0 in all of %d answers; the kernel has at least %s",
				t.metric.Name, t.key.level(), short(t.key.id()), len(t.readings), quantity(t.metric, least)))
		}
	}
	// What is 0 as well, and too little in the kernel to be judged, is so for the
	// same reason.
	for _, t := range s.tracks {
		t.settled = t.settled || t.allZero() && s.saw(t.key.level(), Zero)
	}
}

// checkZeroRate holds a rate against the counter's growth. A rate takes two
// readings of the source's own, so it may be 0 at first.
func (s *subject) checkZeroRate(t *track) {
	truth := s.history[t.key][cpu]
	if len(truth) < 2 {
		return
	}
	a, b := truth[0], truth[len(truth)-1]
	seconds := float64(b.at-a.at) / 1e9
	if seconds < 5 || (b.value-a.value)/seconds < leastRate {
		return
	}
	s.judge(Zero, t.key.level(), t.key.id())
	if t.allZero() {
		s.hit(t, Zero, 0, fmt.Sprintf("%s of %s %s is 0 in %d answers; the kernel's counter grew by %.3g CPUs",
			t.metric.Name, t.key.level(), short(t.key.id()), len(t.readings), (b.value-a.value)/seconds))
	}
}

// checkBackwards finds counters that fall. Ids are of one life, so nothing resets
// them; a pod whose containers changed in between is left out, as some sources
// add them up.
func (s *subject) checkBackwards() {
	for _, t := range s.tracks {
		if t.metric.Kind != bench.Counter || t.settled || len(t.readings) < 2 {
			continue
		}
		s.judge(Backwards, t.key.level(), t.key.id())
		for i := 1; i < len(t.readings); i++ {
			a, b := &t.readings[i-1], &t.readings[i]
			if b.value >= a.value-tolerance(t.metric, a.value) || t.key.level() == Pods && !s.sameParts(t.key.pod, a.index, b.index) {
				continue
			}
			s.hit(t, Backwards, (a.value-b.value)/a.value, fmt.Sprintf("%s of %s %s fell from %s to %s in %v",
				t.metric.Name, t.key.level(), short(t.key.id()), quantity(t.metric, a.value), quantity(t.metric, b.value), rounded(time.Duration(b.end-a.end))))
			break
		}
	}
}

// sameParts says whether the pod had the same containers around two answers.
func (s *subject) sameParts(pod string, a, b int) bool {
	of := func(l *Listing) []string {
		var ids []string
		for _, p := range l.Pods {
			if p.ID != pod {
				continue
			}
			for _, c := range p.Containers {
				if c.Running {
					ids = append(ids, c.ID)
				}
			}
		}
		slices.Sort(ids)
		return ids
	}
	return slices.Equal(of(s.answers[a].ListedBefore), of(s.answers[b].ListedAfter))
}

// Rules about units. A wrong unit is off by a power of 1000 in level and in
// growth; nothing else is within 60 % of that.
const (
	unitSpread = 0.2 // of the decimal logarithm
	unitLevel  = 0.5
	unitShare  = 0.8 // of the tracks that can be judged
)

// checkUnits finds counters that grow by a power of 1000 faster or slower than
// the kernel's.
func (s *subject) checkUnits() {
	for _, m := range counters {
		for _, level := range levels {
			s.checkUnit(m, level)
		}
	}
}

func (s *subject) checkUnit(m *bench.Metric, level Level) {
	step := s.step(m.Name, level)
	type candidate struct {
		*track
		growth, factor float64
	}
	var found []candidate
	judged := 0
	tracks := s.of(m, level)
	for _, t := range tracks {
		growth, width, ok := t.moved()
		if !ok || growth <= 3*(width+step+tolerance(m, t.last().value)) {
			continue
		}
		judged++
		s.judge(WrongUnit, level, t.key.id())
		ratio := (t.last().value - t.first().value) / growth
		power, ok := thousands(ratio, unitSpread)
		if !ok {
			continue
		}
		if p, ok := thousands(t.last().value/t.last().before.value, unitLevel); ok && p == power {
			found = append(found, candidate{t, ratio, math.Pow(1000, float64(power))})
		}
	}
	if judged == 0 || float64(len(found)) < unitShare*float64(judged) {
		return
	}
	for _, c := range found {
		s.hit(c.track, WrongUnit, 1, fmt.Sprintf("%s of %s %s grew by %.3g of what the kernel counts, and stands at %.3g of it: %g times off",
			m.Name, level, short(c.key.id()), c.growth, c.last().value/c.last().before.value, c.factor))
	}
	for _, t := range tracks {
		t.settled = true // those that stood still are off in the same way
	}
}

// thousands returns the power of 1000, not 0, that a ratio is within spread
// decades of.
func thousands(ratio, spread float64) (int, bool) {
	if !(ratio > 0) || math.IsInf(ratio, 1) {
		return 0, false
	}
	decades := math.Log10(ratio)
	power := int(math.Round(decades / 3))
	return power, power != 0 && math.Abs(decades-3*float64(power)) <= spread
}

// checkParts finds pods whose CPU time is that of their containers alone: the
// pause container, and what is charged to the pod itself, is missing.
func (s *subject) checkParts() {
	fresh := s.freshParts()
	step := s.step(cpu, Pods)
	for _, t := range s.of(bench.CPUUsage, Pods) {
		parts := s.parts[t.key.pod]
		judged, off, share := 0, 0, 0.0
		for _, r := range t.readings {
			if !r.bracketed {
				continue
			}
			o := s.answers[r.index]
			before, okBefore := o.before.sum(parts)
			after, okAfter := o.after.sum(parts)
			pause := r.before.value - after
			if !okBefore || !okAfter || pause < 0.001+step || fresh[partsOf{t.key.pod, r.index}] < len(parts) {
				continue
			}
			judged++
			if slack := pause / 4; r.value >= before-slack-step && r.value <= after+slack && r.value < r.before.value-2*slack {
				off, share = off+1, pause
			}
		}
		if judged < 2 {
			continue
		}
		s.judge(PodSum, Pods, t.key.id())
		if 5*off >= 4*judged {
			s.hit(t, PodSum, share, fmt.Sprintf("CPU time of pod %s is that of its %d containers, without the %v of pause and the pod itself",
				short(t.key.id()), len(parts), rounded(time.Duration(share*1e9))))
		}
	}
}

// partsOf are the containers of a pod in one answer.
type partsOf struct {
	pod   string
	index int
}

// freshParts counts the containers whose CPU time is what the kernel had during
// the call: where they are old, the pod is too, and its sum says nothing.
func (s *subject) freshParts() map[partsOf]int {
	pod := make(map[key]string)
	for id, parts := range s.parts {
		for _, k := range parts {
			pod[k] = id
		}
	}
	out := make(map[partsOf]int)
	for _, t := range s.of(bench.CPUUsage, Containers) {
		for _, r := range t.readings {
			slack := tolerance(t.metric, r.value)
			if r.bracketed && r.value >= r.before.value-slack && r.value <= r.after.value+slack {
				out[partsOf{pod[t.key], r.index}]++
			}
		}
	}
	return out
}

// sum adds up the CPU time of containers; false if one of them has none.
func (s snapshot) sum(parts []key) (total float64, ok bool) {
	for _, k := range parts {
		v, ok := s.get(k, cpu)
		if !ok {
			return 0, false
		}
		total += v.value
	}
	return total, len(parts) > 0
}

// quantity writes a value with its unit.
func quantity(m *bench.Metric, v float64) string {
	switch m.Unit {
	case bench.Seconds:
		return fmt.Sprintf("%.6g s", v)
	case bench.Bytes:
		return fmt.Sprintf("%.0f B", v)
	}
	return fmt.Sprintf("%.6g", v)
}
