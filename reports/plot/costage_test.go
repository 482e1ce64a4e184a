package plot

import (
	"strings"
	"testing"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
)

// The stepped line goes through arms that nobody beats in age and cost, and never
// through answers that are not true.
func TestUnbeaten(t *testing.T) {
	c := &analysis.Cell{}
	add := func(name string, age, cost float64, untrue ...string) {
		c.Arms = append(c.Arms, analysis.ArmResult{Arm: name, Untrue: untrue, Freshness: &analysis.Freshness{
			Age: &agreement.Spread{P95: age}, CPUPerSample: analysis.Estimate{Value: cost, N: 3},
		}})
	}
	add("old", 15, 1e-5)
	add("wrong", 0.001, 1e-6, "frozen")
	add("fresh", 0.01, 5e-5)
	add("beaten", 0.02, 6e-5)
	add("as fresh", 0.01, 7e-5)
	add("older", 30, 2e-5)
	add("between", 1, 2e-5)
	add("below idle", 0.01, -1e-5)
	c.Arms = append(c.Arms, analysis.ArmResult{Arm: "not checked"}, analysis.ArmResult{Arm: "no clock", Freshness: &analysis.Freshness{}})
	names := func(all []freshCost) string {
		var out []string
		for _, b := range all {
			out = append(out, b.arm)
		}
		return strings.Join(out, ", ")
	}
	all := freshCosts(c)
	if got, want := names(all), "wrong, fresh, as fresh, beaten, between, old, older"; got != want {
		t.Errorf("drawn are %s, want %s", got, want)
	}
	if got, want := names(unbeaten(all)), "fresh, between, old"; got != want {
		t.Errorf("unbeaten are %s, want %s", got, want)
	}
}
