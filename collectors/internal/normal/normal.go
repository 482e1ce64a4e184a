// Package normal holds what collectors need to bring the answers of different
// sources into the normal form of package bench: metrics for names that a source
// gives, pressure stall figures, slices of labels that are made once.
//
// All of it is made so that a steady call allocates nothing. It reads nothing
// and knows no source.
package normal

import "cri-stats-bench/bench"

// AddLabelled is bench.Batch.Add for a sample with labels.
func AddLabelled(b *bench.Batch, m *bench.Metric, entity int32, value float64, at int64, labels []string) {
	b.Samples = append(b.Samples, bench.Sample{Metric: m, Entity: entity, Labels: labels, Value: value, At: at})
}

// Seconds converts nanoseconds, the unit of times in the CRI and in cAdvisor.
func Seconds(nanoseconds uint64) float64 { return float64(nanoseconds) / 1e9 }

// Labels are label lists of one value each, made once per value. The values are
// names of interfaces, devices and mount points: a node has few of them.
type Labels struct {
	last   []string // most answers say the same name many times in a row
	byName map[string][]string
}

// One returns a list of just the value. It is shared: it must not be changed.
func (l *Labels) One(value string) []string {
	if l.last != nil && l.last[0] == value {
		return l.last
	}
	list, ok := l.byName[value]
	if !ok {
		if l.byName == nil {
			l.byName = make(map[string][]string)
		}
		list = []string{value}
		l.byName[value] = list
	}
	l.last = list
	return list
}
