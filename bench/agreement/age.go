package agreement

import (
	"fmt"
	"slices"
	"time"

	"cri-stats-bench/bench"
)

// The counter of CPU time is a clock: a value of it held at the instants at which
// the kernel's counter stood there, which the direct readings tell. What follows
// uses bounds only, no rate and no timestamp, so that nothing but a counter that
// the kernel turned back could make a source look older than it is.

// Rules about age.
const (
	// leastMovement is by how much a counter must have grown, beyond what the
	// source's steps hide, before a source that shows nothing of it is frozen.
	leastMovement = 0.005 // seconds of CPU
	// timestampError is how far a timestamp may be from the instant of its value:
	// sources take it when they make the answer, some of them.
	timestampError = time.Second
	// leastClear is how closely direct readings must enclose the instant of a value
	// for its age to be a figure and not a bound, or else clearGrowth by how much the
	// counter grew between them: what moves so much moves steadily. What stood still
	// for longer than that was the same all the while, however much it had grown before.
	leastClear  = 500 * time.Millisecond
	clearGrowth = 0.05 // seconds of CPU
)

// An age is what is known of how old one reading is.
type age struct {
	// atLeast is certain. atMost is so where known.
	atLeast, atMost time.Duration
	known           bool
	// estimate interpolates between direct readings.
	estimate  time.Duration
	estimated bool
}

// ageOf bounds the age of a reading when the answer came.
//
// Note: that a container began at some time bounds nothing: a source that is
// behind shows what began since as it began.
func (s *subject) ageOf(t *track, r *reading, step float64) age {
	after, before := held(t.truth, r.value, step, tolerance(t.metric, r.value))
	var a age
	if before != 0 && before < r.end {
		a.atLeast = time.Duration(r.end - before)
	}
	if after != 0 {
		a.atMost, a.known = time.Duration(r.end-after), true
	}
	if after == 0 || before == 0 || step > 0 {
		return a
	}
	at, growth, still, ok := when(t.truth, r.value, tolerance(t.metric, r.value))
	if ok && still <= leastClear && (time.Duration(before-after) <= leastClear || growth >= clearGrowth) {
		a.estimate, a.estimated = max(0, time.Duration(r.end-at)), true
	}
	return a
}

// clocks returns the tracks of CPU time that have a truth to be read against.
func (s *subject) clocks(level Level) []*track {
	return slices.DeleteFunc(s.of(bench.CPUUsage, level), func(t *track) bool { return len(t.truth) < 2 })
}

// checkFrozen finds CPU counters that stand still while the kernel's move.
func (s *subject) checkFrozen() {
	for _, level := range levels {
		step := s.step(cpu, level)
		clocks := s.clocks(level)
		behind := mostlyBehind(clocks, step)
		for _, t := range clocks {
			if !t.constant() || len(t.readings) < 3 || t.span() < s.source.maxAge() {
				continue
			}
			a, b := t.first(), t.last()
			growth := b.before.value - a.after.value
			if !a.bracketed || !b.bracketed || growth < leastMovement+2*step {
				continue
			}
			s.judge(Frozen, level, t.key.id())
			if behind && s.showsBirth(t) {
				continue
			}
			s.hit(t, Frozen, growth, fmt.Sprintf("%s of %s %s is %s in all of %d answers over %v while the kernel's grew by %s",
				cpu, level, short(t.key.id()), quantity(t.metric, a.value), len(t.readings), rounded(t.span()), quantity(t.metric, growth)))
		}
		if s.saw(level, Frozen) {
			// Those that moved too little to be judged stand still for the same reason.
			for _, t := range s.of(bench.CPUUsage, level) {
				t.settled = t.constant()
			}
		}
	}
}

// mostlyBehind says whether, of the counters that can tell, most show to the end
// what held before the check began: the source is behind by more than the check.
func mostlyBehind(clocks []*track, step float64) bool {
	behind, contrary := 0, 0
	for _, t := range clocks {
		value, began := t.last().value, t.truth[0].value
		switch slack := tolerance(t.metric, value); {
		case value+step < began-slack:
			behind++
		case value > began+slack:
			contrary++
		}
	}
	return behind > contrary
}

