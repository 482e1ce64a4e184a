package junit

import (
	"fmt"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/junit/testsuite"
	"cri-stats-bench/reports/origin"
	"cri-stats-bench/reports/table"
)

// preflight has a case per requirement on the node. One that is not met so badly
// that nothing can be measured is a failure; one that takes the numbers' worth, or
// that the node does not tell, is skipped.
func preflight(s *testsuite.Suite, r *analysis.Report) {
	for _, check := range r.Host.Preflight {
		c := s.Add("preflight " + origin.Name(check.Name))
		switch check.Status {
		case "ok":
			c.Say(check.Detail)
		case "fail":
			c.Fail("requirement", check.Detail)
		default:
			c.Skip(strings.TrimSpace(check.Status + ": " + check.Detail))
		}
	}
	if len(r.Host.Preflight) == 0 {
		s.Add("preflight").Skip("the records say nothing of what was looked at before the run")
	}
	c := s.Add("fit for publication")
	switch {
	case r.Simulated():
		c.Skip(table.Simulated + ": nothing was measured on a node")
	case len(r.Host.NotForPublication) > 0:
		c.Skip(table.NotForPublication + ": " + origin.Reasons(&r.Host))
	case len(r.Host.Preflight) == 0:
		c.Skip("not known")
	}
}

// voidReasons are the rules by which trials are void.
func voidReasons() []bench.VoidReason {
	return []bench.VoidReason{
		bench.VoidSteal, bench.VoidForeignCPU, bench.VoidRestart, bench.VoidPodCount, bench.VoidMissedSchedule,
		bench.VoidHarnessCPU, bench.VoidAgent, bench.VoidMeter, bench.VoidTreatment,
	}
}

// trials has a case per arm, and one per arm and void rule. Void trials are no
// failure as long as others of the arm count.
func trials(s *testsuite.Suite, r *analysis.Report) {
	for i := range r.Arms {
		a := &r.Arms[i]
		used, tried := a.Trials.Used, a.Trials.Tried
		c := s.Add("trials of " + origin.Name(a.Name))
		c.Number("tried", float64(tried))
		c.Number("used", float64(used))
		switch {
		case a.Unsupported != "" && used == 0:
			c.Skip("not supported: " + a.Unsupported)
		case used == 0:
			c.Fail("no usable trial", fmt.Sprintf("of %d trials none can be used", tried))
		}
		void := make(map[bench.VoidReason]int)
		examples := make(map[bench.VoidReason]string)
		reasons := voidReasons()
		for _, v := range a.Trials.Void {
			if void[v.Reason] == 0 {
				examples[v.Reason] = v.Example
			}
			void[v.Reason] += v.Trials
			if !slices.Contains(reasons, v.Reason) { // of a later version
				reasons = append(reasons, v.Reason)
			}
		}
		for _, reason := range reasons {
			c := s.Add(fmt.Sprintf("guard %s of %s", origin.Name(string(reason)), origin.Name(a.Name)))
			c.Number("void", float64(void[reason]))
			c.Number("tried", float64(tried))
			if void[reason] == 0 {
				continue
			}
			text := fmt.Sprintf("%d of %d trials are void, the first because: %s", void[reason], tried, examples[reason])
			if used == 0 {
				c.Fail("no usable trial", text)
			} else {
				c.Say(text)
			}
		}
	}
}
