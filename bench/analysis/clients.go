package analysis

import (
	"slices"

	"cri-stats-bench/bench"
)

// withClients puts the reports of several clients of one collector together: their calls
// in a row, client after client, and the sum of what they cost.
func withClients(trials []bench.Trial) []bench.Trial {
	if !slices.ContainsFunc(trials, func(t bench.Trial) bool { return t.Arm.Clients > 1 }) {
		return trials
	}
	out := slices.Clone(trials)
	for i := range out {
		if out[i].Arm.Clients > 1 {
			out[i].Agents = together(out[i].Agents)
		}
	}
	return out
}

func together(agents []bench.AgentReport) []bench.AgentReport {
	var out []bench.AgentReport
	for _, a := range agents {
		i := slices.IndexFunc(out, func(o bench.AgentReport) bool { return o.Collector == a.Collector })
		if i < 0 {
			a.Calls = slices.Clone(a.Calls)
			cost := make(bench.Cost, len(a.Cost))
			for q, v := range a.Cost {
				cost[q] = v
			}
			a.Cost = cost
			out = append(out, a)
			continue
		}
		o := &out[i]
		o.Calls = append(o.Calls, a.Calls...)
		o.FirstCall, o.Extra = max(o.FirstCall, a.FirstCall), max(o.Extra, a.Extra)
		for _, id := range a.Missing {
			if !slices.Contains(o.Missing, id) {
				o.Missing = append(o.Missing, id)
			}
		}
		for q := range o.Cost { // what one of them lacks is lacking of all
			if v, ok := a.Cost[q]; ok {
				o.Cost[q] += v
			} else {
				delete(o.Cost, q)
			}
		}
	}
	return out
}
