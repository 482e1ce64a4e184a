package junit

import (
	"cmp"
	"fmt"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/junit/testsuite"
	"cri-stats-bench/reports/origin"
	"cri-stats-bench/reports/table"
)

// verdicts has a case per comparison and endpoint: CPU, PSS, and both together.
func verdicts(s *testsuite.Suite, r *analysis.Report) {
	if r.Simulated() {
		s.Add("verdict").Skip(table.Simulated + ": nothing was measured on a node, so there is no verdict")
		return
	}
	for i := range r.Cells {
		cell := &r.Cells[i]
		for k := range cell.Pairings {
			p := &cell.Pairings[k]
			at := fmt.Sprintf("%s against %s at %s", origin.Name(p.Of), origin.Name(p.To), cellName(cell.Cell))
			withheld := strings.Join(p.Withheld, "; ")
			for _, endpoint := range []struct {
				name   string
				metric analysis.Metric
			}{{"CPU", analysis.CPUCores}, {"PSS", analysis.PSS}} {
				judgement := p.Judged(analysis.TotalOf(endpoint.metric))
				judged(s.Add(endpoint.name+" of "+at), r, judgement, withheld)
			}
			c := s.Add("CPU and PSS of " + at)
			settle(c, p.Together, "CPU and memory must both hold; each has a case of its own", cmp.Or(withheld, "one of them has no verdict"))
		}
	}
	sentences(s, r)
	if len(s.Cases) == 0 {
		s.Add("verdict").Skip("nothing can be compared")
	}
}

// sentences has a case per sentence of the KEP that the run was asked about, by cell
// and load.
func sentences(s *testsuite.Suite, r *analysis.Report) {
	if r.Kubelet == nil {
		return
	}
	for i := range r.Kubelet.Verdicts {
		v := &r.Kubelet.Verdicts[i]
		name := "KEP-2371 " + origin.Name(v.Sentence.ID)
		if v.Cell != nil {
			name += fmt.Sprintf(": %s against %s at %s, %s", origin.Name(v.Arm), origin.Name(v.Against), cellName(*v.Cell), v.Load)
		}
		c := s.Add(name)
		c.Put("sentence", testsuite.Message(v.Sentence.Text))
		text := string(v.Result) + ": " + v.Why
		for _, p := range v.Parts {
			text += fmt.Sprintf("; %s, %s: %s", p.Name, p.Wants, p.Result)
			if p.Ratio.Absent() {
				continue
			}
			c.Number(p.Name+" ratio", p.Ratio.Value)
			if i := p.Ratio.Interval; i != nil {
				c.Number(p.Name+" lo", i.Lo)
				c.Number(p.Name+" hi", i.Hi)
			}
		}
		switch v.Result {
		case analysis.Pass, analysis.Fail:
			c.Say(text)
		default:
			c.Skip(text)
		}
	}
}

func cellName(c bench.Cell) string {
	c.Profile = origin.Name(c.Profile)
	return c.String()
}

// judged fills in the case of one endpoint; untrue says why there is no verdict
// though there is a ratio.
func judged(c *testsuite.Case, r *analysis.Report, j *analysis.Judgement, untrue string) {
	if j == nil {
		c.Skip("no verdict: " + cmp.Or(untrue, "no judgement"))
		return
	}
	if !j.Ratio.Absent() {
		c.Number("ratio", j.Ratio.Value)
	}
	if i := j.Ratio.Interval; i != nil {
		c.Number("lo", i.Lo)
		c.Number("hi", i.Hi)
		c.Number("p", j.P)
		c.Number("p_adjusted", j.Adjusted)
	}
	c.Number("n", float64(j.Ratio.N))
	c.Number("margin", r.Margin)
	if j.Detectable > 0 {
		c.Number("detectable", j.Detectable)
	}
	c.Put("class", string(j.Class))
	notes := strings.Join(noteTexts(r, j.Ratio.Notes), "; ")
	text := estimate(r, j)
	if notes != "" {
		text += ". But: " + notes
	}
	settle(c, j.Verdict, text, cmp.Or(untrue, notes))
}

// settle turns a verdict into an outcome: text explains it, absent why there is
// none.
func settle(c *testsuite.Case, v analysis.Verdict, text, absent string) {
	if v != analysis.NoVerdict {
		c.Put("verdict", string(v))
	}
	switch v {
	case analysis.Better, analysis.NonInferior, analysis.Inferior:
		c.Say(string(v) + ": " + text)
	case analysis.Inconclusive:
		c.Skip(string(v) + ": " + text)
	default:
		c.Skip("no verdict: " + absent)
	}
}

// estimate is the ratio in words.
func estimate(r *analysis.Report, j *analysis.Judgement) string {
	if j.Ratio.Absent() {
		return "no ratio"
	}
	text := fmt.Sprintf("ratio %.4g", j.Ratio.Value)
	if i := j.Ratio.Interval; i != nil {
		text += fmt.Sprintf(", %g %% interval %.4g to %.4g", 100*r.VerdictLevel, i.Lo, i.Hi)
	}
	return fmt.Sprintf("%s, margin %g, n=%d", text, r.Margin, j.Ratio.N)
}

func noteTexts(r *analysis.Report, ids []int) []string {
	var out []string
	for _, id := range ids {
		if id >= 0 && id < len(r.Notes) {
			out = append(out, r.Notes[id].Text)
		}
	}
	return out
}
