package agreement

import (
	"time"

	"cri-stats-bench/bench"
)

// yardsticks between sources: what cgroup files do not say, or not in the same
// sense. They are means and growths over the whole check, since the sources were
// not asked at the same moment.
var yardsticksBetween = []yardstick{
	{bench.ProcessCount, 0.05, 0.5},
	{bench.FSUsage, 0.05, 4096},
	{bench.FSInodesUsed, 0.05, 1},
	{bench.NetworkReceived, 0.05, 1000},
	{bench.NetworkSent, 0.05, 1000},
}

// between holds a source against the one that the kubelet had before, cAdvisor or
// whatever else has a clock of its own.
func (s *subject) between(anchor *subject) []Comparison {
	var out []Comparison
	for _, level := range levels {
		if s.saw(level, Frozen, Stale, Dishonest) {
			continue
		}
		for _, y := range yardsticksBetween {
			theirs, ours := anchor.totals(y, level), s.totals(y, level)
			var x, v []float64
			for _, k := range sortedKeys(theirs) {
				if own, both := ours[k]; both && theirs[k] >= y.least && own > 0 {
					x, v = append(x, theirs[k]), append(v, own)
				}
			}
			if len(x) == 0 {
				continue
			}
			out = append(out, compare(y, level, anchor.source.Name, x, v))
		}
	}
	return out
}

// totals returns for each pod or container the mean of a gauge, or the growth of a
// counter per second, of all series of the metric together: an interface or mount
// has other names on other sides.
func (s *subject) totals(y yardstick, level Level) map[key]float64 {
	out := make(map[key]float64)
	for _, t := range s.of(y.metric, level) {
		if y.metric.Kind == bench.Counter {
			if t.span() >= leastSpan {
				out[t.key] += (t.last().value - t.first().value) / t.span().Seconds()
			}
			continue
		}
		sum := 0.0
		for _, r := range t.readings {
			sum += r.value
		}
		out[t.key] += sum / float64(len(t.readings))
	}
	return out
}

// anchor is the source that others are held against: the first with a clock of
// its own that answered for as long as a counter must be watched.
func anchor(subjects []*subject) *subject {
	for _, s := range subjects {
		if s.source.OwnClock && len(s.answers) > 1 && s.watched() >= leastSpan {
			return s
		}
	}
	return nil
}

// leastSpan is how long a counter must have been watched for its growth to say
// more than when it was read.
const leastSpan = 8 * time.Second
