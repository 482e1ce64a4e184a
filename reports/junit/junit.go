// Package junit writes a report as JUnit XML, for Prow, TestGrid and whatever else
// shows test results: one test case per requirement on the node, per arm, per check of
// the run by itself, per check of answers, and per verdict.
//
// A failure means that the run is worth nothing (a requirement is not met, an arm has no
// trial that counts, an arm differs from itself, what was planted was not found), or that
// answers have a defect which breaks the plan's rule. What something costs is no failure:
// it would be one every night. That is for a comparison of two runs (package across). What
// cannot be told is skipped with its reason, and never passes: neither an inconclusive
// verdict nor anything of a simulated run. It does not decide: package analysis does.
package junit

import (
	"io"
	"time"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/junit/testsuite"
	"cri-stats-bench/reports/origin"
)

// name is that of the root and the beginning of the suites' names.
const name = "cri-stats-bench"

// FileName is what Prow and TestGrid look for: junit_CONTEXT_DATE-TIME_01.xml, in
// which context has no "_". The time is that of the run; a run that came to no trial
// has none.
func FileName(context string, r *analysis.Report) string {
	if context == "" {
		context = name // or TestGrid would take the time for it
	}
	file := "junit_" + origin.FileName(context, 60)
	if !r.First.IsZero() {
		file += "_" + r.First.UTC().Format("20060102-1504")
	}
	return file + "_01.xml"
}

// Write writes the report.
func Write(w io.Writer, r *analysis.Report) error {
	started := ""
	if !r.First.IsZero() {
		started = r.First.UTC().Format(time.RFC3339)
	}
	facts := about(r)
	var all []*testsuite.Suite
	for _, s := range []struct {
		name string
		fill func(*testsuite.Suite, *analysis.Report)
	}{{"preflight", preflight}, {"trials", trials}, {"validity", validity}, {"truth", truth}, {"verdict", verdicts}} {
		of := &testsuite.Suite{Name: name + "." + s.name, Time: "0", Timestamp: started, Properties: facts}
		s.fill(of, r)
		all = append(all, of)
	}
	return testsuite.Write(w, name, r.Last.Sub(r.First), all...)
}

// about says where the results come from.
func about(r *analysis.Report) *testsuite.Properties {
	var out testsuite.Properties
	if mark := origin.Mark(&r.Host); mark != "" {
		out.List = append(out.List, testsuite.Property{Name: "mark", Value: mark})
	}
	for _, pairs := range [][]origin.Pair{origin.Setting(r), origin.Occasion(r)} {
		for _, p := range pairs {
			out.List = append(out.List, testsuite.Property{Name: p.Key, Value: p.Value})
		}
	}
	if len(out.List) == 0 {
		return nil
	}
	return &out
}
