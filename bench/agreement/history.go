package agreement

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"time"

	"cri-stats-bench/bench"
)

// A key names a pod or a container. Containers go by their own id alone, since
// some answers do not say whose they are.
type key struct{ pod, container string }

func keyOf(e bench.Entity) (key, bool) {
	switch {
	case e.Container != "":
		return key{container: e.Container}, true
	case e.Pod != "":
		return key{pod: e.Pod}, true
	}
	return key{}, false
}

func (k key) id() string { return cmp.Or(k.container, k.pod) }

func (k key) level() Level {
	if k.container != "" {
		return Containers
	}
	return Pods
}

// sortedKeys returns the keys of a map in an order that does not change: the same
// input gives the same report.
func sortedKeys[V any](m map[key]V) []key {
	return slices.SortedFunc(maps.Keys(m), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.container, b.container), cmp.Compare(a.pod, b.pod))
	})
}

// An instant is a value and when it was read, in nanoseconds since 1970.
type instant struct {
	at    int64
	value float64
}

// A snapshot is one direct reading, by pod or container and metric.
type snapshot map[key]map[string]instant

func newSnapshot(d Direct) snapshot {
	if d == nil {
		return nil
	}
	s := make(snapshot, len(d.Entities))
	for i := range d.Samples {
		sample := &d.Samples[i]
		k, ok := keyOf(d.Entities[sample.Entity])
		if !ok || len(sample.Labels) > 0 {
			continue
		}
		if s[k] == nil {
			s[k] = make(map[string]instant, 8)
		}
		s[k][sample.Metric.Name] = instant{sample.At, sample.Value}
	}
	return s
}

func (s snapshot) get(k key, metric string) (instant, bool) {
	v, ok := s[k][metric]
	return v, ok
}

// alive says whether a process was in the cgroup, as far as the reading tells.
func (s snapshot) alive(k key) bool {
	processes, told := s.get(k, bench.ProcessCount.Name)
	return s[k] != nil && (!told || processes.value > 0)
}

// A history is what the direct readings say of each pod and container over the
// whole check, by time.
type history map[key]map[string][]instant

func (h history) add(s snapshot) {
	for k, values := range s {
		if h[k] == nil {
			h[k] = make(map[string][]instant, len(values))
		}
		for metric, v := range values {
			h[k][metric] = append(h[k][metric], v)
		}
	}
}

func (h history) sort() {
	for _, metrics := range h {
		for _, list := range metrics {
			slices.SortStableFunc(list, func(a, b instant) int { return cmp.Compare(a.at, b.at) })
		}
	}
}

// has says whether anything has the metric.
func (h history) has(metric string) bool {
	for _, metrics := range h {
		if len(metrics[metric]) > 0 {
			return true
		}
	}
	return false
}

// held returns between which instants a counter stood at the value, give or take
// tolerance, or up to step above it where it is only known in such steps. The
// counter was below the value at after and above it at before; an end that the
// list does not reach is 0.
func held(list []instant, value, step, tolerance float64) (after, before int64) {
	i := sort.Search(len(list), func(i int) bool { return list[i].value >= value-tolerance })
	if i > 0 {
		after = list[i-1].at
	}
	j := sort.Search(len(list), func(i int) bool { return list[i].value > value+step+tolerance })
	if j < len(list) {
		before = list[j].at
	}
	return after, before
}

// at interpolates a list linearly; false outside of it.
func at(list []instant, t int64) (float64, bool) {
	i := sort.Search(len(list), func(i int) bool { return list[i].at >= t })
	switch {
	case i == len(list):
		return 0, false
	case list[i].at == t:
		return list[i].value, true
	case i == 0:
		return 0, false
	}
	a, b := list[i-1], list[i]
	return a.value + (b.value-a.value)*float64(t-a.at)/float64(b.at-a.at), true
}

// when inverts at: the instant at which a counter that grows stood at value, by how
// much it grew between the two readings around that, and for how long it was seen to
// stand still there, give or take tolerance: at is then the first instant of many.
func when(list []instant, value, tolerance float64) (at int64, growth float64, still time.Duration, ok bool) {
	i := sort.Search(len(list), func(i int) bool { return list[i].value >= value })
	if i == 0 || i == len(list) {
		return 0, 0, 0, false
	}
	a, b := list[i-1], list[i] // a.value < value <= b.value
	growth = b.value - a.value
	at = a.at + int64(float64(b.at-a.at)*(value-a.value)/growth)
	if j := sort.Search(len(list), func(j int) bool { return list[j].value > value+tolerance }); j > i {
		still = time.Duration(list[j-1].at - at)
	}
	return at, growth, still, true
}

// extremes are the least and the greatest value from one instant to another, both
// included; false if there is none.
func extremes(list []instant, from, to int64) (lo, hi float64, ok bool) {
	for _, v := range list {
		if v.at < from || v.at > to {
			continue
		}
		if !ok {
			lo, hi, ok = v.value, v.value, true
		}
		lo, hi = min(lo, v.value), max(hi, v.value)
	}
	return lo, hi, ok
}
