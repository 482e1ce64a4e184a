package agreement_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// A scene is a made-up node: pods of one container each whose counters grow
// steadily, and a source that reads them.
type scene struct {
	source   agreement.Source
	pods     int
	calls    int
	interval time.Duration
	// service is the time that a call takes; values are read in its middle.
	service time.Duration
	// rate is the CPU use of container i, in CPUs.
	rate func(i int) float64
	// see says what the source shows of a value; nil shows what is there.
	see func(o int, s *sample) bool
	// unread leaves the pod out of the direct readings.
	unread func(pod int) bool
	// change changes the input before it is checked.
	change func(in *agreement.Input)
}

// A sample is what the source is about to show. See may change it, or leave it out
// by returning false.
type sample struct {
	pod, container string
	metric         *bench.Metric
	value          float64
	at             time.Time
	now            time.Time
	// then computes the true value at another instant.
	then func(t time.Time) float64
}

var began = time.Unix(1_790_000_000, 0)

// pause is the CPU time of each pod's pause container.
const pauseSeconds = 0.05

func (s *scene) fill() {
	if s.source.Name == "" {
		s.source.Name = "source"
	}
	if s.source.Form == nil {
		s.source.Form = agreement.PodSandboxStats
	}
	if s.pods == 0 {
		s.pods = 5
	}
	if s.calls == 0 {
		s.calls = 16
	}
	if s.interval == 0 {
		s.interval = time.Second
	}
	if s.service == 0 {
		s.service = 10 * time.Millisecond
	}
	if s.rate == nil {
		s.rate = func(i int) float64 { return 0.05 * float64(i+1) }
	}
}

func podID(i int) string       { return fmt.Sprintf("pod%d", i) }
func containerID(i int) string { return fmt.Sprintf("container%d", i) }

// truths are the true values of container i, or its pod, at an instant.
func (s *scene) truths(i int, pod bool) map[*bench.Metric]func(time.Time) float64 {
	memory := float64(int(20<<20) * (i + 1))
	cpu := func(t time.Time) float64 {
		used := 100.123456789*float64(i+1) + s.rate(i)*t.Sub(began).Seconds()
		if pod {
			used += pauseSeconds
		}
		return used
	}
	constant := func(v float64) func(time.Time) float64 { return func(time.Time) float64 { return v } }
	return map[*bench.Metric]func(time.Time) float64{
		bench.CPUUsage:         cpu,
		bench.MemoryWorkingSet: constant(memory),
		bench.MemoryUsage:      constant(memory * 1.1),
		bench.MemoryRSS:        constant(memory * 0.9),
		bench.ProcessCount:     constant(3),
		bench.PageFaults:       func(t time.Time) float64 { return float64(int(1000 + 100*cpu(t))) },
	}
}

// read reads everything at an instant. As a direct reading it is exact.
func (s *scene) read(t time.Time, observation int, direct bool) *bench.Batch {
	b := new(bench.Batch)
	for i := range s.pods {
		for _, pod := range []bool{true, false} {
			if direct && s.unread != nil && s.unread(i) || !direct && pod && !s.source.Form.Pods {
				continue
			}
			entity := bench.Entity{Pod: podID(i)}
			if !pod {
				entity.Container = containerID(i)
			}
			e := b.Entity(entity)
			truths := s.truths(i, pod)
			for _, m := range []*bench.Metric{bench.CPUUsage, bench.MemoryWorkingSet, bench.MemoryUsage, bench.MemoryRSS, bench.PageFaults, bench.ProcessCount} {
				shown := sample{entity.Pod, entity.Container, m, truths[m](t), t, t, truths[m]}
				if !direct && s.see != nil && !s.see(observation, &shown) {
					continue
				}
				b.Add(m, e, shown.value, shown.at.UnixNano())
			}
		}
	}
	return b
}

func (s *scene) listing(t time.Time) *agreement.Listing {
	l := &agreement.Listing{At: t}
	for i := range s.pods {
		l.Pods = append(l.Pods, agreement.Pod{ID: podID(i), Ready: true, Containers: []agreement.Container{
			{ID: containerID(i), Running: true, Created: began.Add(-time.Hour)},
		}})
	}
	return l
}

// input makes all observations.
func (s *scene) input() *agreement.Input {
	s.fill()
	in := &agreement.Input{Sources: []agreement.Source{s.source}}
	for i := range s.calls {
		t := began.Add(time.Duration(i) * s.interval)
		start, end := t.Add(2*time.Millisecond), t.Add(2*time.Millisecond+s.service)
		o := agreement.Observation{
			Source: s.source.Name, ListedBefore: s.listing(t), DirectBefore: s.read(t.Add(time.Millisecond), i, true),
			Start: start, End: end, Answer: s.read(start.Add(s.service/2), i, false),
			DirectAfter: s.read(end.Add(time.Millisecond), i, true), ListedAfter: s.listing(end.Add(2 * time.Millisecond)),
		}
		in.Observations = append(in.Observations, o)
		in.Listings = append(in.Listings, o.ListedBefore, o.ListedAfter)
	}
	in.Listings = append(in.Listings, s.listing(in.Observations[s.calls-1].End.Add(2*time.Second)))
	if s.change != nil {
		s.change(in)
	}
	return in
}

// check checks the scene.
func (s *scene) check(t *testing.T) *agreement.Report {
	t.Helper()
	r, err := agreement.Check(s.input())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// kinds are the kinds of defects and limits of a report, without the fields that
// the scene leaves out.
func kinds(r *agreement.Report, severity agreement.Severity) []agreement.Kind {
	var out []agreement.Kind
	for _, f := range r.Findings {
		if f.Severity == severity && f.Kind != agreement.Absent && !slices.Contains(out, f.Kind) {
			out = append(out, f.Kind)
		}
	}
	return out
}
