package junit

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/junit/testsuite"
	"cri-stats-bench/reports/origin"
	"cri-stats-bench/reports/table"
)

// truth has a case per collector, cell and state whose answers were checked. What was
// found and breaks no rule is what a case says though it passed.
func truth(s *testsuite.Suite, r *analysis.Report) {
	for i := range r.Checks {
		check := &r.Checks[i]
		name := fmt.Sprintf("truth of %s at %s", origin.Name(check.Collector), cellName(check.Cell))
		if check.State != "" {
			name += ", " + origin.Name(check.State)
		}
		c := s.Add(name)
		if check.Source != nil {
			ages(c, check.Source)
		}
		switch {
		case check.Source == nil:
			c.Skip("could not be checked: " + check.Why)
		case len(check.Broken) > 0:
			c.Fail(string(check.Broken[0].Kind), lines(check.Broken))
		case r.Simulated():
			c.Skip(table.Simulated + ": nothing was checked on a node")
		}
		c.Say(lines(check.Findings))
	}
	if len(r.Checks) == 0 {
		s.Add("truth").Skip("nothing was checked")
	}
}

func lines(findings []agreement.Finding) string {
	texts := make([]string, len(findings))
	for i, f := range findings {
		texts[i] = f.String()
	}
	return strings.Join(texts, "; ")
}

// ages puts the figures of a check where TestGrid finds them.
func ages(c *testsuite.Case, s *agreement.SourceReport) {
	if s.Age != nil {
		c.Number("age_seconds_p50", s.Age.P50)
		c.Number("age_seconds_p95", s.Age.P95)
	}
	if s.Fresh != nil {
		c.Number("fresh_share", s.Fresh.Value)
	}
	c.Number("containers", s.Containers)
	c.Number("containers_due", s.ContainersDue)
}
