package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench"
)

// ownClockWindow is the shortest window in which a collector that works between
// calls is likely to have worked at all: cAdvisor's housekeeping at the
// kubelet's settings comes every 10 to 15 seconds, plus jitter.
const ownClockWindow = 15 * time.Second

// resolve fills in what depends on other values and looks for contradictions.
func (r *reader) resolve(p *Plan, given []givenArm, names Names) {
	r.axes(p)
	r.resolveRounds(&p.Rounds)
	if !r.has("arms") {
		r.errorf(r.at[""], "the plan has no arms")
	}
	for _, g := range given {
		p.Arms = append(p.Arms, r.resolveArm(p, g, names))
	}
	r.distinctArms(p.Arms)
	r.resolveTreatments(p, given, names)
	if p.Mode == Parallel {
		r.parallel(p, given)
	} else {
		r.references(p)
	}
	r.resolveLooks(p)
	r.resolveSums(p)
	r.resolveComparisons(p)
	r.resolveKubelet(p)
	r.resolveChurn(p)
	r.enoughTime(p)
}

func (r *reader) axes(p *Plan) {
	if !r.has("pods") {
		r.errorf(r.at[""], "the plan has no pods: name at least one density")
	}
	slices.Sort(p.Pods)
}

// resolveRounds fills in the bound that is missing. Ten rounds are the least
// that the exact signed-rank interval makes good use of.
func (r *reader) resolveRounds(x *Rounds) {
	const usual = 10
	switch {
	case x.Min == 0 && x.Max == 0:
		*x = Rounds{Min: usual, Max: usual}
	case x.Min == 0:
		x.Min = min(usual, x.Max)
	case x.Max == 0:
		x.Max = x.Min
	case x.Max < x.Min:
		r.errorf(r.where("rounds.max", "rounds"), "rounds.max %d is less than rounds.min %d", x.Max, x.Min)
	}
}

// usualChurn is how often a pod is replaced if the plan does not say: a busy node's.
const usualChurn = time.Second

// resolveChurn refuses a rate that nothing has, and pods that nobody here can replace.
func (r *reader) resolveChurn(p *Plan) {
	at := slices.Index(p.Profiles, bench.ProfileChurn)
	switch {
	case at < 0 && r.has("churn"):
		r.errorf(r.where("churn"), "churn: no cell has the profile %q", bench.ProfileChurn)
	case at >= 0 && p.Churn == 0:
		p.Churn = usualChurn
	}
	if p.Experiment != Kubelet && p.Kubelet == nil {
		return
	}
	for i, profile := range p.Profiles {
		switch profile {
		case bench.ProfileChurn, bench.ProfileExited, bench.ProfileNested, bench.ProfileNetworked, bench.ProfileImage:
			r.errorf(r.where(fmt.Sprintf("profiles[%d]", i), "profiles"), "profile %q: the kubelet makes the pods of this plan, and cannot be asked for such", profile)
		}
	}
}

// resolveLooks refuses looks that never come, and those in rounds that are shared between
// sweeps: what is known after some of them depends on the order of densities.
func (r *reader) resolveLooks(p *Plan) {
	at := r.where("rounds.every")
	switch {
	case p.Rounds.Every == 0:
	case p.Rounds.Min == p.Rounds.Max:
		r.errorf(at, "rounds.every %d: there is nothing to look at between rounds.min and rounds.max, both %d", p.Rounds.Every, p.Rounds.Max)
	case p.Sweep == UpDown:
		r.errorf(at, "rounds.every %d: a sweep %s has half of its rounds at the end, and cannot be looked at before", p.Rounds.Every, UpDown)
	case len(p.Comparisons) == 0:
		r.errorf(at, "rounds.every %d: the plan has no comparisons to be decided", p.Rounds.Every)
	}
}

