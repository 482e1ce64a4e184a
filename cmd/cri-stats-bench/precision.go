package main

import (
	"log/slog"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
)

// precision knows the trials so far, and tells between rounds whether a cell is
// known as precisely as the plan asks. It looks at the widths of intervals alone:
// who stopped when the numbers look good would find differences that are none.
type precision struct {
	plan   *plan.Plan
	log    *slog.Logger
	trials []bench.Trial
}

// watch passes trials on to a recorder and keeps those that are needed.
func (p *precision) watch(to bench.Recorder) bench.Recorder {
	if p.plan.Precision == 0 {
		return to
	}
	return recorderFunc(func(t *bench.Trial) error {
		p.trials = append(p.trials, *t)
		return to.Append(t)
	})
}

type recorderFunc func(*bench.Trial) error

func (f recorderFunc) Append(t *bench.Trial) error { return f(t) }

// enough tells whether a cell can go without further rounds.
func (p *precision) enough(cell bench.Cell) bool {
	if p.plan.Precision == 0 {
		return false
	}
	widest, ok, err := analysis.Input{Plan: p.plan, Trials: p.trials}.Widest(cell)
	if err != nil { // the run goes on: more rounds harm nothing
		p.log.Error("how precise a cell is cannot be told", "cell", cell, "err", err)
	}
	if err != nil || !ok {
		return false
	}
	p.log.Info("precision", "cell", cell, "widest", widest.Arm, "of", widest.Series, "half_width", widest.HalfWidth, "want", p.plan.Precision)
	return widest.HalfWidth <= p.plan.Precision
}
