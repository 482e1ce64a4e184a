package agreement

import (
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A Report is what a check found.
type Report struct {
	// Referenced is set where cgroup files could be read: without them values cannot
	// be held against anything.
	Referenced bool           `json:"referenced"`
	Sources    []SourceReport `json:"sources"`
	Findings   []Finding      `json:"findings"`
	// Unsupported are sources that were to be checked and are not here.
	Unsupported []Unsupported `json:"unsupported,omitempty"`
}

// Defects counts the findings that make numbers unusable.
func (r *Report) Defects() int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == Defect {
			n++
		}
	}
	return n
}

// Of returns the findings about a source.
func (r *Report) Of(source string) []Finding {
	var out []Finding
	for _, f := range r.Findings {
		if f.Source == source {
			out = append(out, f)
		}
	}
	return out
}

// A SourceReport has the figures of one source. Times are in seconds; a figure
// that was not measured is absent.
type SourceReport struct {
	Name     string `json:"name"`
	Form     string `json:"form"`
	OwnClock bool   `json:"own_clock,omitempty"`
	Calls    int    `json:"calls"`
	Failed   int    `json:"failed"`
	// Service is the time that calls took which did not fail.
	Service *Spread `json:"service_seconds,omitempty"`
	// Pods and Containers are in the answers, on average, Due what ran.
	Pods          float64 `json:"pods"`
	PodsDue       float64 `json:"pods_due"`
	Containers    float64 `json:"containers"`
	ContainersDue float64 `json:"containers_due"`
	// Age is that of CPU time, by the kernel's counter, Claimed by the source's
	// timestamps. Clocks is how many containers it was read from. Where steps are too
	// coarse to read an age from them, and bounds found the timestamps honest, Age is
	// what is claimed, and Stamped is set.
	Age     *Spread `json:"age_seconds,omitempty"`
	Clocks  int     `json:"clocks"`
	Stamped bool    `json:"age_by_timestamps,omitempty"`
	Claimed *Spread `json:"claimed_age_seconds,omitempty"`
	// Fresh is the share of a container's CPU times that were renewed since the call
	// before, at the source's interval; nil where it cannot be told.
	Fresh *Share `json:"fresh,omitempty"`
	// Skew is how far timestamps in one answer lie apart.
	Skew *Spread `json:"skew_seconds,omitempty"`
	// Step is what CPU time comes in multiples of, 0 where finer than a millisecond.
	Step float64 `json:"cpu_step_seconds"`
	// Distinct is how many different values that rests on.
	Distinct int `json:"cpu_distinct"`
	// Detection is when a step of memory was seen.
	Detection *Spread      `json:"memory_step_seconds,omitempty"`
	Fields    []FieldState `json:"fields,omitempty"`
	// Beyond counts names in answers that the form does not have.
	Beyond     int          `json:"names_beyond,omitempty"`
	Agreement  []Comparison `json:"agreement,omitempty"`
	Unreliable bool         `json:"unreliable,omitempty"` // it has a defect
}

// A Spread is a median, a 95th percentile and a greatest value.
type Spread struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
}

// A Share is a part of what was counted.
type Share struct {
	Of    int     `json:"of"`
	Value float64 `json:"value"`
}

// spread describes durations, nil if there are none.
func spread(d []time.Duration) *Spread {
	if len(d) == 0 {
		return nil
	}
	x := make([]float64, len(d))
	for i := range d {
		x[i] = d[i].Seconds()
	}
	p50, err := stat.Quantile(x, 0.5)
	if err != nil {
		return nil
	}
	p95, err := stat.Quantile(x, 0.95)
	if err != nil {
		return nil
	}
	return &Spread{N: len(x), P50: p50, P95: p95, Max: slices.Max(x)}
}

// report lays the figures out.
func (s *subject) report() SourceReport {
	r := SourceReport{
		Name: s.source.Name, Form: s.source.Form.Name, OwnClock: s.source.OwnClock,
		Calls: len(s.calls), Failed: len(s.calls) - len(s.answers), Agreement: s.compared,
	}
	var service []time.Duration
	for _, o := range s.answers {
		service = append(service, o.End.Sub(o.Start))
		r.Pods += float64(o.Answer.Pods())
		r.Containers += float64(o.Answer.Containers())
		for k := range o.due {
			switch {
			case !s.due(o, k) || k.level() == Pods && !s.source.Form.Pods:
			case k.level() == Pods:
				r.PodsDue++
			default:
				r.ContainersDue++
			}
		}
	}
	if n := float64(len(s.answers)); n > 0 {
		r.Pods, r.PodsDue, r.Containers, r.ContainersDue = r.Pods/n, r.PodsDue/n, r.Containers/n, r.ContainersDue/n
		r.Fields, r.Beyond = s.fields, s.beyond()
		r.Skew = spread(s.skews())
	}
	r.Service = spread(service)
	g := s.grain(cpu, Containers)
	r.Step, r.Distinct = g.step, g.distinct
	s.ages(&r)
	r.Fresh = s.fresh()
	var detections []time.Duration
	for _, step := range s.Steps {
		if d, ok := s.detection(step); ok {
			detections = append(detections, d.seen)
		}
	}
	r.Detection = spread(detections)
	r.Unreliable = slices.ContainsFunc(s.found, func(h hit) bool { return h.severity == Defect })
	return r
}

// ages reads ages from all CPU counters that moved around the call.
func (s *subject) ages(r *SourceReport) {
	step := s.step(cpu, Containers)
	var ages, claimed []time.Duration
	for _, t := range s.tracks {
		if t.metric.Name != bench.CPUUsage.Name || t.key.level() != Containers {
			continue
		}
		for i := range t.readings {
			if at := t.readings[i].at; at != 0 {
				claimed = append(claimed, time.Duration(t.readings[i].end-at))
			}
		}
		read := false
		for i := range t.readings {
			if a := s.ageOf(t, &t.readings[i], step); a.estimated {
				ages, read = append(ages, a.estimate), true
			}
		}
		if read {
			r.Clocks++
		}
	}
	r.Age, r.Claimed = spread(ages), spread(claimed)
	if held := len(s.judged[judgedKey{Dishonest, Containers}]); r.Age == nil && held > 0 && !s.saw(Containers, Dishonest) {
		r.Age, r.Clocks, r.Stamped = r.Claimed, held, r.Claimed != nil
	}
}
