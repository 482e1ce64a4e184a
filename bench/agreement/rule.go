package agreement

import (
	"fmt"
	"slices"

	"cri-stats-bench/bench"
)

// A Rule says which defects of a source take the worth from what it costs: an arm
// with such a source is shown with its cost and has no verdict.
type Rule string

// The rules.
const (
	// Required looks at answers as a whole, at who is in them, and at what the
	// kubelet cannot do without: CPU time and the working set.
	Required Rule = "required"
	// Everything looks at all quantities.
	Everything Rule = "everything"
	// Nothing lets every arm have a verdict.
	Nothing Rule = "nothing"
)

// Rules are all rules, the usual one first.
func Rules() []Rule { return []Rule{Required, Everything, Nothing} }

// ParseRule reads a rule as a plan has it; the empty text is the usual one.
func ParseRule(s string) (Rule, error) {
	if s == "" {
		return Required, nil
	}
	if r := Rule(s); slices.Contains(Rules(), r) {
		return r, nil
	}
	return "", fmt.Errorf("no rule of truth named %q: give one of %s, %s or %s", s, Required, Everything, Nothing)
}

// Broken returns the findings about a source that break the rule.
func (r Rule) Broken(report *Report, source string) []Finding {
	return slices.DeleteFunc(report.Of(source), func(f Finding) bool { return !r.breaks(f) })
}

func (r Rule) breaks(f Finding) bool {
	if f.Severity != Defect || r == Nothing {
		return false
	}
	return r == Everything || len(f.Quantities) == 0 || slices.ContainsFunc(f.Quantities, isRequired)
}

func isRequired(metric string) bool {
	return metric == bench.CPUUsage.Name || metric == bench.MemoryWorkingSet.Name
}
