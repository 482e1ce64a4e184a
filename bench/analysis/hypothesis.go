package analysis

import "cri-stats-bench/bench/plan"

// An Outcome is what records say of a hypothesis.
type Outcome string

// The outcomes.
const (
	Confirmed Outcome = "confirmed"
	Refuted   Outcome = "refuted"
	Undecided Outcome = "undecided"
)

// A Tested is a hypothesis and what the run says of it.
type Tested struct {
	// ID, Claim and Predicts are the hypothesis's.
	ID       string  `json:"id"`
	Claim    string  `json:"claim"`
	Predicts string  `json:"predicts"`
	Outcome  Outcome `json:"outcome"`
	// Numbers are what the outcome rests on, in words.
	Numbers string `json:"numbers"`
}

// hypothesis puts the plan's hypothesis to the test.
func (b *builder) hypothesis() error {
	h, ok := plan.HypothesisOf(b.input.Plan.Hypothesis)
	if !ok {
		return nil
	}
	b.report.Hypothesis = &Tested{ID: h.ID, Claim: h.Claim, Predicts: h.Predicts, Outcome: Undecided, Numbers: "nothing was measured on a node"}
	return nil
}
