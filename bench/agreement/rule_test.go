package agreement_test

import (
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

func TestRule(t *testing.T) {
	const source, other = "source", "other"
	finding := func(severity agreement.Severity, quantities ...string) agreement.Finding {
		return agreement.Finding{Source: source, Kind: agreement.Wrong, Severity: severity, Quantities: quantities}
	}
	f := func(finding agreement.Finding, required, everything bool) {
		t.Helper()
		r := &agreement.Report{Findings: []agreement.Finding{finding, {Source: other, Severity: agreement.Defect}}}
		for rule, want := range map[agreement.Rule]bool{agreement.Required: required, agreement.Everything: everything, agreement.Nothing: false} {
			if got := len(rule.Broken(r, source)) > 0; got != want {
				t.Errorf("%v breaks the rule %q: %t, want %t", finding, rule, got, want)
			}
		}
	}
	f(finding(agreement.Defect), true, true) // of answers or of who is in them
	f(finding(agreement.Defect, bench.CPUUsage.Name), true, true)
	f(finding(agreement.Defect, bench.SwapUsage.Name, bench.MemoryWorkingSet.Name), true, true)
	f(finding(agreement.Defect, bench.SwapUsage.Name), false, true)
	f(finding(agreement.Limit, bench.CPUUsage.Name), false, false)
}

func TestParseRule(t *testing.T) {
	f := func(text string, want agreement.Rule, ok bool) {
		t.Helper()
		if got, err := agreement.ParseRule(text); got != want || (err == nil) != ok {
			t.Errorf("ParseRule(%q) = %q, %v", text, got, err)
		}
	}
	f("", agreement.Required, true)
	for _, rule := range agreement.Rules() {
		f(string(rule), rule, true)
	}
	f("all", "", false)
}
