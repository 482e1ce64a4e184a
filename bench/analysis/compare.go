package analysis

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/judge"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/stat"
)

// allRounds is more rounds than a plan may have.
const allRounds = math.MaxInt

// A pairing is a Pairing under way.
type pairing struct {
	of *group
	to *group
	// stands are to and its copies.
	stands []*group
	result Pairing
	// open has one entry per judgement of the result.
	open []open
}

// open is what is kept of a judgement until it gets its verdict: the p-values at each
// look so far, none where there is no interval.
type open struct {
	looks []judge.Tails
}

// pairUp compares the arms of a cell: first what the plan asks for, then each rival of
// the baseline that has its windows.
func (b *builder) pairUp(c *cellGroup) error {
	p := b.input.Plan
	for _, asked := range slices.Concat(p.Comparisons, p.Also) {
		if err := b.pair(c, asked, true); err != nil {
			return err
		}
	}
	for _, g := range c.order {
		done := slices.ContainsFunc(c.pairings, func(p *pairing) bool { return p.of == g })
		if b.rival(g) && !done {
			if err := b.pair(c, plan.Comparison{Of: g.arm.Name, To: b.report.Baseline}, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// pair compares two arms of a cell, if both have trials and equal windows.
func (b *builder) pair(c *cellGroup, asked plan.Comparison, planned bool) error {
	of, to := c.groups[asked.Of], c.groups[asked.To]
	if of == nil || to == nil || of == to {
		return nil // the plan has no such arms
	}
	headline := b.headline(asked, planned) && b.report.Primary != nil && c.cell == *b.report.Primary
	x := &pairing{of: of, to: to, stands: b.standing(to), result: Pairing{
		Of: asked.Of, To: asked.To, Says: asked.Says, Planned: planned, Headline: headline,
	}}
	x.result.Copies = len(x.stands)
	if why := x.unmeasured(); why != "" {
		if planned || !of.empty() { // what was asked is answered, if only with why there is no answer
			x.result.Withheld = []string{why}
			c.pairings = append(c.pairings, x)
		}
		return nil // the row says why
	}
	if !of.alike(to) {
		note := b.notes.at(NoteWindows, fmt.Sprintf("not compared with %s: its windows are of %v after %v, here of %v after %v",
			to.arm.Name, to.arm.Window, to.arm.WarmUp, of.arm.Window, of.arm.WarmUp), of.place())
		of.result.Notes = addID(of.result.Notes, note)
		return nil
	}
	for _, s := range b.endpoints() {
		e, err := b.against(of, x.stands, estimand{Ratio, s}, b.extent(of, to))
		if err != nil {
			return err
		}
		compared, err := b.comparison(x, e, s)
		if err != nil {
			return err
		}
		if !compared.Estimate.Absent() || judgedSeries(s) {
			x.result.Comparisons = append(x.result.Comparisons, compared)
		}
		answered := s.Metric != ResponseP50 || of.reads() && to.reads() // nobody waits for nothing
		if judgedSeries(s) && answered && rivals(of, to, b.headline(asked, planned)) {
			e.notes = compared.Estimate.Notes
			if err := b.judge(x, s, &e); err != nil {
				return fmt.Errorf("judge %s of %s in %s: %w", s, of.arm.Name, c.cell, err)
			}
		}
	}
	c.pairings = append(c.pairings, x)
	return nil
}

// rivals says whether two arms do the same for their cost, so that one can win. Against
// nobody who reads an arm can lose alone, where that is the plan's question; and nobody who
// reads can be compared with nobody who reads on another runtime.
func rivals(of, to *group, headline bool) bool {
	switch {
	case of.isIdle() && to.isIdle():
		return of.arm.Treatment != to.arm.Treatment
	case to.isIdle():
		return headline && of.reads()
	}
	return of.reads() && to.reads()
}

// unmeasured says why there is nothing to compare, "" if there is.
func (x *pairing) unmeasured() string {
	measured := func(g *group) bool { return !g.empty() }
	switch {
	case x.of.empty():
		return fmt.Sprintf("no trial of %s counts", x.of.arm.Name)
	case !slices.ContainsFunc(x.stands, measured):
		return fmt.Sprintf("no trial of %s counts", x.to.arm.Name)
	}
	return ""
}

// headline says whether a comparison is one of the run's answers: those that the plan
// names, or all with the baseline where it names none.
func (b *builder) headline(asked plan.Comparison, planned bool) bool {
	if len(b.input.Plan.Comparisons) == 0 {
		return !planned
	}
	return planned && slices.Contains(b.input.Plan.Comparisons, asked)
}

// endpoints are the series that pairings have ratios of.
func (b *builder) endpoints() []Series {
	out := []Series{
		{Metric: CPUCores, Component: Total}, {Metric: PSS, Component: Total}, {Metric: ResponseP50},
		{Metric: ReadCalls, Component: Total},
	}
	for _, m := range []Metric{CPUCores, PSS} {
		for _, c := range b.report.Parts {
			out = append(out, Series{Metric: m, Component: c})
		}
	}
	out = append(out, Series{Metric: CPUCores, Component: bench.ComponentNode})
	if len(b.input.Plan.Treatments) > 0 {
		out = append(out, Series{Metric: AllocatedBytes, Component: bench.ComponentRuntime}, Series{Metric: AllocatedObjects, Component: bench.ComponentRuntime})
	}
	return out
}

// judgedSeries says whether a series gets a verdict.
func judgedSeries(s Series) bool {
	switch s.Metric {
	case CPUCores, PSS:
		return s.Component == Total
	case ResponseP50:
		return s.Collector == ""
	}
	return false
}

// comparison turns an effect into what is reported of it.
func (b *builder) comparison(x *pairing, e effect, s Series) (Comparison, error) {
	out := Comparison{
		Kind: e.kind, Series: s, Against: x.to.arm.Name,
		Possible: len(e.values) + len(e.missing), Dropped: drops(e.missing),
	}
	estimate, err := b.estimateOf(&e, intervalLevel)
	if err != nil {
		return Comparison{}, fmt.Errorf("%s of %s of %s to %s in %s: %w", e.kind, s, x.of.arm.Name, x.to.arm.Name, x.of.cell.cell, err)
	}
	out.Estimate = estimate
	if judgedSeries(s) && len(out.Dropped) > 0 {
		out.Estimate.Notes = addID(out.Estimate.Notes, b.notes.at(NotePairs, out.dropText(), x.of.placeOf(0, 0)))
	}
	return out, nil
}

// estimateOf turns an effect into an estimate with an interval of some level, or
// with a note that says why it has none.
func (b *builder) estimateOf(e *effect, level float64) (Estimate, error) {
	if e.absent() {
		return Estimate{Notes: e.notes}, nil
	}
	if !finite(e.value()) {
		return Estimate{Notes: addID(e.notes, b.notes.rule(NoteNotFinite, notFinite))}, nil
	}
	out := Estimate{Value: e.value(), N: len(e.values), Notes: e.notes}
	if e.pool != nil {
		out.DF = e.pool.DF
	}
	interval, note, err := b.interval(e.estimate(level))
	switch {
	case err != nil:
		return Estimate{}, err
	case interval == nil:
		out.Notes = addID(out.Notes, note)
	}
	out.Interval = interval
	return out, nil
}

// dropText says which rounds gave no value and why.
func (c *Comparison) dropText() string {
	reasons := make([]string, len(c.Dropped))
	for i, d := range c.Dropped {
		reasons[i] = fmt.Sprintf("%s (%d)", d.Reason, d.Count)
	}
	return fmt.Sprintf("%d of %d rounds give a ratio to %s; of the others, %s", c.Estimate.N, c.Possible, c.Against, strings.Join(reasons, ", "))
}

// drops counts reasons.
func drops(missing map[turn]string) []Drop {
	counts := make(map[string]int)
	for _, reason := range missing {
		counts[reason]++
	}
	var out []Drop
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, Drop{reason, counts[reason]})
	}
	return out
}

// unanswerable says that an error of package stat means that there is no such
// number, and not that something is wrong.
func unanswerable(err error) bool {
	for _, e := range []error{stat.ErrTooFew, stat.ErrConstant, stat.ErrUnbounded, stat.ErrNotPositive, stat.ErrNotFinite} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
