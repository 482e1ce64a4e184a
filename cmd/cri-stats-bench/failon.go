package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/runs"
)

// failOn are the verdicts that make a command fail, for use in CI.
type failOn []string

// A failStatus is a word that --fail-on takes, the verdict it stands for, and the
// exit status of that.
type failStatus struct {
	word, verdict string
	status        int
}

// armStatus are those of verdicts on arms, the worse one first.
func armStatus() []failStatus {
	return []failStatus{
		{"inferior", string(analysis.Inferior), exitInferior},
		{"untrue", untrue, exitInferior},
		{"inconclusive", string(analysis.Inconclusive), exitInconclusive},
	}
}

// untrue is the verdict of a comparison that has none since answers are not true, or
// were not checked although the plan asks for it.
const untrue = "untrue"

// comparisonStatus are those of verdicts on a new run against an old one.
func comparisonStatus() []failStatus {
	return []failStatus{
		{"regressed", string(runs.Regressed), exitInferior},
		{"inconclusive", string(runs.Inconclusive), exitInconclusive},
	}
}

// trendStatus are those of changes over many runs.
func trendStatus() []failStatus { return comparisonStatus()[:1] }

func (f *failOn) add(cmd *cobra.Command) {
	f.flag(cmd, armStatus(), "a comparison of the headline, CPU and memory together, or a sentence of KEP-2371 is so (FAIL counts as inferior, what was not measured as inconclusive)")
}

func (f *failOn) flag(cmd *cobra.Command, known []failStatus, where string) {
	texts := make([]string, len(known))
	for i, k := range known {
		texts[i] = fmt.Sprintf("%d (%s)", k.status, k.word)
	}
	cmd.Flags().StringSliceVar((*[]string)(f), "fail-on", nil, fmt.Sprintf("end with status %s if %s", strings.Join(texts, " or "), where))
}

// valid refuses words that are no verdict on an arm to fail on.
func (f failOn) valid() error { return f.among(armStatus()) }

// among refuses words that are not known.
func (f failOn) among(known []failStatus) error {
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = k.word
	}
	for _, word := range f {
		if !slices.Contains(words, word) {
			return usage("--fail-on %s: give some of %s", word, strings.Join(words, ", "))
		}
	}
	return nil
}

// sentenceVerdict is the verdict on an arm that a result on a sentence of the KEP
// counts as.
func sentenceVerdict(r analysis.Result) string {
	switch r {
	case analysis.Fail:
		return string(analysis.Inferior)
	case analysis.Unsettled:
		return string(analysis.Inconclusive)
	}
	return ""
}

// check fails if a comparison or a sentence has a verdict in the primary cell to fail on.
func (f failOn) check(r *analysis.Report) error {
	named := make(map[string][]string)
	for _, p := range r.Headlines() {
		verdict := string(p.Together)
		switch {
		case len(p.Withheld) > 0 && len(p.Judgements) > 0:
			verdict = untrue
		case p.Together == analysis.NoVerdict: // what was not measured is not decided
			verdict = string(analysis.Inconclusive)
		}
		named[verdict] = append(named[verdict], p.Of+" to "+p.To)
	}
	if len(r.Headlines()) == 0 && r.Kubelet == nil {
		named[string(analysis.Inconclusive)] = []string{"nothing that the plan asks for was compared"}
	}
	if r.Kubelet != nil {
		for _, v := range r.Kubelet.Verdicts {
			if v.Primary {
				verdict := sentenceVerdict(v.Result)
				named[verdict] = append(named[verdict], v.Sentence.ID)
			}
		}
	}
	if err := f.fails(armStatus(), named); err != nil {
		return err
	}
	return unsound(r)
}

// unsound fails where records are not as they were written: the report says so and has no
// verdict, and whoever looks at the status alone must not take that for all is well.
func unsound(r *analysis.Report) error {
	if len(r.Unsound) == 0 {
		return nil
	}
	return fmt.Errorf("the records are not as they were written, so there is no verdict: %s", r.Unsound[0])
}

// checkNodes fails if an arm or a sentence has a verdict on nodes in general to fail
// on.
func (f failOn) checkNodes(n *runs.Nodes, all []*runs.Run) error {
	named := make(map[string][]string)
	for _, g := range n.Groups {
		for _, a := range g.Arms {
			named[string(a.Verdict)] = append(named[string(a.Verdict)], a.Arm+" on "+g.Runtime)
		}
	}
	for _, v := range n.KEP {
		if v.Primary {
			verdict := sentenceVerdict(v.Result)
			named[verdict] = append(named[verdict], v.Sentence.ID+" on "+v.Runtime)
		}
	}
	if err := f.fails(armStatus(), named); err != nil {
		return err
	}
	for _, r := range all {
		if err := unsound(r.Report); err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	return nil
}

// fails is an error if anything has a verdict to fail on; the worse one decides the
// status.
func (f failOn) fails(known []failStatus, named map[string][]string) error {
	for _, k := range known {
		if names := named[k.verdict]; len(names) > 0 && slices.Contains(f, k.word) {
			return statusError{k.status, fmt.Errorf("%s: %s", k.word, strings.Join(names, ", "))}
		}
	}
	return nil
}
