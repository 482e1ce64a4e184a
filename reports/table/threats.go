package table

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/reports/format"
)

// threats says what could make the result wrong, as far as the run itself shows it.
func threats(r *analysis.Report) Section {
	s := Section{ID: "threats", Heading: "Threats to validity"}
	for _, t := range []struct {
		id, heading string
		lines       []string
	}{
		{"construct", "Construct: is it the question?", construct(r)},
		{"internal", "Internal: is it the arms that differ?", internal(r)},
		{"external", "External: does it hold elsewhere?", external(r)},
		{"conclusion", "Conclusion: is it more than chance?", conclusion(r)},
	} {
		s.Sections = append(s.Sections, Section{ID: t.id, Heading: t.heading, Lines: t.lines})
	}
	return s
}

// construct: what was measured instead of what was asked.
func construct(r *analysis.Report) []string {
	out := []string{
		"Ratios and verdicts are about cost alone: in them an answer from a cache and a fresh one count the same, and so do one with few values and one with many.",
		"CPU time that the kernel spends for a reader is that reader's; flushes of cgroup counters that another reader has paid for are nobody's.",
	}
	if len(r.Checks) > 0 {
		out = append(out, "Answers were checked outside of the windows, while some containers burned CPU time so that their counters were clocks: answers inside the windows are taken to be like them.")
	}
	if len(r.Parts) > 0 {
		out = append(out, "The total is "+strings.Join(names(r.Parts), " + ")+"; what the rest of the node pays is in none of them but in node.")
	}
	return out
}

// internal: what else differed between arms.
func internal(r *analysis.Report) []string {
	out := []string{"Arms take turns in shuffled rounds, so drift of the node falls on all of them alike; the run order shows what is left of it."}
	if r.Mode == plan.Parallel {
		out = []string{"All collectors ran at once: costs are joint, and each has paid for the others' flushes of cgroup counters."}
	}
	void, tried := map[bench.VoidReason]int{}, 0
	total := 0
	for _, a := range r.Arms {
		tried += a.Trials.Tried
		for _, v := range a.Trials.Void {
			void[v.Reason] += v.Trials
			total += v.Trials
		}
	}
	if total > 0 {
		var texts []string
		for _, row := range guards().Rows {
			if n := void[bench.VoidReason(row[0].Text)]; n > 0 {
				texts = append(texts, fmt.Sprintf("%s %d", row[0].Text, n))
			}
		}
		out = append(out, fmt.Sprintf("Of %d trials some were void: %s (one may be void for several reasons). Arms that are void more often are shown by fewer trials.", tried, strings.Join(texts, ", ")))
	} else if tried > 0 {
		out = append(out, fmt.Sprintf("None of %d trials was void.", tried))
	}
	if i := intervals(r); strings.Contains(i, ",") {
		out = append(out, fmt.Sprintf("Arms read at different intervals (%s): arms in windows of equal length are compared at these, as a kubelet pays them.", i))
	}
	if v := fact(r, "host.readers.0.name"); v != "" {
		out = append(out, fmt.Sprintf("Another reader of cgroup files ran on the node (%s): the kernel flushes counters for it, too.", format.Shorten(v, 60)))
	}
	var varied []string
	for _, x := range r.Residue {
		if x.Varies() && !strings.HasPrefix(x.Name, "arm_") {
			varied = append(varied, strings.ReplaceAll(x.Name, "_", " "))
		}
	}
	if len(varied) > 0 {
		out = append(out, "Varied though no axis names it: "+strings.Join(varied, ", ")+" (see the residue).")
	}
	return out
}

// external: what the node is an example of.
func external(r *analysis.Report) []string {
	var out []string
	if fact(r, "host.cpu.virtual") == "true" {
		out = append(out, "The node is a virtual machine: caches, clock and neighbours are the hypervisor's.")
	}
	if mode := fact(r, "host.cgroup.mode"); mode != "" && mode != "v2" {
		out = append(out, fmt.Sprintf("Cgroups are %s: kubelets of today want version 2, whose files are read and flushed in another way.", format.Shorten(mode, 20)))
	}
	return append(out, "Containers are alike, of one small image, on the host's network. Real pods differ in all three.")
}

// conclusion: what chance can do. The answer says what the run can find.
func conclusion(r *analysis.Report) []string {
	var out []string
	if len(r.SelfChecks) == 0 {
		out = append(out, "No arm ran against itself: how large a difference noise makes is not known.")
	}
	if len(r.Controls) == 0 {
		out = append(out, "No positive control ran: that such differences would be found is not shown.")
	}
	if !verdictsShown(r) {
		return append(out, "There are no verdicts that chance could make wrong.")
	}
	judged, open := 0, 0
	for i := range r.Cells {
		for _, p := range r.Cells[i].Pairings {
			for _, j := range p.Judgements {
				if j.Verdict != analysis.NoVerdict {
					judged++
				}
				if j.Verdict == analysis.Inconclusive {
					open++
				}
			}
		}
	}
	return append(out, fmt.Sprintf("%d endpoints have a verdict, %d of them are not settled. Any claim of one kind is wrong in at most 5 %% of runs, over all of them.", judged, open))
}
