package analysis

import (
	"slices"
	"strings"

	"cri-stats-bench/bench"
)

// isControl says that an arm is a positive control: it runs a collector that adds a
// known cost.
func isControl(a bench.Arm) bool {
	return slices.ContainsFunc(a.Collectors, func(c string) bool { return strings.HasPrefix(c, bench.ControlCollector) })
}

// copies finds arms that repeat another one under another name: same collectors,
// interval and window. The later one of the plan is the copy, unless it has a part
// to play as baseline or idle arm.
func copies(arms []bench.Arm, baseline, idle string) map[string]string {
	out := make(map[string]string)
	plays := func(a bench.Arm) bool { return a.Name == baseline || a.Name == idle }
	for i, a := range arms {
		for _, of := range arms[:i] {
			if out[of.Name] != "" || a.Interval != of.Interval || a.Window != of.Window || !slices.Equal(a.Collectors, of.Collectors) {
				continue
			}
			if plays(a) && !plays(of) {
				out[of.Name] = a.Name
			} else {
				out[a.Name] = of.Name
			}
			break
		}
	}
	return out
}
