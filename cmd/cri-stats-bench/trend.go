package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/runs"
	"cri-stats-bench/bench/trend"
	"cri-stats-bench/reports/across"
)

func newTrend() *cobra.Command {
	o := outputs{junit: true}
	var fail failOn
	cmd := &cobra.Command{
		Use:   "trend DIR DIR...",
		Short: "Look at the runs of many nights: what changed, and since which run",
		Long: `trend reads runs of one plan on one node, in the order of time, and says where the
CPU time, the memory or the latency of an arm that the plan compares, or the ratio of
two of them, went over to another level: E-divisive change points, with the run where
each began. It takes a month to learn how much the nights differ: fewer than thirteen runs
can show no change at all, and twenty show one that is three nights old.

Unlike compare it knows how much the node differs from night to night, and needs no
margin; unlike compare it takes some nights.`,
		Example: indent(`
cri-stats-bench trend nights/*

# In CI: status 20 if anything costs more since one of the last ten runs.
cri-stats-bench trend --fail-on regressed --out artifacts nights/*`),
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fail.among(trendStatus()); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			all, err := openRuns(cmd.ErrOrStderr(), args)
			if err != nil {
				return err
			}
			t, err := trend.Of(all)
			if err != nil {
				return refused(err, "")
			}
			junit := func(w io.Writer) error { return across.WriteTrendJUnit(w, t) }
			if err := o.write(cmd.OutOrStdout(), "trend", across.Trend(t), t, junit); err != nil {
				return err
			}
			named := make(map[string][]string)
			if losses := across.Losses(t); len(losses) > 0 {
				named[string(runs.Regressed)] = []string{strings.Join(losses, ", ")}
			}
			return fail.fails(trendStatus(), named)
		},
	}
	o.add(cmd)
	fail.flag(cmd, trendStatus(), "anything is so")
	return cmd
}
