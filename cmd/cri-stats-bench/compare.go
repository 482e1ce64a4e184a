package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/across"
)

func newCompare() *cobra.Command {
	o := outputs{junit: true}
	margin := fraction(0)
	var anyway bool
	var fail failOn
	cmd := &cobra.Command{
		Use:   "compare OLD NEW",
		Short: "Compare a new run with an old one: what regressed, improved, or is the same",
		Long: `compare sets the records of a new run against those of an old one of the same
plan on the same node, and says of the CPU time, the memory and the latency of
every arm whether it regressed, improved or is the same. It is there for nightly
jobs: if nothing changed, one comparison in twenty at most says that anything
regressed.

Two runs at different times differ by more than their trials tell. The margin
must be wider than what a node does from day to day: compare two runs of the same
software on it to see how much that is.`,
		Example: indent(`
cri-stats-bench compare out/20261121-020000-nightly out/20261122-020000-nightly

# In CI: status 20 if anything is more than 5 % worse, 10 if that cannot be told.
cri-stats-bench compare --margin 5% --fail-on regressed,inconclusive base/ candidate/

# For a pull request, and for other programs:
cri-stats-bench compare --format markdown base/ candidate/ > compare.md
cri-stats-bench compare --format json base/ candidate/ | jq '.endpoints[] | select(.verdict == "Regressed")'`),
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fail.among(comparisonStatus()); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			all, err := openRuns(cmd.ErrOrStderr(), args)
			if err != nil {
				return err
			}
			c, err := runs.Compare(all[0], all[1], runs.Options{Margin: float64(margin), Anyway: anyway})
			if err != nil {
				return refused(err, "; --anyway compares them all the same")
			}
			junit := func(w io.Writer) error { return across.WriteJUnit(w, c) }
			if err := o.write(cmd.OutOrStdout(), "compare", across.Comparison(c), c, junit); err != nil {
				return err
			}
			return fail.fails(comparisonStatus(), map[string][]string{string(c.Verdict): {c.New.Name}})
		},
	}
	o.add(cmd)
	cmd.Flags().Var(&margin, "margin", "relative change that does not matter, as 5% or 0.05 (default: the plan's)")
	cmd.Flags().BoolVar(&anyway, "anyway", false, "compare runs of other machines, and of plans that measured something else")
	fail.flag(cmd, comparisonStatus(), "the comparison is so")
	return cmd
}

// openRuns reads runs one after the other; damage to records is told.
func openRuns(stderr io.Writer, dirs []string) ([]*runs.Run, error) {
	var out []*runs.Run
	for _, dir := range dirs {
		r, err := runs.Open(dir)
		if err != nil {
			return nil, opening(err)
		}
		for _, damage := range r.Damage {
			fmt.Fprintf(stderr, "cri-stats-bench: %s: damaged record, not used: %s\n", dir, damage)
		}
		out = append(out, r)
	}
	return out, nil
}

// refused makes runs that do not go together the user's mistake.
func refused(err error, hint string) error {
	var different *runs.DifferenceError
	var duplicate *runs.DuplicateError
	switch {
	case errors.As(err, &different):
		return usage("%w%s", err, hint)
	case errors.As(err, &duplicate):
		return usage("%w", err)
	}
	return err
}

// A fraction is a flag for a share, with a percent sign or without.
type fraction float64

func (f *fraction) String() string {
	if *f == 0 {
		return ""
	}
	return strconv.FormatFloat(100*float64(*f), 'g', -1, 64) + "%"
}

func (f *fraction) Type() string { return "percent" }

// Set takes "5%" and "0.05", and refuses 5: it might mean either.
func (f *fraction) Set(text string) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return fmt.Errorf("%q is no share: give 5%% or 0.05", text)
	}
	if percent {
		v /= 100
	}
	if !(v > 0 && v < 1) {
		return fmt.Errorf("%s is not between 0%% and 100%%: give 5%% or 0.05", text)
	}
	*f = fraction(v)
	return nil
}
