package schedule

import (
	"cmp"
	"fmt"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

// Order names all arms of a plan in the order that its seed gives them in a round.
func Order(p *plan.Plan, c bench.Cell, sweep, round int) []string {
	s := New(p, Options{})
	var names []string
	for _, i := range s.blocks(drawn(p.Seed, pass{cell: c, sweep: sweep}, round, len(p.Arms))) {
		names = append(names, p.Arms[i].Name)
	}
	return names
}

// Disorder names the trials that do not stand where the plan's seed puts them: they are of
// another run, or were put there by hand, and an order that somebody chose is none that was
// drawn by lot. Trials may be missing, as those of arms that a node does not support or that
// were decided; what is repeated comes behind all else of its round.
func Disorder(p *plan.Plan, trials []bench.Trial) []string {
	type visit struct {
		pass
		round int
	}
	order, rounds := []visit{}, make(map[visit][]*bench.Trial)
	for i := range trials {
		t := &trials[i]
		v := visit{pass{cell: t.Cell, sweep: t.Sweep}, t.Round}
		if rounds[v] == nil {
			order = append(order, v)
		}
		rounds[v] = append(rounds[v], t)
	}
	var out []string
	for _, v := range order {
		rank := make(map[string]int)
		for at, name := range Order(p, v.cell, v.sweep, v.round) {
			rank[name] = at
		}
		slices.SortStableFunc(rounds[v], func(a, b *bench.Trial) int { return cmp.Compare(a.Position, b.Position) })
		for i, t := range rounds[v][1:] {
			before := rounds[v][i]
			switch {
			case t.Position == before.Position, before.Attempt > 0 && t.Attempt == 0,
				t.Attempt == 0 && rank[t.Arm.Name] < rank[before.Arm.Name]:
				out = append(out, fmt.Sprintf("the trial of %s at %s, round %d, attempt %d, is not where the plan's seed puts it", t.Arm.Name, t.Cell, t.Round+1, t.Attempt+1))
			}
		}
	}
	return out
}
