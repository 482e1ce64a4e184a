package agreement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench"
)

// A reading is one value of a source, and what the direct readings right before
// and right after the call said of the same.
type reading struct {
	start, end int64 // of the call
	at         int64 // as the source claims, 0 if it claims nothing
	value      float64
	before     instant
	after      instant
	// bracketed is set where both direct readings have the value.
	bracketed bool
	index     int // of the observation among those of the source
}

// A track is the readings of one series over the check.
type track struct {
	key      key
	metric   *bench.Metric
	labels   string
	readings []reading
	// truth is the direct readings of the same, nil if there are none.
	truth []instant
	// parts are the labels of the values that the last reading is the sum of, most how
	// many a reading had at most; 0 where it was always one.
	parts []string
	most  int
	// ambiguous is set once an answer had the same series twice.
	ambiguous bool
	// settled is set once a finding explains what is odd about the track, so that
	// one cause has one name.
	settled bool
}

func (t *track) first() *reading { return &t.readings[0] }
func (t *track) last() *reading  { return &t.readings[len(t.readings)-1] }

// span is the time between the answers of the first and the last reading.
func (t *track) span() time.Duration { return time.Duration(t.last().end - t.first().end) }

// constant says whether all readings have the same value.
func (t *track) constant() bool {
	for i := range t.readings {
		if t.readings[i].value != t.readings[0].value {
			return false
		}
	}
	return true
}

// unstamped says whether no reading has a timestamp.
func (t *track) unstamped() bool {
	return !slices.ContainsFunc(t.readings, func(r reading) bool { return r.at != 0 })
}

// allZero says whether all readings are 0.
func (t *track) allZero() bool { return t.constant() && t.first().value == 0 }

// moved is by how much the direct readings grew for sure from the first reading to
// the last, and width how well that is known.
func (t *track) moved() (growth, width float64, ok bool) {
	a, b := t.first(), t.last()
	if !a.bracketed || !b.bracketed || len(t.readings) < 2 {
		return 0, 0, false
	}
	width = (a.after.value - a.before.value) + (b.after.value - b.before.value)
	middle := func(r *reading) float64 { return r.before.value + (r.after.value-r.before.value)/2 }
	return middle(b) - middle(a), width, true
}

// A subject is one source and all that was observed of it.
type subject struct {
	*check
	source *Source
	// knows are what it can know of, nil for everything.
	knows map[key]bool
	// calls are all its observations, answers those of them that did not fail.
	calls, answers []*observed
	tracks         []*track
	grains         map[grainKey]grain
	found          []hit
	judged         map[judgedKey]map[string]bool
	compared       []Comparison
	// anchor is the source that this one is held against besides, nil for none.
	anchor *subject
	fields []FieldState
}

// An observed call has its brackets at hand.
type observed struct {
	*Observation
	before, after snapshot
	// due are the pods and containers that ran all the time.
	due map[key]bool
}

func newSubject(c *check, source *Source) *subject {
	s := &subject{check: c, source: source, judged: make(map[judgedKey]map[string]bool), grains: make(map[grainKey]grain)}
	if source.Knows != nil {
		s.knows = running(source.Knows)
	}
	for _, o := range c.observed {
		if o.Source != source.Name {
			continue
		}
		s.calls = append(s.calls, o)
		if o.Err == nil {
			s.answers = append(s.answers, o)
		}
	}
	s.collect()
	return s
}

// collect sorts the values of all answers into tracks. Of a pod or container that
// an answer has twice, the first counts; of one that began or ended around the
// call, nothing: a runtime may rightly say 0 of what is just ending.
//
// What the cgroup files have as one number and the source in parts (CPU time by
// CPU) is added up, since the labels of parts are the source's own.
func (s *subject) collect() {
	type series struct {
		key            key
		metric, labels string
	}
	tracks := make(map[series]*track)
	for index, o := range s.answers {
		if o.Answer == nil {
			continue
		}
		firsts := firstEntities(o.Answer)
		for i := range o.Answer.Samples {
			sample := &o.Answer.Samples[i]
			k, ok := keyOf(o.Answer.Entities[sample.Entity])
			if !ok || firsts[k] != sample.Entity || !s.due(o, k) {
				continue
			}
			labels := strings.Join(sample.Labels, "\x00")
			truth := s.history[k][sample.Metric.Name]
			if !referenced(sample.Metric) {
				truth = nil
			}
			id := series{k, sample.Metric.Name, labels}
			if truth != nil {
				id.labels = ""
			}
			t := tracks[id]
			if t == nil {
				t = &track{key: k, metric: sample.Metric, labels: id.labels, truth: truth}
				tracks[id] = t
				s.tracks = append(s.tracks, t)
			}
			if n := len(t.readings); n > 0 && t.readings[n-1].index == index {
				s.more(t, labels, sample.Value)
				continue
			}
			t.parts = append(t.parts[:0], labels)
			t.readings = append(t.readings, s.reading(o, t, sample, index))
		}
	}
	slices.SortFunc(s.tracks, func(a, b *track) int {
		return cmp.Or(cmp.Compare(a.key.container, b.key.container), cmp.Compare(a.key.pod, b.key.pod),
			strings.Compare(a.metric.Name, b.metric.Name), strings.Compare(a.labels, b.labels))
	})
}