// youth is how many times the check's length a young container has lived at most.
const youth = 3

// showsBirth says whether a counter that stands still may do so because the source
// is behind by the container's whole life and shows it as it began. A timestamp
// that stands still as well says that it is not so.
func (s *subject) showsBirth(t *track) bool {
	a, b := t.first(), t.last()
	advances := a.at == 0 || b.at > a.at
	young := time.Duration(b.end-s.created[t.key]) <= youth*t.span()
	return advances && young && b.value <= t.truth[0].value+tolerance(t.metric, b.value)
}

// widespread says whether a level's CPU counters are so often wrong in another way
// that their age says nothing.
func (s *subject) widespread(level Level, kind Kind) bool {
	n := 0
	for _, h := range s.found {
		if h.kind == kind && h.level == level && h.metric == cpu {
			n++
		}
	}
	return n > 0 && 2*n >= len(s.judged[judgedKey{kind, level}])
}

// checkTimestamps finds values that held at another time than they claim.
func (s *subject) checkTimestamps() {
	for _, level := range levels {
		if s.widespread(level, Backwards) {
			continue
		}
		step := s.step(cpu, level)
		for _, t := range s.clocks(level) {
			judged, off := 0, 0
			worst := time.Duration(0)
			if s.source.Form.Stamped && t.unstamped() {
				s.hit(t, Dishonest, 0, fmt.Sprintf("CPU time of %s %s has no timestamp in any of %d answers; api.proto has it above 0",
					level, short(t.key.id()), len(t.readings)))
				continue
			}
			for i := range t.readings {
				r := &t.readings[i]
				if r.at == 0 {
					continue
				}
				judged++
				a := s.ageOf(t, r, step)
				claimed := time.Duration(r.end - r.at)
				wrong := time.Duration(0)
				switch {
				case claimed < a.atLeast-timestampError:
					wrong = claimed - a.atLeast
				case a.known && claimed > a.atMost+timestampError:
					wrong = claimed - a.atMost
				case claimed < -timestampError:
					wrong = claimed
				}
				if wrong != 0 {
					off++
				}
				if wrong.Abs() > worst.Abs() {
					worst = wrong
				}
			}
			if judged < 2 {
				continue
			}
			s.judge(Dishonest, level, t.key.id())
			if off < 2 || 2*off < judged {
				continue
			}
			word := "newer"
			if worst > 0 {
				word = "older"
			}
			s.hit(t, Dishonest, worst.Abs().Seconds(), fmt.Sprintf("CPU time of %s %s is stamped at least %v %s than it is, in %d of %d answers",
				level, short(t.key.id()), rounded(worst.Abs()), word, off, judged))
		}
	}
}

// checkAge finds values that are older than they may be: certainly, or by their
// own timestamps, which are honest here.
func (s *subject) checkAge() {
	limit := s.source.maxAge()
	for _, level := range levels {
		if s.saw(level, Dishonest) || s.widespread(level, Backwards) {
			continue
		}
		step := s.step(cpu, level)
		for _, t := range s.of(bench.CPUUsage, level) {
			over, certain := 0, time.Duration(0)
			worst := time.Duration(0)
			for i := range t.readings {
				r := &t.readings[i]
				if r.at != 0 && time.Duration(r.end-r.at) > limit {
					over++
					worst = max(worst, time.Duration(r.end-r.at))
				}
				if len(t.truth) >= 2 {
					certain = max(certain, s.ageOf(t, r, step).atLeast)
				}
			}
			s.judge(Stale, level, t.key.id())
			if certain <= limit && (over < 2 || 2*over < len(t.readings)) {
				continue
			}
			worst = max(worst, certain)
			s.hit(t, Stale, worst.Seconds(), fmt.Sprintf("CPU time of %s %s is %v old, in %d of %d answers; %v is allowed",
				level, short(t.key.id()), rounded(worst), max(over, 1), len(t.readings), limit))
		}
	}
}
