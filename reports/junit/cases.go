package junit

import (
	"fmt"
	"strings"

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

// trials has a case per arm. Void trials are no failure as long as others of the arm
// count.
func trials(s *testsuite.Suite, r *analysis.Report) {
	for i := range r.Arms {
		a := &r.Arms[i]
		c := s.Add("trials of " + origin.Name(a.Name))
		c.Number("tried", float64(a.Trials.Tried))
		c.Number("used", float64(a.Trials.Used))
		var void []string
		for _, v := range a.Trials.Void {
			void = append(void, fmt.Sprintf("%d void for %s, the first because: %s", v.Trials, v.Reason, v.Example))
		}
		switch {
		case a.Trials.Used > 0:
			c.Say(strings.Join(void, "; "))
		case a.Unsupported != "":
			c.Skip("not supported: " + a.Unsupported)
		default:
			c.Fail("no usable trial", strings.Join(append([]string{fmt.Sprintf("of %d trials none can be used", a.Trials.Tried)}, void...), "; "))
		}
	}
}

// validity has a case for what a run finds of itself: whether it came to its end, its
// records are whole, arms are like themselves, and what was planted was found.
func validity(s *testsuite.Suite, r *analysis.Report) {
	whole := s.Add("the run is whole")
	for _, i := range r.RunNotes {
		if n := r.Notes[i]; n.Kind == analysis.NoteDamage || n.Kind == analysis.NoteUnfinished {
			whole.Fail(string(n.Kind), n.Text)
		}
	}
	for _, k := range r.SelfChecks {
		c := s.Add(fmt.Sprintf("%s of %s against itself at %s", table.MetricName(k.Series.Metric), origin.Name(k.Of), cellName(k.Cell)))
		c.Number("p_adjusted", k.Adjusted)
		if k.Failed {
			c.Fail("differs from itself", fmt.Sprintf("ratio %.4g: numbers of this kind cannot be trusted", k.Ratio.Value))
		}
	}
	for _, k := range r.Controls {
		c := s.Add(fmt.Sprintf("%s planted in %s at %s", table.MetricName(k.Series.Metric), origin.Name(k.Arm), cellName(k.Cell)))
		switch {
		case r.Simulated():
			c.Skip(table.Simulated + ": nothing was measured on a node")
		case k.Found.Interval == nil:
			c.Skip("too few rounds to tell")
		case !k.Detected:
			c.Fail("not found", fmt.Sprintf("%.4g was planted, %.4g found", k.Planted, k.Found.Value))
		}
	}
}
