package main

import (
	"strings"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/plan"
)

// choices are the words that flags of a command take which take one of some.
func choices(command string) map[string][]string {
	several := outputs{junit: true}
	formats := map[string][]string{"report": strings.Split(formNames(), "|"), "compare": several.formats(), "trend": several.formats()}
	out := map[string][]string{
		"preset":   plan.Presets(),
		"runtime":  privateRuntimes,
		"simulate": append([]string{"healthy"}, defectNames()...),
		"format":   verifyFormatNames(),
	}
	for _, rule := range agreement.Rules() {
		out["rule"] = append(out["rule"], string(rule))
	}
	for _, spec := range collectors {
		out["source"] = append(out["source"], spec.Name)
	}
	if names, ok := formats[command]; ok {
		out["format"] = names
	}
	return out
}

// complete lets a shell complete the values of flags, and the names of collectors.
func complete(cmd *cobra.Command) {
	for name, words := range choices(cmd.Name()) {
		if cmd.Flags().Lookup(name) != nil {
			// It fails for a flag that is not there, or registered twice.
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	if cmd.Name() == "collect" {
		var names []string
		for _, spec := range collectors {
			names = append(names, spec.Name)
		}
		cmd.ValidArgsFunction = cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)
	}
	for _, child := range cmd.Commands() {
		complete(child)
	}
}
