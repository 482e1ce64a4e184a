package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cri-stats-bench/bench"
)

// warnings turns what usable trials warn of into notes of the row.
func (b *builder) warnings(g *group) {
	for _, t := range g.used {
		seen := make(map[string]bool)
		warn := func(kind NoteKind, text string) {
			if key := string(kind) + pattern(text); !seen[key] {
				seen[key] = true
				g.result.Notes = addID(g.result.Notes, b.notes.count(kind, text, g.place()))
			}
		}
		for _, text := range t.Warnings {
			warn(NoteTrial, text)
		}
		for _, a := range t.Agents {
			for _, text := range a.Warnings {
				warn(NoteAnswer, a.Collector+": "+text)
			}
		}
	}
	if len(g.collectors) > 1 && len(g.used) > 0 {
		note := b.notes.rule(NoteJoint, strings.Join(g.collectors, " and ")+" ran at once: one call means one of each, and the costs are joint")
		g.result.Notes = addID(g.result.Notes, note)
	}
}

// collector sums up the calls of one collector.
func (b *builder) collector(g *group, collector string) error {
	r := CollectorResult{Collector: collector}
	var windows []bench.Calls
	var seen incidents
	for _, t := range g.used {
		for i := range t.Agents {
			if a := &t.Agents[i]; a.Collector == collector {
				windows = append(windows, a.Calls)
				r.Calls += len(a.Calls)
				seen.add(t, a)
			}
		}
	}
	r.Failed, r.Missing, r.Partial, r.Late = seen.failed, seen.missing, seen.partial, seen.late
	failed := b.incidentNotes(g, r, &seen)

	var err error
	if r.Response, err = b.latency(windows, bench.Call.Response, failed); err != nil {
		return fmt.Errorf("response time: %w", err)
	}
	if r.Service, err = b.latency(windows, service, failed); err != nil {
		return fmt.Errorf("service time: %w", err)
	}
	mean := func(s Series) Estimate {
		var e Estimate
		if err == nil {
			e, err = b.mean(g, s)
		}
		return e
	}
	count := func(m Metric) Estimate { return b.count(g, Series{Metric: m, Collector: collector}) }
	r.FirstCall = mean(Series{Metric: FirstCall, Collector: collector})
	r.Bytes, r.Pods, r.Containers = count(AnswerBytes), count(AnswerPods), count(AnswerContainers)
	r.Samples, r.Expected = count(AnswerSamples), count(Expected)
	if s := (Series{CPUCores, bench.ComponentAgent, collector}); g.columns[s] != nil {
		r.CPU = mean(s)
	}
	if s := (Series{PSS, bench.ComponentAgent, collector}); g.columns[s] != nil {
		r.PSS = mean(s)
	}
	g.result.Collectors = append(g.result.Collectors, r)
	return err
}

// incidents are what went wrong with the calls of a collector.
type incidents struct {
	failed, missing, partial, late                         int
	trialsFailed, trialsMissing, trialsPartial, trialsLate int
	reasons                                                map[string]int // trials by the first reason
}

func (n *incidents) add(t *bench.Trial, a *bench.AgentReport) {
	n.missing += len(a.Missing)
	if len(a.Missing) > 0 {
		n.trialsMissing++
	}
	if failed := a.Calls.Failed(); failed > 0 {
		n.failed += failed
		n.trialsFailed++
		if n.reasons == nil {
			n.reasons = make(map[string]int)
		}
		n.reasons[a.Calls[slices.IndexFunc(a.Calls, func(c bench.Call) bool { return c.Err != "" })].Err]++
	}
	if partial := a.Calls.Partial(); partial > 0 {
		n.partial += partial
		n.trialsPartial++
	}
	late := 0
	for i := 1; i < len(a.Calls); i++ {
		// Of several clients each has its calls in a row.
		if previous := a.Calls[i-1]; previous.Due < a.Calls[i].Due && previous.Start+previous.Service > a.Calls[i].Due {
			late++
		}
	}
	if n.late += late; late > 0 {
		n.trialsLate++
	}
}

// incidentNotes adds notes about failed and late calls and missing containers to
// the row. It returns those about failed calls.
func (b *builder) incidentNotes(g *group, r CollectorResult, n *incidents) []int {
	at := func(trials int) Place { return g.placeOf(trials, len(g.used)) }
	add := func(kind NoteKind, trials int, format string, args ...any) []int {
		note := b.notes.at(kind, fmt.Sprintf(format, args...), at(trials))
		g.result.Notes = addID(g.result.Notes, note)
		return []int{note}
	}
	if n.missing > 0 {
		add(NoteMissing, n.trialsMissing, "%s: containers of ours are missing from last answers, %d in all", r.Collector, n.missing)
	}
	if n.partial > 0 {
		add(NotePartial, n.trialsPartial, "%s: %d of %d answers lack a container that ran all along while other pods were replaced", r.Collector, n.partial, r.Calls-r.Failed)
	}
	if n.late > 0 {
		add(NoteLate, n.trialsLate, "%s: %d of %d calls were due before the answer to the one before them had come", r.Collector, n.late, r.Calls)
	}
	if n.failed == 0 {
		return nil
	}
	reason := ""
	for _, text := range slices.Sorted(maps.Keys(n.reasons)) {
		if reason == "" || n.reasons[text] > n.reasons[reason] {
			reason = text
		}
	}
	return add(NoteFailedCalls, n.trialsFailed, "%s: %d of %d calls failed, most often: %s; they rank above every answer, and costs are those of the fewer answers",
		r.Collector, n.failed, r.Calls, reason)
}
