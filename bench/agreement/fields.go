package agreement

import (
	"fmt"
	"strings"
	"time"

	"cri-stats-bench/bench"
)

// A State is how a field was found.
type State string

// The states.
const (
	StatePresent       State = "present"        // with a value, at least once not 0
	StateZero          State = "zero"           // always there and always 0
	StatePartly        State = "partly"         // some pods or containers have it, others do not
	StateAbsent        State = "absent"         // nobody has it
	StateNotApplicable State = "not applicable" // absent, and it would mean nothing here
	StateUnknown       State = "unknown"        // there was nobody to have it
)

// A FieldState says how one field of the form was found.
type FieldState struct {
	Metric string `json:"metric"`
	Path   string `json:"path,omitempty"`
	Level  Level  `json:"level"`
	State  State  `json:"state"`
	// Of counts pods or containers, once per answer, With those that had the field.
	Of   int `json:"of"`
	With int `json:"with"`
	// Why says why a field is not applicable.
	Why string `json:"why,omitempty"`
	// How is what it is held against, or why it is not: "not checked: ...".
	How string `json:"how,omitempty"`
}

// fieldsAfter is how old a container must be for a field to be missed: some take two
// readings of the source's own.
const fieldsAfter = 5 * time.Second

// tally counts who has a metric.
type tally struct{ with, nonzero int }

// findFields finds the states of all fields of the form.
func (s *subject) findFields() []FieldState {
	of, own := s.bearers()
	with := s.tallies()
	var out []FieldState
	for _, f := range s.source.Form.Fields {
		state := FieldState{Metric: f.Metric, Path: f.Path, Level: f.Level, Of: of[f.Level], How: How(f.Metric)}
		if f.Needs == NeedsNetwork {
			state.Of = own
		}
		n := with[f.Level][f.Metric]
		state.With = min(n.with, state.Of)
		unmet := s.unmet(f.Needs)
		switch {
		case unmet && n.nonzero == 0:
			state.State, state.Why = StateNotApplicable, "needs "+string(f.Needs)
		case state.Of == 0:
			state.State = StateUnknown
		case n.with == 0:
			state.State = StateAbsent
		case n.with < state.Of:
			state.State = StatePartly
		case n.nonzero == 0:
			state.State = StateZero
		default:
			state.State = StatePresent
		}
		out = append(out, state)
	}
	return out
}

// bearers counts the pods and containers in answers that could have fields, and
// the pods among them with a network of their own.
func (s *subject) bearers() (of map[Level]int, ownNetwork int) {
	of = make(map[Level]int)
	for _, o := range s.answers {
		for k := range firstEntities(o.Answer) {
			if !s.ripe(o, k) {
				continue
			}
			of[k.level()]++
			if k.level() == Pods && !s.hostNetwork[k.pod] {
				ownNetwork++
			}
		}
	}
	return of, ownNetwork
}

// ripe says whether a pod or container has run long enough, and all the time.
func (s *subject) ripe(o *observed, k key) bool {
	return s.due(o, k) && o.Start.UnixNano()-s.created[k] >= int64(fieldsAfter)
}

// tallies counts, once per answer, the pods and containers that have a metric.
// Tracks are sorted, so that those of one metric, with their labels, are together.
func (s *subject) tallies() map[Level]map[string]tally {
	out := map[Level]map[string]tally{Pods: make(map[string]tally), Containers: make(map[string]tally)}
	var last *track
	var counted []bool // by answer
	for _, t := range s.tracks {
		if strings.HasPrefix(t.metric.Name, "container_network_") && s.hostNetwork[t.key.pod] {
			continue
		}
		if last == nil || last.key != t.key || last.metric.Name != t.metric.Name {
			counted = make([]bool, len(s.answers))
		}
		last = t
		n := out[t.key.level()][t.metric.Name]
		for i := range t.readings {
			r := &t.readings[i]
			if !s.ripe(s.answers[r.index], t.key) {
				continue
			}
			if !counted[r.index] {
				counted[r.index] = true
				n.with++
			}
			if r.value != 0 {
				n.nonzero++
			}
		}
		out[t.key.level()][t.metric.Name] = n
	}
	return out
}

// watched is the time from the first answer to the last.
func (s *subject) watched() time.Duration {
	return s.answers[len(s.answers)-1].End.Sub(s.answers[0].Start)
}

// unmet says whether what a field needs is not here, as far as that is known.
func (s *subject) unmet(need Need) bool {
	switch need {
	case NeedsPressure:
		return !s.Node.Pressure
	case NeedsHugeTLB:
		return !s.Node.HugeTLB
	case NeedsSwap:
		return !s.history.has(bench.SwapUsage.Name)
	case NeedsNetwork:
		return len(s.hostNetwork) > 0 && len(s.hostNetwork) == s.knownPods()
	case NeedsLimit, NeedsDisk:
		return true // there is no telling from outside: absent and 0 are both right
	}
	return false
}

func (s *subject) knownPods() int {
	n := 0
	for k := range s.known {
		if k.level() == Pods {
			n++
		}
	}
	return n
}

// beyond counts names that are served and not in the form.
func (s *subject) beyond() int {
	in := make(map[string]bool)
	for _, f := range s.source.Form.Fields {
		in[f.Metric] = true
	}
	names := make(map[string]bool)
	for _, t := range s.tracks {
		if !in[t.metric.Name] {
			names[t.metric.Name] = true
		}
	}
	return len(names)
}

// checkFields finds fields that are never there, or not for all.
func (s *subject) checkFields() {
	if len(s.answers) == 0 {
		return
	}
	s.fields = s.findFields()
	total := make(map[Level]int)
	for _, f := range s.fields {
		total[f.Level]++
	}
	for i, f := range s.fields {
		required := s.source.Form.Fields[i].Required
		h := hit{severity: Limit, level: f.Level, metric: f.Metric, weight: float64(f.Of - f.With)}
		if required {
			h.severity = Defect
		}
		if s.source.OwnClock && !required && s.watched() < 2*s.source.maxAge() {
			continue // some fields take two of its readings
		}
		switch f.State {
		case StateAbsent:
			h.kind = Absent
			h.evidence = fmt.Sprintf("never there, of %d that %s has about %ss", total[f.Level], s.source.Form.Answers, f.Level)
		case StatePartly:
			h.kind = Partly
			h.evidence = fmt.Sprintf("%s is there in %d of %d cases", f.Metric, f.With, f.Of)
		default:
			continue
		}
		s.found = append(s.found, h)
	}
}
