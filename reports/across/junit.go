package across

import (
	"io"

	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/junit/testsuite"
	"cri-stats-bench/reports/table"
)

// WriteJUnit writes a comparison as test cases: one per endpoint that may have a
// verdict, and per fault. What regressed is a failure; what cannot be told is
// skipped, and so is all of a simulated comparison.
func WriteJUnit(w io.Writer, c *runs.Comparison) error {
	s := &testsuite.Suite{Name: "cri-stats-bench.compare", Time: "0", Properties: &testsuite.Properties{List: []testsuite.Property{
		{Name: "old", Value: testsuite.Message(c.Old.Name)},
		{Name: "new", Value: testsuite.Message(c.New.Name)},
		{Name: "margin", Value: format.Percent(c.Margin)},
	}}}
	settle(s.Add("comparison"), c, c.Verdict, "all endpoints and faults together; what regressed has a case of its own")
	for i := range c.Endpoints {
		e := &c.Endpoints[i]
		if e.Class == runs.Exploratory {
			continue
		}
		of := s.Add(endpointName(e) + " of " + e.Arm + " at " + e.Cell.String())
		text := "no ratio"
		if !e.Ratio.Absent() {
			of.Number("ratio", e.Ratio.Value)
			of.Number("n", float64(e.Ratio.N))
			text = "new over old " + format.One.Number(e.Ratio.Value)
			if i := e.Ratio.Interval; i != nil {
				of.Number("lo", i.Lo)
				of.Number("hi", i.Hi)
				text += " " + level(c.Level) + " " + format.One.Interval(i.Lo, i.Hi)
			}
		}
		settle(of, c, e.Verdict, text+", margin "+format.Percent(c.Margin))
	}
	for i := range c.Faults {
		f := &c.Faults[i]
		of := s.Add(string(f.Kind) + " of " + f.Arm + " " + f.Collector + " at " + cellName(f.Cell))
		of.Number("old", float64(f.Old.Affected))
		of.Number("new", float64(f.New.Affected))
		settle(of, c, f.Verdict, f.Detail)
	}
	return testsuite.Write(w, "cri-stats-bench", c.New.Last.Sub(c.New.First), s)
}

// settle turns a verdict into an outcome.
func settle(of *testsuite.Case, c *runs.Comparison, v runs.Verdict, text string) {
	switch {
	case c.Simulated:
		of.Skip(table.Simulated + ": nothing was measured on a node, so there is no verdict")
	case v == runs.Regressed:
		of.Fail(string(v), string(v)+": "+text)
	case v == runs.Same || v == runs.Improved:
		of.Say(string(v) + ": " + text)
	default:
		of.Skip("not settled: " + text)
	}
}