// resolveComparisons refuses comparisons of arms that are not there, or of which one is
// looked at for longer: the same work shows another cost in windows of another length.
func (r *reader) resolveComparisons(p *Plan) {
	names := make([]string, len(p.Arms))
	for i, a := range p.Arms {
		names[i] = a.Name
	}
	compared := make(map[string]bool)
	for _, s := range p.Sums {
		names = append(names, s.Name)
		for _, a := range s.Arms {
			compared[a] = true
		}
	}
	for _, list := range []struct {
		key string
		all []Comparison
	}{{"comparisons", p.Comparisons}, {"also", p.Also}} {
		for i, c := range list.all {
			path := fmt.Sprintf("%s[%d]", list.key, i)
			known := true
			for _, of := range []struct{ key, name string }{{"of", c.Of}, {"to", c.To}} {
				if of.name != "" && !slices.Contains(names, of.name) {
					r.errorf(r.where(path+"."+of.key, path), "%s.%s %q is not among the arms%s", path, of.key, of.name, suggest(of.name, names))
					known = false
				}
			}
			window, warmUp, _ := p.Windows(c.Of)
			toWindow, toWarmUp, _ := p.Windows(c.To)
			switch {
			case !known || c.Of == "" || c.To == "":
			case c.Of == c.To:
				r.errorf(r.where(path), "%s compares arm %q with itself", path, c.Of)
			case window != toWindow || warmUp != toWarmUp:
				r.errorf(r.where(path), "%s: windows must be equal: %q has %v after %v, %q has %v after %v", path, c.Of, window, warmUp, c.To, toWindow, toWarmUp)
			}
			compared[c.Of], compared[c.To] = true, true
		}
	}
	r.uncompared(p, compared)
}

// uncompared warns of arms that have nothing to be compared with.
func (r *reader) uncompared(p *Plan, compared map[string]bool) {
	base := slices.IndexFunc(p.Arms, func(a bench.Arm) bool { return a.Name == p.Baseline })
	if base < 0 || p.Mode == Parallel {
		return
	}
	for i, a := range p.Arms {
		other := a.Window != p.Arms[base].Window || a.WarmUp != p.Arms[base].WarmUp
		if other && !compared[a.Name] && a.Name != p.Idle && !slices.Contains(a.Collectors, bench.IdleCollector) && !slices.Contains(a.Collectors, bench.ControlCollector) {
			r.warnf(r.where(fmt.Sprintf("arms[%d]", i)), "arm %q is compared with nothing: its windows are not those of the baseline %q, and no comparison names it", a.Name, p.Baseline)
		}
	}
}

// resolveArm gives the arm the plan's times where it has none of its own, and
// checks the outcome. A contradiction is told where the value stands that the
// arm, or else the plan, names.
func (r *reader) resolveArm(p *Plan, g givenArm, names Names) bench.Arm {
	a := g.arm
	whose := "" // the plan's own values contradict each other
	inherit := func(key string, dst *time.Duration, plan time.Duration) {
		if r.has(g.path + "." + key) {
			whose = fmt.Sprintf("arm %q: ", a.Name)
		} else {
			*dst = plan
		}
	}
	inherit("interval", &a.Interval, p.Interval)
	inherit("window", &a.Window, p.Window)
	inherit("warm_up", &a.WarmUp, p.WarmUp)
	at := func(keys ...string) []string {
		var paths []string
		for _, k := range keys {
			paths = append(paths, g.path+"."+k)
		}
		return append(paths, keys...)
	}

	switch {
	case a.Interval <= 0 || a.Window <= 0: // said already
	case a.Window < a.Interval:
		r.errorf(r.where(at("window", "interval")...), "%swindow %v is shorter than interval %v: no call would fit", whose, a.Window, a.Interval)
	case a.Window%a.Interval != 0:
		r.errorf(r.where(at("window", "interval")...), "%swindow %v is not a multiple of interval %v", whose, a.Window, a.Interval)
	}
	for _, c := range a.Collectors {
		if own, ok := a.Intervals[c]; ok && own > 0 && a.Window%own != 0 {
			r.errorf(r.where(g.path+".intervals."+c), "arm %q: window %v is not a multiple of the interval %v of %s", a.Name, a.Window, own, c)
		}
	}
	if i := duplicate(a.Collectors); i >= 0 {
		r.errorf(r.where(g.path), "arm %q has collector %q twice", a.Name, a.Collectors[i])
	}
	if i := slices.IndexFunc(a.Collectors, names.ownClock); i >= 0 && a.Window < ownClockWindow {
		r.warnf(r.where(g.path+".window", g.path), "arm %q: window %v is shorter than %v, but %s works on a clock of its own: part of its cost may fall outside",
			a.Name, a.Window, ownClockWindow, a.Collectors[i])
	}
	return a
}

