package runs

import (
	"math"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
)

// An effectKey names an endpoint that any run judged.
type effectKey struct {
	cell    bench.Cell
	of, to  string
	series  analysis.Series
	primary bool
}

// effectsOf lists the endpoints that any run has a verdict on, in the order of the
// reports.
func effectsOf(all []*Run) []effectKey {
	var out []effectKey
	for _, r := range all {
		for _, c := range r.Report.Cells {
			for _, p := range c.Pairings {
				for _, jt := range p.Judgements {
					k := effectKey{c.Cell, p.Of, p.To, jt.Series, jt.Class == analysis.Primary}
					if !slices.Contains(out, k) {
						out = append(out, k)
					}
				}
			}
		}
	}
	return out
}

// judged returns the judgement of an endpoint in a run, nil if it has no ratio.
func (r *Run) judged(k effectKey) *analysis.Judgement {
	c := r.cell(k.cell)
	if c == nil {
		return nil
	}
	p := c.Pairing(k.of, k.to)
	if p == nil {
		return nil
	}
	if jt := p.Judged(k.series); jt != nil && !jt.Ratio.Absent() {
		return jt
	}
	return nil
}

// effect pools one endpoint.
func (j *joiner) effect(k effectKey, nodes []Node) (*NodeEffect, error) {
	e := &NodeEffect{
		Cell: k.cell, Arm: k.of, To: k.to, Series: k.series, Primary: k.primary, Ratios: make([]analysis.Estimate, len(nodes)),
	}
	var known []stat.Effect
	for i, n := range nodes {
		judgements := j.judgements(e, n.runs, k)
		if len(judgements) == 0 {
			continue
		}
		ratio, effect, err := j.onNode(judgements)
		if err != nil {
			return nil, err
		}
		e.Ratios[i] = ratio
		if effect != nil {
			known = append(known, *effect)
		}
	}
	if err := j.pool(e, known); err != nil {
		return nil, err
	}
	e.decide(j.out)
	return e, nil
}

// judgements are those of an endpoint in some runs.
func (j *joiner) judgements(e *NodeEffect, all []*Run, k effectKey) []*analysis.Judgement {
	var out []*analysis.Judgement
	for _, r := range all {
		jt := r.judged(k)
		if jt == nil {
			continue
		}
		if jt.Class == analysis.Primary && jt.Verdict == analysis.NoVerdict && jt.Ratio.Interval != nil && !r.Report.Simulated() {
			e.withheld = true
			e.Ratio.Notes = j.add(e.Ratio.Notes, r.Name+" withholds its own verdict on this, and its report says why: nor is there one on nodes in general")
		}
		out = append(out, jt)
	}
	return out
}

// onNode is what the runs of one node say. Of one run it is its own ratio; several
// are pooled as nodes are, with the run as a random effect: what is known of a node
// whose runs differ is less than what its runs say of themselves.
func (j *joiner) onNode(judgements []*analysis.Judgement) (analysis.Estimate, *stat.Effect, error) {
	var own []stat.Effect
	says := judgements[0].Ratio // one with an interval before one without
	for _, jt := range judgements {
		if e, ok := effectOf(jt); ok {
			if len(own) == 0 {
				says = jt.Ratio
			}
			own = append(own, e)
		}
	}
	if len(judgements) == 1 || len(own) < 2 {
		ratio := analysis.Estimate{Value: says.Value, Interval: says.Interval, N: 1}
		if len(own) == 0 {
			ratio.Notes = j.add(nil, "no interval: this node is not in the mean")
			return ratio, nil, nil
		}
		return ratio, &own[0], nil
	}
	p, err := stat.RandomEffects(own, verdictLevel)
	if err != nil {
		return analysis.Estimate{}, nil, err
	}
	ratio := analysis.Estimate{Value: math.Exp(p.Value), N: p.N, Interval: ratioInterval(p.CI)}
	if p.P < alpha {
		ratio.Notes = j.add(nil, "the runs of this node differ by more than their intervals allow")
	}
	return ratio, &stat.Effect{Value: p.Value, SE: p.SE}, nil
}

// pool joins what is known of nodes.
func (j *joiner) pool(e *NodeEffect, known []stat.Effect) error {
	switch len(known) {
	case 0:
		e.Ratio.Notes = j.add(e.Ratio.Notes, "no node has a ratio with an interval")
		return nil
	case 1:
		i := slices.IndexFunc(e.Ratios, func(r analysis.Estimate) bool { return r.Interval != nil })
		if i < 0 { // several runs of the one node, which tell nothing together
			e.Ratio.Notes = j.add(e.Ratio.Notes, "no node has a ratio with an interval")
			return nil
		}
		e.Ratio.Value, e.Ratio.Interval, e.Ratio.N = e.Ratios[i].Value, e.Ratios[i].Interval, 1
		e.Ratio.Notes = j.add(e.Ratio.Notes, "one node: this is its own ratio, and says nothing of others")
		return nil
	case 2:
		e.Ratio.Notes = j.add(e.Ratio.Notes, "two nodes: the interval has one degree of freedom; a third node tells far more")
	}
	p, err := stat.RandomEffects(known, verdictLevel)
	if err != nil {
		return err
	}
	e.Ratio.Value, e.Ratio.N = math.Exp(p.Value), p.N
	if e.Ratio.Interval = ratioInterval(p.CI); e.Ratio.Interval == nil {
		e.Ratio.Notes = j.add(e.Ratio.Notes, "the interval has no end: the nodes are too few and too different")
	}
	if p.Prediction != nil {
		e.Prediction = ratioInterval(*p.Prediction)
	}
	e.Tau, e.I2, e.P = &p.Tau, &p.I2, &p.P
	return nil
}

// ratioInterval is an interval of logarithms as one of ratios, nil if that has no
// end.
func ratioInterval(i stat.Interval) *analysis.Interval {
	lo, hi := math.Exp(i.Lo), math.Exp(i.Hi)
	if lo == 0 || math.IsInf(hi, 1) {
		return nil
	}
	return &analysis.Interval{Lo: lo, Hi: hi}
}

// decide gives a primary endpoint its verdict on nodes in general, by the rules of
// package analysis.
func (e *NodeEffect) decide(n *Nodes) {
	if !e.Primary || n.Simulated || e.withheld || e.Ratio.Interval == nil {
		return
	}
	switch i := e.Ratio.Interval; {
	case i.Hi < 1:
		e.Verdict = analysis.Better
	case i.Hi < 1+n.Margin:
		e.Verdict = analysis.NonInferior
	case i.Lo > 1+n.Margin:
		e.Verdict = analysis.Inferior
	default:
		e.Verdict = analysis.Inconclusive
	}
}

// effectOf is a judgement as an effect on the log scale, with the standard error of its
// rounds.
func effectOf(j *analysis.Judgement) (stat.Effect, bool) {
	if j.Ratio.Interval == nil || !(j.Ratio.Value > 0) || j.Ratio.N < 1 {
		return stat.Effect{}, false
	}
	out := stat.Effect{Value: math.Log(j.Ratio.Value), SE: j.SD / math.Sqrt(float64(j.Ratio.N))}
	return out, out.SE > 0 && !math.IsInf(out.SE, 1) && !math.IsNaN(out.SE)
}