// reading is what a sample says, with the direct readings around it.
func (s *subject) reading(o *observed, t *track, sample *bench.Sample, index int) reading {
	r := reading{
		start: o.Start.UnixNano(), end: o.End.UnixNano(), at: sample.At, value: sample.Value, index: index,
	}
	if t.truth != nil {
		var okBefore, okAfter bool
		r.before, okBefore = o.before.get(t.key, t.metric.Name)
		r.after, okAfter = o.after.get(t.key, t.metric.Name)
		r.bracketed = okBefore && okAfter
	}
	return r
}

// more takes a further value of a track in the same answer: another part, or the
// same series again, which nobody can tell apart.
func (s *subject) more(t *track, labels string, value float64) {
	if slices.Contains(t.parts, labels) && !t.ambiguous {
		t.ambiguous = true
		s.judge(Ambiguous, t.key.level(), t.key.id())
		s.found = append(s.found, hit{
			kind: Ambiguous, severity: Defect, level: t.key.level(), metric: t.metric.Name, id: t.key.id(),
			evidence: fmt.Sprintf("%s of %s %s has more than one value with the same labels in one answer", t.metric.Name, t.key.level(), short(t.key.id())),
		})
	}
	if t.truth == nil {
		t.settled = true // which of them goes on is not known
		return
	}
	t.parts = append(t.parts, labels)
	t.most = max(t.most, len(t.parts))
	t.last().value += value
}

// referenced says whether the cgroup files say the same thing as sources mean by
// the metric, see QUANTITIES.md: pids.current counts threads where sources count
// processes.
func referenced(m *bench.Metric) bool { return m.Name != bench.ProcessCount.Name }

// firstEntities returns the index of the first entity of each pod and container.
func firstEntities(b *bench.Batch) map[key]int32 {
	firsts := make(map[key]int32, len(b.Entities))
	for i := range b.Entities {
		k, ok := keyOf(b.Entities[i])
		if _, seen := firsts[k]; ok && !seen {
			firsts[k] = int32(i)
		}
	}
	return firsts
}

// of returns the tracks of a metric at a level that have no finding yet.
func (s *subject) of(metric *bench.Metric, level Level) []*track {
	var out []*track
	for _, t := range s.tracks {
		if t.metric.Name == metric.Name && t.key.level() == level && !t.settled {
			out = append(out, t)
		}
	}
	return out
}

// A hit is one thing wrong at one place. Hits of a kind make a finding.
type hit struct {
	kind     Kind
	severity Severity
	level    Level
	metric   string // empty where it is about no quantity
	id       string
	// weight says how bad it is; the worst speaks for all.
	weight   float64
	evidence string
}

type judgedKey struct {
	kind  Kind
	level Level
}

// judge counts a pod or container that a rule looked at.
func (s *subject) judge(kind Kind, level Level, id string) {
	k := judgedKey{kind, level}
	if s.judged[k] == nil {
		s.judged[k] = make(map[string]bool)
	}
	s.judged[k][id] = true
}

// hit keeps a hit of a track and settles it.
func (s *subject) hit(t *track, kind Kind, weight float64, evidence string) {
	t.settled = true
	s.judge(kind, t.key.level(), t.key.id())
	s.found = append(s.found, hit{kind, Defect, t.key.level(), t.metric.Name, t.key.id(), weight, evidence})
}

// saw says whether there is a finding of the kind about the level.
func (s *subject) saw(level Level, kinds ...Kind) bool {
	return slices.ContainsFunc(s.found, func(h hit) bool { return h.level == level && slices.Contains(kinds, h.kind) })
}

// findings groups the hits, in the order in which they were found.
func (s *subject) findings() []Finding {
	type group struct {
		judgedKey
		severity Severity
	}
	var order []group
	groups := make(map[group][]hit)
	for _, h := range s.found {
		g := group{judgedKey{h.kind, h.level}, h.severity}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], h)
	}
	var out []Finding
	for _, g := range order {
		f := Finding{Source: s.source.Name, Kind: g.kind, Severity: g.severity, Level: g.level, Judged: len(s.judged[g.judgedKey])}
		worst := slices.MaxFunc(groups[g], func(a, b hit) int { return cmp.Compare(a.weight, b.weight) })
		f.Evidence = worst.evidence
		for _, h := range groups[g] {
			f.Quantities = appendNew(f.Quantities, h.metric)
			f.Subjects = appendNew(f.Subjects, h.id)
		}
		slices.Sort(f.Quantities)
		slices.Sort(f.Subjects)
		out = append(out, f)
	}
	return out
}

// appendNew appends what is neither empty nor there.
func appendNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
