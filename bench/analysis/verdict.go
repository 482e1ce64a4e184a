package analysis

import "cri-stats-bench/bench/judge"

// A Verdict is what can be said about an endpoint with a chance of 5 % to say it
// wrongly; package judge decides. Costs are better when smaller.
type Verdict = judge.Verdict

// The verdicts, as package judge has them. L and U are the ends of the interval of the
// ratio, and m is the plan's margin.
const (
	// NoVerdict: there is no ratio, or the run may not have one. Notes say why.
	NoVerdict    = judge.NoVerdict
	Better       = judge.Better       // U < 1
	NonInferior  = judge.NonInferior  // U < 1+m
	Inferior     = judge.Inferior     // L > 1+m
	Inconclusive = judge.Inconclusive // none of these
)

// A Class says what an endpoint weighs when all are adjusted for their number.
type Class string

// The classes.
const (
	// Primary: CPU and PSS totals of the headline. Each weighs as much as thirty others.
	Primary Class = "primary"
	// Secondary: all others that have a verdict.
	Secondary Class = "secondary"
)

// weight is what an endpoint of the class weighs in the adjustment of Holm.
func (c Class) weight() float64 {
	if c == Primary {
		return 30
	}
	return 1
}

const (
	// alpha is the level of each one-sided test, verdictLevel that of the two-sided
	// interval whose ends decide where nothing is adjusted.
	alpha        = judge.Alpha
	verdictLevel = 1 - 2*alpha
	// power is the chance to find what is there that numbers of rounds and detectable
	// effects are stated for.
	power = 0.8
	// primaryPods is the density of the primary cell where the plan has it: the
	// kubelet's default limit.
	primaryPods = 110
)

// A Judgement is one endpoint of a pairing.
type Judgement struct {
	Series Series `json:"series"`
	Class  Class  `json:"class"`
	// New and Old are the geometric means of both sides in the rounds that the ratio is
	// of, in base units: their quotient is the ratio. 0 where there is none.
	New float64 `json:"new"`
	Old float64 `json:"old"`
	// StealSlope is by how much the logarithm of a cost goes with the share of the node's
	// time that the hypervisor takes: New, Old and Ratio are stated at no steal. Raw is
	// the ratio as it was measured. Both are 0 where nothing was taken off.
	StealSlope float64 `json:"steal_slope,omitempty"`
	Raw        float64 `json:"ratio_raw,omitempty"`
	// Ratio has the 90 % interval, wider where the run was looked at more than once.
	Ratio Estimate `json:"ratio"`
	// Verdict is after the adjustment for all endpoints and looks of the run,
	// Unadjusted before.
	Verdict    Verdict `json:"verdict,omitempty"`
	Unadjusted Verdict `json:"unadjusted,omitempty"`
	// WithinMargin: NonInferior, but shown to cost more than the other arm. Equivalent:
	// also not less by more than the margin.
	WithinMargin bool `json:"worse_within_margin,omitempty"`
	Equivalent   bool `json:"equivalent,omitempty"`
	// Worse: shown to cost more than the other arm, whether or not by the margin.
	Worse bool `json:"worse,omitempty"`
	// P is the p-value of non-inferiority at the last look, Adjusted the one after the
	// adjustment.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	// SD is the standard deviation of the logarithm of one round's ratio. Pooled says
	// that it is that of all arms with the same windows.
	SD     float64 `json:"sd"`
	Pooled bool    `json:"pooled,omitempty"`
	// Detectable is the relative loss that as many rounds find with a power of 80 %;
	// 0 where it cannot be told.
	Detectable float64 `json:"detectable"`
	// Settles is how many rounds would settle an inconclusive endpoint with a power of
	// 80 % if the ratio is what was found; 0 where no reasonable number would.
	Settles int `json:"settles,omitempty"`
}

func judged(all []Judgement, s Series) *Judgement {
	for i := range all {
		if all[i].Series == s {
			return &all[i]
		}
	}
	return nil
}

// Judged returns the judgement of a series against the arm's reference, nil if there is
// none.
func (a *ArmResult) Judged(s Series) *Judgement { return judged(a.Judgements, s) }
