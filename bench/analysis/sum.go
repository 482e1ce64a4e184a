package analysis

import (
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

// sums makes the trials of the plan's sums, one for each round in which all of their arms
// have a trial that counts. No sum is an arm that ran: it is shown and compared, and counted
// nowhere.
func (in Input) sums() []bench.Trial {
	type place struct {
		cell         bench.Cell
		sweep, round int
		arm          string
	}
	if len(in.Plan.Sums) == 0 {
		return nil
	}
	used := make(map[place]*bench.Trial)
	var order []place
	for i := range in.Trials {
		t := &in.Trials[i]
		at := place{t.Cell, t.Sweep, t.Round, t.Arm.Name}
		if !t.Usable() || used[at] != nil && used[at].Attempt > t.Attempt {
			continue
		}
		used[at] = t
		if at.arm = ""; !slices.Contains(order, at) {
			order = append(order, at)
		}
	}
	var out []bench.Trial
	for i, arm := range sumArms(in.Plan) {
		s := in.Plan.Sums[i]
		for _, at := range order {
			var parts []*bench.Trial
			for _, name := range s.Arms {
				at.arm = name
				if t := used[at]; t != nil {
					parts = append(parts, t)
				}
			}
			if len(parts) == len(s.Arms) {
				out = append(out, summed(arm, parts))
			}
		}
	}
	return out
}

// sumArms are the arms that the sums of a plan stand for.
func sumArms(p *plan.Plan) []bench.Arm {
	out := make([]bench.Arm, len(p.Sums))
	for i, s := range p.Sums {
		out[i].Name = s.Name
		out[i].Window, out[i].WarmUp, _ = p.Windows(s.Name)
		for _, a := range p.Arms {
			if !slices.Contains(s.Arms, a.Name) {
				continue
			}
			out[i].Treatment = a.Treatment
			if out[i].Interval == 0 || a.Interval < out[i].Interval {
				out[i].Interval = a.Interval
			}
			for _, c := range a.Collectors {
				if !slices.Contains(out[i].Collectors, c) {
					out[i].Collectors = append(out[i].Collectors, c)
				}
			}
		}
		slower(&out[i], p.Arms, s.Arms)
	}
	return out
}

// slower notes which collectors of a sum are read less often than others.
func slower(sum *bench.Arm, arms []bench.Arm, parts []string) {
	for _, a := range arms {
		if !slices.Contains(parts, a.Name) {
			continue
		}
		for _, c := range a.Collectors {
			if every := a.IntervalOf(c); every != sum.Interval {
				if sum.Intervals == nil {
					sum.Intervals = make(map[string]time.Duration)
				}
				sum.Intervals[c] = every
			}
		}
	}
}

// summed puts trials together as one of which the windows follow each other.
func summed(arm bench.Arm, parts []*bench.Trial) bench.Trial {
	first := parts[0]
	out := bench.Trial{Slot: first.Slot, Start: first.Start, Pods: first.Pods, Containers: first.Containers, State: first.State}
	out.Arm, out.Attempt = arm, 0
	for _, t := range parts {
		out.Length += t.Length
		out.Agents = append(out.Agents, t.Agents...)
		if t.Start.Before(out.Start) {
			out.Start = t.Start
		}
	}
	out.Costs = make(bench.Costs)
	for c := range first.Costs {
		out.Costs[c] = sumOf(parts, c, out.Length)
	}
	out.Guards = bench.Guards{}
	mean := func(of func(*bench.Trial) (float64, bool)) (float64, bool) {
		sum := 0.0
		for _, t := range parts {
			v, ok := of(t)
			if !ok {
				return 0, false
			}
			sum += v * t.Length.Seconds()
		}
		return sum / out.Length.Seconds(), true
	}
	for g := range first.Guards {
		if v, ok := mean(func(t *bench.Trial) (float64, bool) { v, ok := t.Guards[g]; return v, ok }); ok {
			out.Guards[g] = v
		}
	}
	bytes, ok := mean(func(t *bench.Trial) (float64, bool) { return allocation(t).Bytes, t.Allocated != nil })
	if objects, _ := mean(func(t *bench.Trial) (float64, bool) { return allocation(t).Objects, true }); ok {
		out.Allocated = &bench.Allocations{Bytes: bytes, Objects: objects}
	}
	return out
}

func allocation(t *bench.Trial) bench.Allocations {
	if t.Allocated == nil {
		return bench.Allocations{}
	}
	return *t.Allocated
}

// sumOf adds what a component used, and takes the mean of what it held. What one of the
// parts lacks the sum lacks.
func sumOf(parts []*bench.Trial, c bench.Component, length time.Duration) bench.Cost {
	out := make(bench.Cost)
	for q := range parts[0].Costs[c] {
		sum, whole := 0.0, true
		for _, t := range parts {
			v, ok := t.Costs[c][q]
			if q.Held() {
				v *= t.Length.Seconds() / length.Seconds()
			}
			sum, whole = sum+v, whole && ok
		}
		if whole {
			out[q] = sum
		}
	}
	return out
}

// isSum says whether an arm is a sum of the plan.
func (b *builder) isSum(name string) bool {
	return slices.ContainsFunc(b.input.Plan.Sums, func(s plan.Sum) bool { return s.Name == name })
}
