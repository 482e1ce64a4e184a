package main

import (
	"github.com/spf13/cobra"

	"cri-stats-bench/bench/agent"
)

// newAgent is the child's side of a trial: see package agent.
func newAgent() *cobra.Command {
	return &cobra.Command{
		Use:    "agent",
		Short:  "Run collectors on the orders of a parent process",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return agent.Serve(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), findCollector)
		},
	}
}
