package runs

import (
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
)

// A KEPVerdict is what the runs of one runtime say of one sentence of the KEP in one
// cell; of a sentence that no run speaks to, why that is so.
type KEPVerdict struct {
	Sentence analysis.KEPSentence `json:"sentence"`
	// Result is the weakest of the runs': PASS only if every run passes, FAIL if any
	// fails, else INCONCLUSIVE. No more is said of nodes in general. It is empty if the
	// runs are simulated.
	Result analysis.Result `json:"result,omitempty"`
	// Why says why no run speaks to the sentence. The rest is then empty.
	Why string `json:"why,omitempty"`
	// Runtime is that of the group. A runtime that cannot speak to a sentence has no
	// verdict where another one has.
	Runtime string        `json:"runtime,omitempty"`
	Cell    *bench.Cell   `json:"cell,omitempty"`
	Load    analysis.Load `json:"load,omitempty"`
	Primary bool          `json:"primary,omitempty"`
	// Nodes has what each node of the group says.
	Nodes []KEPNode `json:"nodes,omitempty"`
}

// A KEPNode is what the runs of one node say.
type KEPNode struct {
	Node string   `json:"node"`
	Runs []KEPRun `json:"runs"`
}

// A KEPRun is what one run says, NOT APPLICABLE where it says nothing.
type KEPRun struct {
	Run     string              `json:"run"`
	Verdict analysis.KEPVerdict `json:"verdict"`
}

// Runs are those of all nodes.
func (v *KEPVerdict) Runs() []KEPRun {
	var out []KEPRun
	for _, n := range v.Nodes {
		out = append(out, n.Runs...)
	}
	return out
}

// sentences says of each sentence of the KEP what the runs of each runtime say.
func (j *joiner) sentences(all []*Run) {
	for _, s := range sentencesOf(all) {
		speaks := false
		for i := range j.out.Groups {
			found := j.out.Groups[i].verdicts(s, j.out.Simulated)
			j.out.KEP = append(j.out.KEP, found...)
			speaks = speaks || len(found) > 0
		}
		if !speaks {
			j.out.KEP = append(j.out.KEP, KEPVerdict{Sentence: s, Result: analysis.NotApplicable, Why: j.out.whyNot(s)})
		}
	}
}

// sentencesOf lists the sentences that any run has a line of.
func sentencesOf(all []*Run) []analysis.KEPSentence {
	var out []analysis.KEPSentence
	known := make(map[string]bool)
	for _, r := range all {
		for _, v := range r.verdicts() {
			if !known[v.Sentence.ID] {
				known[v.Sentence.ID] = true
				out = append(out, v.Sentence)
			}
		}
	}
	return out
}

// verdicts are the run's own lines on sentences of the KEP.
func (r *Run) verdicts() []analysis.KEPVerdict {
	if r.Report.Kubelet == nil {
		return nil
	}
	return r.Report.Kubelet.Verdicts
}

// A line is where runs may speak to a sentence.
type line struct {
	sentence string
	cell     bench.Cell
	load     analysis.Load
	arm      string
}

// lineOf returns the line that a verdict is on; false if it is on none.
func lineOf(v *analysis.KEPVerdict) (line, bool) {
	if v.Cell == nil {
		return line{}, false
	}
	return line{v.Sentence.ID, *v.Cell, v.Load, v.Arm}, true
}

// verdicts are what the runs of a group say of a sentence, in the order of their
// lines; none if no run speaks to it.
func (g *Group) verdicts(s analysis.KEPSentence, simulated bool) []KEPVerdict {
	var lines []line
	var out []KEPVerdict
	for _, n := range g.Nodes {
		for _, r := range n.runs {
			for _, v := range r.verdicts() {
				at, ok := lineOf(&v)
				if !ok || v.Sentence.ID != s.ID || slices.Contains(lines, at) {
					continue
				}
				lines = append(lines, at)
				out = append(out, KEPVerdict{Sentence: s, Runtime: g.Runtime, Cell: v.Cell, Load: v.Load, Primary: v.Primary})
			}
		}
	}
	for i, at := range lines {
		for _, n := range g.Nodes {
			says := KEPNode{Node: n.Name}
			for _, r := range n.runs {
				says.Runs = append(says.Runs, KEPRun{r.Name, r.says(s, at)})
			}
			out[i].Nodes = append(out[i].Nodes, says)
		}
		if !simulated {
			out[i].Result = weakest(out[i].Runs())
		}
	}
	return out
}

// says is what the run says on a line. Others of its runtime speak to the sentence
// there, so a run that does not has no trial that counts.
func (r *Run) says(s analysis.KEPSentence, at line) analysis.KEPVerdict {
	for _, v := range r.verdicts() {
		if own, ok := lineOf(&v); ok && own == at {
			return v
		}
	}
	return analysis.KEPVerdict{Sentence: s, Result: analysis.NotApplicable, Why: "no trial of it counts"}
}

// weakest is what runs together say: a sentence holds on nodes only if it holds on
// each, and breaks if it does on one.
func weakest(all []KEPRun) analysis.Result {
	out := analysis.Pass
	for _, r := range all {
		switch r.Verdict.Result {
		case analysis.Pass:
		case analysis.Fail:
			return analysis.Fail
		default:
			out = analysis.Unsettled
		}
	}
	return out
}

// whyNot says why no run speaks to a sentence, in the words of each runtime's first
// run.
func (n *Nodes) whyNot(s analysis.KEPSentence) string {
	var whys []string
	for _, g := range n.Groups {
		for _, v := range g.Nodes[0].runs[0].verdicts() {
			if v.Sentence.ID == s.ID {
				whys = append(whys, g.Runtime+": "+v.Why)
			}
		}
	}
	return strings.Join(whys, "; ")
}
