// Package judge decides: p-values in, verdicts out. There is one judge for the arms of a
// run, for two runs and for the sentences of a KEP, so that one word means one thing.
//
// Package analysis and package runs stand above it and bring the p-values, package stat
// has the methods. It knows no records, no metrics and no margin, and it refuses to look
// at an endpoint by itself: all that a report claims is adjusted together.
//
// Three claims can be made of a ratio of costs, each wrong in at most 5 % of reports,
// whatever is true of how many endpoints: that something is better, that it is not
// inferior, that it is inferior. Each is a family that is adjusted by Holm's procedure
// with weights (stat.WeightedHolm).
// Where data are looked at several times, each endpoint brings its p-value at each look,
// and stat.Spending makes one of them that holds for all looks.
package judge

import "cri-stats-bench/bench/stat"

// Alpha is the chance of any wrong claim of one kind.
const Alpha = 0.05

// A Verdict is what can be said of an endpoint. Costs are better when smaller.
type Verdict string

// The verdicts. The ratio is that of the new to the old, m the margin.
const (
	NoVerdict    Verdict = ""
	Better       Verdict = "Better"       // the ratio is below 1
	NonInferior  Verdict = "NonInferior"  // below 1+m
	Inferior     Verdict = "Inferior"     // above 1+m
	Inconclusive Verdict = "Inconclusive" // none of these can be said
)

// Tails are one-sided p-values, each small if the data show just that.
type Tails struct {
	Better      float64 // the ratio is below 1
	NonInferior float64 // below 1+m
	Inferior    float64 // above 1+m
	Worse       float64 // above 1
	NotLess     float64 // above 1/(1+m)
}

// An Endpoint is one ratio that a report says something of.
type Endpoint struct {
	// Weight is above 0: one of twice the weight is given twice the chance to err.
	Weight float64
	// Looks has the p-values at each look so far, the last of them the latest.
	Looks []Tails
}

// A Decision is what is said of an endpoint.
type Decision struct {
	// Verdict is after the adjustment for all endpoints, Unadjusted before it, both for
	// all looks.
	Verdict, Unadjusted Verdict
	// WithinMargin: NonInferior, but shown to be above 1. Equivalent: also shown not to
	// be below 1/(1+m).
	WithinMargin, Equivalent bool
	// Worse: shown to be above 1, whether or not by the margin.
	Worse bool
	// Adjusted is the p-value of non-inferiority after the adjustment.
	Adjusted float64
}

// claims are the fields of Tails, each a family of its own.
var claims = []func(*Tails) *float64{
	func(t *Tails) *float64 { return &t.Better },
	func(t *Tails) *float64 { return &t.NonInferior },
	func(t *Tails) *float64 { return &t.Inferior },
	func(t *Tails) *float64 { return &t.Worse },
	func(t *Tails) *float64 { return &t.NotLess },
}

// Decide decides on all endpoints of a report together. Its error says that a weight is
// not above 0, or a p-value none.
func Decide(endpoints []Endpoint, looks *stat.Spending) ([]Decision, error) {
	if len(endpoints) == 0 {
		return nil, nil
	}
	raw, adjusted := make([]Tails, len(endpoints)), make([]Tails, len(endpoints))
	weights := make([]float64, len(endpoints))
	for i, e := range endpoints {
		weights[i] = e.Weight
	}
	for _, of := range claims {
		p := make([]float64, len(endpoints))
		for i, e := range endpoints {
			at := make([]float64, len(e.Looks))
			for k := range e.Looks {
				at[k] = *of(&e.Looks[k])
			}
			p[i] = looks.Sequential(at)
			*of(&raw[i]) = p[i]
		}
		holm, err := stat.WeightedHolm(p, weights)
		if err != nil {
			return nil, err
		}
		for i, v := range holm {
			*of(&adjusted[i]) = v
		}
	}
	out := make([]Decision, len(endpoints))
	for i := range out {
		d := &out[i]
		d.Unadjusted, _, _ = raw[i].decide()
		d.Verdict, d.WithinMargin, d.Equivalent = adjusted[i].decide()
		d.Adjusted, d.Worse = adjusted[i].NonInferior, adjusted[i].Worse < Alpha
	}
	return out, nil
}

// decide turns p-values into a verdict.
func (t Tails) decide() (v Verdict, withinMargin, equivalent bool) {
	equivalent = t.NonInferior < Alpha && t.NotLess < Alpha
	switch {
	case t.Better < Alpha:
		return Better, false, equivalent
	case t.NonInferior < Alpha:
		return NonInferior, t.Worse < Alpha, equivalent
	case t.Inferior < Alpha:
		return Inferior, false, false
	}
	return Inconclusive, false, false
}

// Together is the verdict on endpoints that must all hold: the worst of them.
func Together(verdicts ...Verdict) Verdict {
	rank := map[Verdict]int{Better: 1, NonInferior: 2, Inconclusive: 3, NoVerdict: 4, Inferior: 5}
	worst := NoVerdict
	for i, v := range verdicts {
		if i == 0 || rank[v] > rank[worst] {
			worst = v
		}
	}
	return worst
}
