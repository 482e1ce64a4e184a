package agreement

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"cri-stats-bench/bench"
)

// Rules about rates of CPU use. A rate is made of two readings of the source's own, of
// which nobody outside knows when they were taken; the later one is not older than a value
// may be. So 0 is wrong where the kernel's counter moved in every stretch that could come
// before it, and any other rate where it lies outside of all stretches that it could be of.
const (
	// rateStretch is the least time over which direct readings tell a rate.
	rateStretch = 400 * time.Millisecond
	// rateSpread is by how much a rate may be outside of the paces of all stretches, as a
	// factor; rateFloor what is too little to be told, in CPUs.
	rateSpread = 2
	rateFloor  = 0.05
)

// checkRates holds rates against the counter that they are rates of, and against what
// the node has. A rate that is not there is absent, and not wrong.
func (s *subject) checkRates() {
	for _, level := range levels {
		if s.saw(level, Frozen, Stale, Dishonest) {
			continue // its rates are as old as its counters
		}
		for _, t := range s.of(bench.CPUUsageRate, level) {
			s.checkRate(t)
		}
		s.checkOneStamp(level)
	}
}

func (s *subject) checkRate(t *track) {
	truth := s.history[t.key][cpu]
	name := fmt.Sprintf("%s of %s %s", t.metric.Name, t.key.level(), short(t.key.id()))
	judged, outside, worst := 0, 0, ""
	for i := range t.readings {
		r := &t.readings[i]
		if most := float64(s.Node.CPUs); most > 0 && r.value > most*(1+rateFloor) {
			s.hit(t, WrongRate, r.value, fmt.Sprintf("%s is %.4g CPUs; the node has %g", name, r.value, most))
			return
		}
		age := s.source.maxAge()
		// A rate that was above 0 is of a time that ended earlier: since then will do.
		since := r.start - int64(age+rateStretch)
		for _, earlier := range t.readings[:i] {
			if earlier.value > 0 {
				since = max(since, earlier.start)
			}
		}
		if lo, _, ok := paces(truth, since, r.end); ok && lo >= leastRate {
			s.judge(WrongRate, t.key.level(), t.key.id())
			if r.value == 0 {
				s.hit(t, WrongRate, lo, fmt.Sprintf("%s is 0 in answer %d of %d, though the kernel's counter did not stand still in the %v before: at least %.3g CPUs",
					name, r.index+1, len(s.answers), rounded(time.Duration(r.end-since)), lo))
				return
			}
		}
		lo, hi, ok := paces(truth, r.start-2*int64(age), r.end)
		if !ok {
			continue
		}
		judged++
		if r.value > rateSpread*hi+rateFloor || r.value < lo/rateSpread-rateFloor {
			outside, worst = outside+1, fmt.Sprintf("%s is %.4g CPUs where the kernel counts between %.3g and %.3g", name, r.value, lo, hi)
		}
	}
	if judged >= gaugeFewest && 2*outside > judged {
		s.hit(t, WrongRate, float64(outside), fmt.Sprintf("%s, in %d of %d answers", worst, outside, judged))
	}
}

// checkOneStamp finds rates that are made of one timestamp for all, though the counters
// were read one after the other: of what comes late in the walk, the rate is of another
// time than the stamp says, and swings as the walk does.
func (s *subject) checkOneStamp(level Level) {
	clocks := s.clocks(level)
	if len(clocks) < 3 || s.source.OwnClock {
		return
	}
	stamps := make(map[int]int64) // by answer
	for _, t := range clocks {
		for _, r := range t.readings {
			if known, ok := stamps[r.index]; ok && known != r.at || r.at == 0 {
				return // each its own, or none
			}
			stamps[r.index] = r.at
		}
	}
	limit := s.interval() / 10
	step := s.step(cpu, level)
	for _, rate := range s.of(bench.CPUUsageRate, level) {
		i := slices.IndexFunc(clocks, func(t *track) bool { return t.key == rate.key })
		if i < 0 {
			continue
		}
		var off []time.Duration
		for k := range clocks[i].readings {
			r := &clocks[i].readings[k]
			if a := s.ageOf(clocks[i], r, step); a.estimated {
				off = append(off, time.Duration(r.end-r.at)-a.estimate)
			}
		}
		if len(off) < 2 {
			continue
		}
		s.judge(WrongRate, level, rate.key.id())
		slices.Sort(off)
		if middle := off[len(off)/2]; middle > limit {
			s.hit(rate, WrongRate, middle.Seconds(), fmt.Sprintf("all %ss of an answer bear one timestamp, and the counter of %s was read %v after it: its rate is of another time by more than a tenth of the %v between calls",
				level, short(rate.key.id()), rounded(middle), rounded(s.interval())))
		}
	}
}

// interval is how often the source is called by who uses it.
func (s *subject) interval() time.Duration {
	if s.source.Interval > 0 || len(s.answers) < 2 {
		return s.source.Interval
	}
	return s.watched() / time.Duration(len(s.answers)-1)
}

// paces are the least and the greatest use of CPU, in CPUs, that a counter shows in the
// stretches from one instant to another; false where it was not read so early.
func paces(truth []instant, from, to int64) (lo, hi float64, ok bool) {
	i := sort.Search(len(truth), func(i int) bool { return truth[i].at > from }) - 1
	if i < 0 {
		return 0, 0, false
	}
	lo = math.Inf(1)
	for a, rest := truth[i], truth[i+1:]; len(rest) > 0 && rest[0].at <= to; rest = rest[1:] {
		if b := rest[0]; b.at-a.at >= int64(rateStretch) {
			pace := (b.value - a.value) / (float64(b.at-a.at) / 1e9)
			lo, hi, a = min(lo, pace), max(hi, pace), b
		}
	}
	return lo, hi, !math.IsInf(lo, 1)
}
