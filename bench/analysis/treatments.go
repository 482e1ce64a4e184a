package analysis

import (
	"fmt"
	"slices"

	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/stat"
)

// A Treatment is a build or a configuration of the runtime, and how its restarts went.
type Treatment struct {
	plan.Treatment
	// Settled is how long the runtime took from a restart until it was at rest, in
	// seconds; N counts restarts.
	Settled Estimate `json:"settled_seconds"`
}

// treatments says how the treatments of the runtime went, and whether two of them are the
// same.
func (b *builder) treatments() error {
	for i, t := range b.input.Plan.Treatments {
		var settled []float64
		for _, trial := range b.trials {
			if trial.State == t.Name && trial.Settled > 0 {
				settled = append(settled, trial.Settled.Seconds())
			}
		}
		out := Treatment{Treatment: t}
		if len(settled) > 0 {
			out.Settled = Estimate{Value: arithmeticMean(settled), N: len(settled)}
			interval, note, err := b.interval(stat.MeanT(settled, intervalLevel))
			if err != nil {
				return fmt.Errorf("restarts as %s: %w", t.Name, err)
			}
			if out.Settled.Interval = interval; interval == nil {
				out.Settled.Notes = addID(nil, note)
			}
		}
		b.report.Treatments = append(b.report.Treatments, out)
		for _, o := range b.input.Plan.Treatments[:i] {
			if o.Programs == t.Programs && o.Config == t.Config && slices.Equal(o.Env, t.Env) {
				b.runNote(NoteItself, fmt.Sprintf("A/A: %s and %s are the same runtime, what differs between them is chance", o.Name, t.Name))
			}
		}
	}
	return nil
}
