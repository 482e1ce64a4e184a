package main

import (
	"log/slog"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
)

// looks knows the trials so far, and tells at the looks of the plan which arms a cell
// still needs. What was claimed too early is paid for: package judge spends the chance of
// a wrong claim over all looks.
type looks struct {
	plan   *plan.Plan
	log    *slog.Logger
	trials []bench.Trial
}

// watch passes trials on to a recorder and keeps those that are needed.
func (l *looks) watch(to bench.Recorder) bench.Recorder {
	if l.plan.Rounds.Every == 0 {
		return to
	}
	return recorderFunc(func(t *bench.Trial) error {
		l.trials = append(l.trials, *t)
		return to.Append(t)
	})
}

type recorderFunc func(*bench.Trial) error

func (f recorderFunc) Append(t *bench.Trial) error { return f(t) }

// look returns the arms that a cell needs after so many rounds.
func (l *looks) look(cell bench.Cell, rounds int) []string {
	so := slices.DeleteFunc(slices.Clone(l.trials), func(t bench.Trial) bool { return t.Cell != cell || t.Round >= rounds })
	arms, err := analysis.Input{Plan: l.plan, Trials: so}.Undecided(cell)
	if err != nil { // the run goes on: more rounds harm nothing
		if l.log != nil {
			l.log.Error("which arms are decided cannot be told", "cell", cell, "rounds", rounds, "err", err)
		}
		for _, a := range l.plan.Arms {
			arms = append(arms, a.Name)
		}
	}
	if l.log != nil {
		l.log.Info("look", "cell", cell, "rounds", rounds, "needed", arms)
	}
	return arms
}
