package agreement

import (
	"fmt"
	"slices"
	"time"
)

// grace is how long a listing may be behind what happened. containerd calls a
// container running until it has heard of its end and has removed what is left of
// it, which takes seconds on a busy machine. Only what still runs this long after
// an answer, or at the end of the check, was due in it.
const grace = 10 * time.Second

// A check is an input with what all sources' rules need of it.
type check struct {
	*Input
	observed []*observed
	history  history
	// known has all that was ever listed, created when each began, hostNetwork the
	// pods without a network of their own.
	known       map[key]bool
	created     map[key]int64
	hostNetwork map[string]bool
	// parts are the containers of a pod as the direct readings have them.
	parts map[string][]key
}

// Check applies all rules to what was observed. It is a pure function.
func Check(in *Input) (*Report, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	c := newCheck(in)
	r := &Report{Referenced: len(c.history) > 0, Unsupported: in.Unsupported}
	subjects := make([]*subject, len(in.Sources))
	for i := range in.Sources {
		subjects[i] = newSubject(c, &in.Sources[i])
	}
	against := anchor(subjects)
	for _, s := range subjects {
		s.anchor = against
		for _, rule := range rules {
			rule(s)
		}
		r.Sources = append(r.Sources, s.report())
		r.Findings = append(r.Findings, s.findings()...)
	}
	return r, nil
}

// rules are applied in this order: one that comes first may settle a track, so
// that a cause is not found again by its effects.
var rules = []func(*subject){
	(*subject).checkCalls,
	(*subject).checkPopulation,
	(*subject).checkIdentities,
	(*subject).checkZeros,
	(*subject).checkBackwards,
	(*subject).checkUnits,
	(*subject).checkParts,
	(*subject).checkAbove,
	(*subject).checkFrozen,
	(*subject).checkTimestamps,
	(*subject).checkAge,
	(*subject).checkGauges,
	(*subject).checkRates,
	(*subject).checkLayers,
	(*subject).checkResolution,
	(*subject).checkSkew,
	(*subject).checkSteps,
	(*subject).checkBursts,
	(*subject).checkFields,
	(*subject).checkAgreement,
	(*subject).checkJudged,
}

// validate refuses input that the rules would misread.
func (in *Input) validate() error {
	for i := range in.Sources {
		if in.Sources[i].Form == nil {
			return fmt.Errorf("check %s: no form is given", in.Sources[i].Name)
		}
	}
	for i := range in.Observations {
		o := &in.Observations[i]
		switch {
		case !slices.ContainsFunc(in.Sources, func(s Source) bool { return s.Name == o.Source }):
			return fmt.Errorf("check: observation %d is of %q, which is no source of the check", i, o.Source)
		case o.ListedBefore == nil || o.ListedAfter == nil:
			return fmt.Errorf("check %s: observation %d has no listings", o.Source, i)
		case o.End.Before(o.Start):
			return fmt.Errorf("check %s: observation %d ends before it starts", o.Source, i)
		case o.Err == nil && o.Answer == nil:
			return fmt.Errorf("check %s: observation %d has neither an answer nor an error", o.Source, i)
		}
	}
	return nil
}

func newCheck(in *Input) *check {
	c := &check{
		Input: in, history: make(history), known: make(map[key]bool), created: make(map[key]int64),
		hostNetwork: make(map[string]bool), parts: make(map[string][]key),
	}
	for _, l := range in.Listings {
		c.learn(l)
	}
	for _, d := range in.Directs {
		c.history.add(newSnapshot(d))
	}
	for i := range in.Observations {
		o := &observed{Observation: &in.Observations[i]}
		c.learn(o.ListedBefore)
		c.learn(o.ListedAfter)
		o.before, o.after = newSnapshot(o.DirectBefore), newSnapshot(o.DirectAfter)
		c.history.add(o.before)
		c.history.add(o.after)
		c.learnParts(o.DirectBefore)
		o.due = running(o.ListedBefore)
		intersect(o.due, running(o.ListedAfter))
		if later := c.listedAfter(o.End.Add(grace)); later != nil {
			intersect(o.due, running(later))
		}
		for k := range o.due {
			if o.before[k] != nil && !o.after.alive(k) || o.after[k] != nil && !o.before.alive(k) {
				delete(o.due, k)
			}
		}
		c.observed = append(c.observed, o)
	}
	c.history.sort()
	return c
}

func (c *check) learn(l *Listing) {
	for _, pod := range l.Pods {
		k := key{pod: pod.ID}
		c.known[k] = true
		if pod.HostNetwork {
			c.hostNetwork[pod.ID] = true
		}
		for _, container := range pod.Containers {
			ck := key{container: container.ID}
			c.known[ck] = true
			c.created[ck] = container.Created.UnixNano()
			if t, ok := c.created[k]; !ok || c.created[ck] < t {
				c.created[k] = c.created[ck]
			}
		}
	}
}

func (c *check) learnParts(d Direct) {
	if d == nil {
		return
	}
	for _, e := range d.Entities {
		if k := (key{container: e.Container}); e.Container != "" && !slices.Contains(c.parts[e.Pod], k) {
			c.parts[e.Pod] = append(c.parts[e.Pod], k)
		}
	}
}

// listedAfter is the first listing from the instant on, the last of all if none is
// so late, nil without any.
func (c *check) listedAfter(t time.Time) *Listing {
	for _, l := range c.Listings {
		if !l.At.Before(t) {
			return l
		}
	}
	if len(c.Listings) == 0 {
		return nil
	}
	return c.Listings[len(c.Listings)-1]
}

// running returns the pods and containers that run.
func running(l *Listing) map[key]bool {
	out := make(map[key]bool)
	for _, pod := range l.Pods {
		if !pod.Ready {
			continue
		}
		out[key{pod: pod.ID}] = true
		for _, container := range pod.Containers {
			if container.Running {
				out[key{container: container.ID}] = true
			}
		}
	}
	return out
}

func intersect(set, with map[key]bool) {
	for k := range set {
		if !with[k] {
			delete(set, k)
		}
	}
}

// due says whether the answer should have had the pod or container.
func (s *subject) due(o *observed, k key) bool {
	return o.due[k] && (s.knows == nil || s.knows[k])
}
