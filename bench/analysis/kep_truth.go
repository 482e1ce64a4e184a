package analysis

import (
	"fmt"
	"slices"

	"cri-stats-bench/bench/agreement"
)

const notChecked = "not checked in this run"

// truthParts hold one collector's answers with the gate on against those with the gate
// off, by what was found of both.
func (b *builder) truthParts(d *gatePair, collector string) []KEPPart {
	on, off := b.checkOf(d.on, collector), b.checkOf(d.off, collector)
	out := []KEPPart{
		{Name: "pods of " + collector, Wants: "values of its own of each pod that has them with the gate off", Result: Pass},
		{Name: "agreement of " + collector, Wants: "no defect that the gate off has not", Result: Pass},
		{Name: "age of " + collector, Wants: "values that are not older", Result: Pass},
	}
	for i, judge := range []func(p *KEPPart, on, off *Check){judgePods, judgeAgreement, judgeAge} {
		if on == nil || off == nil {
			out[i].Result, out[i].Says = Unsettled, notChecked
			continue
		}
		judge(&out[i], on, off)
	}
	return out
}

// checkOf is the check of one of the arm's collectors, nil where there is none.
func (b *builder) checkOf(g *group, collector string) *Check {
	for _, c := range b.checksOf(g) {
		if c.Collector == collector && c.Source != nil {
			return c
		}
	}
	return nil
}

// judgePods wants as many pods with series of their own: sums over the containers of a
// pod are not the same, since they lack the pause container and what the pod's own
// cgroup is charged with.
func judgePods(p *KEPPart, on, off *Check) {
	p.Says = fmt.Sprintf("%.4g pods in an answer, with the gate off %.4g", on.Source.Pods, off.Source.Pods)
	if on.Source.Pods < whole*off.Source.Pods {
		p.Result = Fail
	}
}

// judgeAgreement wants no defect that only the gate on has: what is wrong with both is
// no change. Names that are not there are told of by their own part.
func judgeAgreement(p *KEPPart, on, off *Check) {
	var worse []agreement.Finding
	for _, f := range on.Findings {
		had := func(old agreement.Finding) bool {
			return old.Severity == f.Severity && old.Kind == f.Kind && old.Level == f.Level &&
				!slices.ContainsFunc(f.Quantities, func(q string) bool { return !slices.Contains(old.Quantities, q) })
		}
		if f.Severity == agreement.Defect && f.Kind != agreement.Absent && !slices.ContainsFunc(off.Findings, had) {
			worse = append(worse, f)
		}
	}
	p.Says = fmt.Sprintf("%d containers held against the cgroup files", on.Source.Clocks)
	if len(worse) > 0 {
		p.Result, p.Says = Fail, inShort(worse)
	}
}

// ageSlack is how much the ages of two arms may differ and still count as the same:
// less than a user of either would notice at the shortest interval in use.
const ageSlack = 0.5 // seconds

// judgeAge wants values that are not older, by more than a user of them would notice.
func judgeAge(p *KEPPart, on, off *Check) {
	if on.Source.Age == nil || off.Source.Age == nil {
		p.Result, p.Says = Unsettled, "not to be told: no counter moved that could be read as a clock"
		return
	}
	p.Says = fmt.Sprintf("p95 %.3g s, with the gate off %.3g s", on.Source.Age.P95, off.Source.Age.P95)
	if on.Source.Age.P95 > off.Source.Age.P95+ageSlack {
		p.Result = Fail
	}
}
