package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"cri-stats-bench/bench"
)

// A round is where trials are paired: one shuffled round of one sweep.
type round struct{ sweep, round int }

func compareRounds(a, b round) int {
	return cmp.Or(cmp.Compare(a.sweep, b.sweep), cmp.Compare(a.round, b.round))
}

// Reasons why a round gave no pair, in the order in which they are looked for.
// The first word is the name of the arm that they hold for.
const (
	dropNotRun      = "was not run"
	dropUnsupported = "is unsupported"
	dropVoid        = "is void"
	dropAbsent      = "has no value"
	dropNotPositive = "is not above zero"
)

// A contest is what is compared with what.
type contest struct {
	kind         Kind
	mine, theirs Series
}

// compare sets an arm against the baseline and the idle arm of its cell.
func (b *builder) compare(arm *group) error {
	base, idle := arm.cell.groups[b.report.Baseline], arm.cell.groups[b.report.Idle]
	total := func(m Metric) Series { return Series{Metric: m, Component: Total} }
	var err error
	against := func(other *group, kind Kind, mine, theirs Series) {
		if err == nil && other != nil && other != arm {
			err = b.contest(arm, other, contest{kind, mine, theirs})
		}
	}
	for _, m := range []Metric{CPUCores, CPUPerCall, PSS} {
		against(base, Ratio, total(m), total(m))
	}
	if base != nil {
		for _, c := range arm.collectors {
			if theirs, ok := opponent(c, base.collectors); ok {
				against(base, Ratio, Series{Metric: ResponseP50, Collector: c}, Series{Metric: ResponseP50, Collector: theirs})
			}
		}
	}
	for _, m := range []Metric{CPUCores, PSS} {
		against(idle, Difference, total(m), total(m))
	}
	return err
}

// opponent returns which of the other arm's collectors the calls of c are
// compared with: its own like, or the only one there is.
func opponent(c string, others []string) (string, bool) {
	if slices.Contains(others, c) {
		return c, true
	}
	if len(others) == 1 {
		return others[0], true
	}
	return "", false
}

// contest compares two arms of a cell round by round.
func (b *builder) contest(arm, other *group, c contest) error {
	if len(arm.used) == 0 {
		return nil // the row says why
	}
	mine, theirs := arm.byRound(c.mine), other.byRound(c.theirs)
	rounds := roundsOf(arm, other)
	var d []float64
	dropped := make(map[string]int)
	for _, r := range rounds {
		x, why := arm.valueAt(r, mine, c.kind)
		if why == "" {
			var y float64
			if y, why = other.valueAt(r, theirs, c.kind); why == "" {
				if c.kind == Ratio {
					d = append(d, math.Log(x)-math.Log(y))
				} else {
					d = append(d, x-y)
				}
				continue
			}
		}
		dropped[why]++
	}
	estimate := b.difference
	if c.kind == Ratio {
		estimate = b.ratio
	}
	e, err := estimate(d)
	if err != nil {
		return fmt.Errorf("%s of %s to %s in %s: %w", c.kind, c.mine, other.arm.Name, arm.cell.cell, err)
	}
	result := Comparison{
		Kind: c.kind, Series: c.mine, Against: other.arm.Name, AgainstCollector: c.theirs.Collector,
		Estimate: e, Rounds: len(rounds), Dropped: drops(dropped),
	}
	if len(dropped) > 0 {
		note := b.notes.at(NotePairs, result.dropText(), arm.placeOf(0, 0))
		result.Estimate.Notes = addID(e.Notes, note)
	}
	arm.result.Comparisons = append(arm.result.Comparisons, result)
	return nil
}

// dropText says which rounds gave no pair and why.
func (c *Comparison) dropText() string {
	reasons := make([]string, len(c.Dropped))
	for i, d := range c.Dropped {
		reasons[i] = fmt.Sprintf("%s (%d)", d.Reason, d.Rounds)
	}
	return fmt.Sprintf("%d of %d rounds give a pair with %s; of the others, %s",
		c.Estimate.N, c.Rounds, c.Against, strings.Join(reasons, ", "))
}

func drops(counts map[string]int) []Drop {
	var out []Drop
	for reason, n := range counts {
		out = append(out, Drop{reason, n})
	}
	slices.SortFunc(out, func(a, b Drop) int { return cmp.Compare(a.Reason, b.Reason) })
	return out
}

// roundsOf returns the rounds in which either arm was tried, in order.
func roundsOf(a, b *group) []round {
	var rounds []round
	for _, g := range []*group{a, b} {
		for _, t := range g.tried {
			rounds = append(rounds, roundOf(t))
		}
	}
	slices.SortFunc(rounds, compareRounds)
	return slices.Compact(rounds)
}

func roundOf(t *bench.Trial) round { return round{t.Sweep, t.Round} }

// byRound returns the observations of a series by round.
func (g *group) byRound(s Series) map[round]float64 {
	at := make(map[round]float64)
	for _, o := range g.columns[s] {
		at[roundOf(g.used[o.Trial])] = o.Value
	}
	return at
}

// valueAt returns the group's value in a round, or why there is none to compare.
func (g *group) valueAt(r round, at map[round]float64, kind Kind) (float64, string) {
	v, ok := at[r]
	switch {
	case ok && kind == Ratio && v <= 0:
		return 0, g.arm.Name + " " + dropNotPositive
	case ok:
		return v, ""
	}
	why := dropNotRun
	if g.unsupported {
		why = dropUnsupported // and no longer scheduled
	}
	for _, t := range g.tried {
		if roundOf(t) != r {
			continue
		}
		switch {
		case t.Usable():
			why = dropAbsent
		case len(t.Void) > 0 && why != dropAbsent:
			why = dropVoid
		}
	}
	return 0, g.arm.Name + " " + why
}
