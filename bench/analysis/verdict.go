package analysis

// A Verdict is what can be said about an endpoint with a chance of 5 % to say it
// wrongly. Costs are better when smaller.
type Verdict string

// The verdicts. L and U are the ends of the 90 % interval of the ratio to the
// baseline, and m is the plan's margin.
const (
	// NoVerdict: there is no ratio, or the run may not have one. Notes say why.
	NoVerdict    Verdict = ""
	Better       Verdict = "Better"       // U < 1
	NonInferior  Verdict = "NonInferior"  // U < 1+m
	Inferior     Verdict = "Inferior"     // L > 1+m
	Inconclusive Verdict = "Inconclusive" // none of these
)

// A Class says what a comparison is for, and with it how p-values are adjusted for
// the number of comparisons.
type Class string

// The classes.
const (
	// Primary: CPU and PSS totals in the primary cell. Both must hold, so neither is
	// adjusted (intersection-union test).
	Primary Class = "primary"
	// Secondary: the same in other cells, and the median latency in all. Adjusted by
	// Holm: the chance that any of them is said wrongly stays 5 %.
	Secondary Class = "secondary"
	// Exploratory: all else. It has no verdict; q-values are Benjamini and Hochberg's.
	Exploratory Class = "exploratory"
)

const (
	// alpha is the level of each one-sided test, verdictLevel that of the two-sided
	// interval whose ends decide.
	alpha        = 0.05
	verdictLevel = 1 - 2*alpha
	// power is the chance to find what is there that numbers of rounds and detectable
	// effects are stated for.
	power = 0.8
	// primaryPods is the density of the primary cell where the plan has it: the
	// kubelet's default limit.
	primaryPods = 110
)

// A Judgement is one endpoint of one arm against the baseline.
type Judgement struct {
	Series Series `json:"series"`
	Class  Class  `json:"class"`
	Kind   Kind   `json:"kind"`
	// Regime is empty where slices of one arm were joined with trials of the other.
	Regime Regime `json:"regime,omitempty"`
	// Ratio has the 90 % interval that the verdict rests on.
	Ratio Estimate `json:"ratio"`
	// Verdict is after adjustment, Unadjusted before: the same for primary ones.
	Verdict    Verdict `json:"verdict,omitempty"`
	Unadjusted Verdict `json:"unadjusted,omitempty"`
	// WithinMargin: NonInferior, but shown to cost more than the baseline.
	// Equivalent: also not less by more than the margin.
	WithinMargin bool `json:"worse_within_margin,omitempty"`
	Equivalent   bool `json:"equivalent,omitempty"`
	// P is the p-value of non-inferiority, of exploratory endpoints that of the exact
	// signed-rank test of no difference. Adjusted is P after adjustment.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	// Twin is the Hodges-Lehmann estimate with the interval of the exact signed-rank
	// test, which trusts no normal distribution; nil where there is none. TwinDiffers
	// says that it lies more than half of the interval's half width away.
	Twin        *Estimate `json:"hodges_lehmann,omitempty"`
	TwinDiffers bool      `json:"hodges_lehmann_differs,omitempty"`
	// SD is the standard deviation of the logarithms of the units' ratios.
	SD float64 `json:"sd"`
	// Detectable is the relative loss that as many units find with a power of 80 %;
	// 0 where it cannot be told.
	Detectable float64 `json:"detectable"`
	// Settles is how many rounds or cycles, in the unit of SettlesUnit, would settle
	// an inconclusive endpoint with a power of 80 % if the ratio is what was found; 0
	// where no reasonable number would.
	Settles     int  `json:"settles,omitempty"`
	SettlesUnit Unit `json:"settles_unit,omitempty"`
}

// tails are the one-sided p-values that verdicts rest on, each small if the data
// show just that.
type tails struct {
	better      float64 // the ratio is below 1
	nonInferior float64 // below 1+m
	inferior    float64 // above 1+m
	worse       float64 // above 1
	notLess     float64 // above 1/(1+m)
}

// decide turns p-values into a verdict: those of the t-test reject just where the
// end of the two-sided 90 % interval lies on the right side.
func (t tails) decide() (v Verdict, withinMargin, equivalent bool) {
	equivalent = t.nonInferior < alpha && t.notLess < alpha
	switch {
	case t.better < alpha:
		return Better, false, equivalent
	case t.nonInferior < alpha:
		return NonInferior, t.worse < alpha, equivalent
	case t.inferior < alpha:
		return Inferior, false, false
	}
	return Inconclusive, false, false
}

// together is the verdict on endpoints that must all hold.
func together(verdicts []Verdict) Verdict {
	rank := map[Verdict]int{Better: 1, NonInferior: 2, Inconclusive: 3, NoVerdict: 4, Inferior: 5}
	worst := Better
	for _, v := range verdicts {
		if rank[v] > rank[worst] {
			worst = v
		}
	}
	if len(verdicts) == 0 {
		return NoVerdict
	}
	return worst
}

// Judged returns the judgement of a series, nil if there is none.
func (a *ArmResult) Judged(s Series) *Judgement {
	for i := range a.Judgements {
		if a.Judgements[i].Series == s {
			return &a.Judgements[i]
		}
	}
	return nil
}
