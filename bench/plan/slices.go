package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"cri-stats-bench/bench"
)

// Slices say that arms take turns in slices: trials of a few calls, one arm after
// the other, cycle after cycle, while the agents of all of them live. The slices
// of a round are its block. Noise of a node lives on the scale of seconds, so
// many short turns tell arms apart in a fraction of the time that a few long
// windows need.
//
// An arm can be sliced if it does nothing between its calls: what an arm with a
// clock of its own does would fall into the slices of the others. Nor can one
// whose calls leave something behind: containerd lets ListPodSandboxMetrics use
// up an allowance, which fills again during the slices of the others. Such arms
// have trials of their own alone, and so has an arm of which the file says
// "slice: false".
type Slices struct {
	// Calls are those of one slice, Cycles the turns of each arm in one block.
	// Without Cycles the plan has no slices.
	Calls  int
	Cycles int
	// Interval between two calls of a slice; 0 means that each arm keeps its own.
	// An arm that sleeps between calls costs per call, so slices may be faster than
	// the cadence that trials of their own show.
	Interval time.Duration
	// OwnTrials says which sliced arms have trials of their own as well.
	OwnTrials OwnTrials
	// Arms are the names of the sliced arms, in the order of the plan's. In a file
	// each arm says so itself: "slice: true".
	Arms []string
}

// OwnTrials says which of the sliced arms have one trial of their own in each
// round, beside the block.
type OwnTrials string

// The choices.
const (
	// OwnAll gives one to each sliced arm. Memory can be told apart there only: in
	// a block agents of all arms live, and the runtime has served all of them.
	OwnAll OwnTrials = "all"
	// OwnIdle gives one to the idle arm only. A ratio between an arm that is sliced
	// and one that is not goes over the idle arm, which has both. Nothing is then
	// known of the memory of the other sliced arms.
	OwnIdle OwnTrials = "idle"
)

// longestSlice keeps slices short against the drift of a node.
const longestSlice = time.Hour

// SlicedArms returns the arms that take turns in slices, with the times that they
// have there: a window of the slice's calls, and a warm-up of as many calls as in
// a trial of their own. The warm-up is for the first cycle only.
func (p *Plan) SlicedArms() []bench.Arm {
	var arms []bench.Arm
	for _, a := range p.Arms {
		if slices.Contains(p.Slices.Arms, a.Name) {
			arms = append(arms, p.Slices.times(a))
		}
	}
	return arms
}

// OwnTrialArms returns the arms that have a trial of their own in each round.
func (p *Plan) OwnTrialArms() []bench.Arm {
	var arms []bench.Arm
	for _, a := range p.Arms {
		if p.Slices.OwnTrials != OwnIdle || a.Name == p.Idle || !slices.Contains(p.Slices.Arms, a.Name) {
			arms = append(arms, a)
		}
	}
	return arms
}

// times gives an arm the times of a slice.
func (s Slices) times(a bench.Arm) bench.Arm {
	interval := cmp.Or(s.Interval, a.Interval)
	a.WarmUp = a.WarmUp / a.Interval * interval
	a.Window = time.Duration(s.Calls) * interval
	a.Interval = interval
	return a
}

// slices reads {calls: 2, cycles: 10}. Two calls are the shortest slice with a
// call that comes one interval after another.
func (r *reader) slices(dst *Slices) read {
	return func(n ast.Node, path string) {
		*dst = Slices{Calls: 2, Cycles: 10, OwnTrials: OwnAll}
		r.mapping(n, path, []field{
			{"calls", r.number(&dst.Calls, 1, 1000)},
			{"cycles", r.number(&dst.Cycles, 2, 1000)},
			{"interval", r.duration(&dst.Interval, time.Millisecond)},
			{"own_trials", choice(r, &dst.OwnTrials, "own_trials", []OwnTrials{OwnAll, OwnIdle})},
		})
	}
}

// resolveSlices finds the arms that are sliced, and contradictions.
func (r *reader) resolveSlices(p *Plan, given []givenArm, names Names) {
	if !r.has("slices") {
		for _, g := range given {
			if g.slice {
				r.errorf(r.where(g.path+".slice"), "arm %q: slice: true, but the plan has no slices", g.arm.Name)
			}
		}
		return
	}
	if p.Mode == Parallel {
		r.errorf(r.where("slices"), "mode parallel runs all collectors at once: there are no turns to be taken in slices")
		p.Slices = Slices{}
		return
	}
	for i, g := range given {
		bad := slices.IndexFunc(g.arm.Collectors, func(c string) bool { return names.unsliceable(c) != "" })
		switch explicit := r.has(g.path + ".slice"); {
		case explicit && g.slice && bad >= 0:
			c := g.arm.Collectors[bad]
			r.errorf(r.where(g.path+".slice"), "arm %q cannot be sliced: %s %s", g.arm.Name, c, names.unsliceable(c))
		case explicit && g.slice || !explicit && bad < 0:
			p.Slices.Arms = append(p.Slices.Arms, g.arm.Name)
			r.sliceTimes(p.Slices, p.Arms[i], g.path)
		}
	}
	r.joinable(p)
}

// sliceTimes looks for times that make no slice.
func (r *reader) sliceTimes(s Slices, a bench.Arm, path string) {
	if a.Interval <= 0 {
		return // said already
	}
	if window := s.times(a).Window; window > longestSlice {
		r.errorf(r.where("slices.interval", path+".interval", "slices.calls", "slices"), "a slice of arm %q takes %v (%d calls), must be at most %v",
			a.Name, window, s.Calls, longestSlice)
	}
	// As float64, since it may be longer than a Duration holds.
	calls := a.WarmUp / a.Interval
	if interval := cmp.Or(s.Interval, a.Interval); calls.Seconds()*float64(interval) > longest.Seconds() {
		r.errorf(r.where("slices.interval", "slices"), "arm %q has a warm-up of %d calls: with slices.interval %v it takes more than %v", a.Name, calls, interval, longest)
	}
}

// joinable tells whether there is something to compare: two arms in a block, and
// the idle arm between the block and the other trials.
func (r *reader) joinable(p *Plan) {
	s := p.Slices
	if len(s.Arms) < 2 {
		r.errorf(r.where("slices"), "only %d of %d arms can be sliced (%s): slices need two to take turns", len(s.Arms), len(p.Arms), cmp.Or(strings.Join(s.Arms, ", "), "none"))
	}
	if s.OwnTrials != OwnIdle || slices.Contains(s.Arms, p.Idle) {
		return
	}
	if p.Idle == "" {
		r.errorf(r.where("slices.own_trials"), "slices.own_trials idle: the plan has no idle arm")
		return
	}
	r.errorf(r.where("slices.own_trials"), "slices.own_trials idle: the idle arm %q is not sliced, so sliced and other arms cannot be compared", p.Idle)
}
