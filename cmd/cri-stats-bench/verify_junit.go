package main

import (
	"io"
	"strings"
	"time"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/reports/junit/testsuite"
	"cri-stats-bench/reports/table"
)

// verifyJUnit writes one suite for each source, with one case for each kind of
// finding, so that a case has the same name whether or not it fails. A limit is
// what a case says though it passed; nothing of a simulated runtime passes.
func verifyJUnit(w io.Writer, v *verification) error {
	var suites []*testsuite.Suite
	for i := range v.report.Sources {
		s := &v.report.Sources[i]
		suite := &testsuite.Suite{Name: "verify " + s.Name, Time: "0"}
		for _, kind := range agreement.Kinds() {
			verifyCase(suite.Add(s.Name+" "+string(kind)), v, s, kind)
		}
		figures(suite.Cases[0], s)
		suites = append(suites, suite)
	}
	for _, u := range v.report.Unsupported {
		suite := &testsuite.Suite{Name: "verify " + u.Source, Time: "0"}
		suite.Add(u.Source).Skip(u.Why)
		suites = append(suites, suite)
	}
	return testsuite.Write(w, "cri-stats-bench verify", v.took.Round(time.Millisecond), suites...)
}

// verifyCase fills in what was found of one kind.
func verifyCase(c *testsuite.Case, v *verification, s *agreement.SourceReport, kind agreement.Kind) {
	var defects, limits []string
	for _, f := range v.report.Of(s.Name) {
		switch {
		case f.Kind != kind:
		case f.Severity == agreement.Defect:
			defects = append(defects, f.String())
		default:
			limits = append(limits, f.String())
		}
	}
	switch {
	case len(defects) > 0:
		c.Fail(string(kind), strings.Join(defects, "; "))
	case v.simulated:
		c.Skip(table.Simulated + ": nothing was verified on a node")
	}
	c.Say(strings.Join(limits, "; "))
}

// figures puts those of a source where TestGrid finds them.
func figures(c *testsuite.Case, s *agreement.SourceReport) {
	for _, figure := range []struct {
		name   string
		spread *agreement.Spread
	}{
		{"service_seconds", s.Service}, {"age_seconds", s.Age}, {"claimed_age_seconds", s.Claimed}, {"skew_seconds", s.Skew},
	} {
		if figure.spread != nil {
			c.Number(figure.name+"_p50", figure.spread.P50)
			c.Number(figure.name+"_p95", figure.spread.P95)
		}
	}
}