func (r *reader) distinctArms(arms []bench.Arm) {
	names := make([]string, len(arms))
	for i := range arms {
		names[i] = arms[i].Name
	}
	if i := duplicate(names); i >= 0 && names[i] != "" {
		r.errorf(r.where(fmt.Sprintf("arms[%d]", i)), "arm %q stands twice", names[i])
	}
}

// parallel makes one arm of all collectors. They share their times, so an arm
// with times of its own is a contradiction, and there is no other arm that could
// be a baseline.
func (r *reader) parallel(p *Plan, given []givenArm) {
	all := bench.Arm{Name: ParallelArm, Interval: p.Interval, Window: p.Window, WarmUp: p.WarmUp}
	for i, a := range p.Arms {
		for _, c := range a.Collectors {
			if !slices.Contains(all.Collectors, c) {
				all.Collectors = append(all.Collectors, c)
			}
		}
		for _, own := range []struct {
			key           string
			arms, planned time.Duration
		}{
			{"interval", a.Interval, p.Interval}, {"window", a.Window, p.Window}, {"warm_up", a.WarmUp, p.WarmUp},
		} {
			if own.arms != own.planned {
				r.errorf(r.where(given[i].path+"."+own.key), "mode parallel runs all collectors in one arm: %s %v of arm %q contradicts the plan's %v",
					own.key, own.arms, a.Name, own.planned)
			}
		}
	}
	for _, key := range []string{"baseline", "idle"} {
		if r.has(key) {
			r.errorf(r.where(key), "mode parallel has one arm only: there is no arm to be the %s", key)
		}
	}
	p.Arms = []bench.Arm{all}
}

// references resolves the names of arms that stand for others. Where the file
// names none, the arms "cadvisor" (of a kubelet "gate-off") and "idle" are taken if
// they are there and are not the other one.
func (r *reader) references(p *Plan) {
	names := make([]string, len(p.Arms))
	for i := range p.Arms {
		names[i] = p.Arms[i].Name
	}
	usual := "cadvisor"
	if p.Experiment == Kubelet {
		usual = bench.GateOff
	}
	for _, ref := range []struct {
		key        string
		dst, other *string
		usual      string
	}{
		{"baseline", &p.Baseline, &p.Idle, usual}, {"idle", &p.Idle, &p.Baseline, "idle"},
	} {
		switch {
		case *ref.dst == "" && slices.Contains(names, ref.usual) && *ref.other != ref.usual:
			*ref.dst = ref.usual
		case *ref.dst != "" && !slices.Contains(names, *ref.dst):
			r.errorf(r.where(ref.key), "%s %q is not among the arms%s", ref.key, *ref.dst, suggest(*ref.dst, names))
		}
	}
	if p.Baseline != "" && p.Baseline == p.Idle {
		r.errorf(r.where("baseline"), "baseline and idle are the same arm %q", p.Baseline)
	}
	if p.Baseline == "" && len(names) > 1 && !r.has("baseline") && len(p.Comparisons) == 0 {
		r.warnf(r.at[""], "no baseline: arms will not be compared (arms: %s)", strings.Join(names, ", "))
	}
}

// enoughTime refuses a limit that the windows and warm-ups alone already break.
// How long the rest takes is for package schedule to say.
func (r *reader) enoughTime(p *Plan) {
	var round time.Duration
	for _, a := range p.Arms {
		round += a.WarmUp + a.Window
	}
	rounds := len(p.Cells()) * p.Rounds.Min
	// As float64: a foolish plan may need longer than a Duration holds.
	if least := round.Seconds() * float64(rounds); p.MaxDuration > 0 && least > p.MaxDuration.Seconds() {
		r.errorf(r.where("max_duration"), "max_duration %v is too short: %d rounds of at least %v each take %.3g hours", p.MaxDuration, rounds, round, least/3600)
	}
}
