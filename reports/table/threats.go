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
		"Ratios and verdicts are about cost alone: in them an answer from a cache and a fresh one count the same.",
		"CPU time that the kernel spends for a reader is that reader's; flushes of cgroup counters that another reader has paid for are nobody's.",
	}
	if r.Experiment == "api" {
		out = append(out, "Agents stand for a kubelet. They read and decode as one does, but share no caches, no garbage collection and no locks with the rest of it.")
	}
	if len(r.Checks) > 0 {
		out = append(out, "Answers were checked outside of the windows, while some containers burned CPU time so that their counters were clocks: answers inside the windows are taken to be like them.")
	}
	var different []string
	for i := range r.Cells {
		lo, hi, ok := samples(&r.Cells[i])
		if ok && hi > lo {
			different = append(different, fmt.Sprintf("%s to %s at %s", format.Count(lo), format.Count(hi), cellName(r, r.Cells[i].Cell)))
		}
	}
	if len(different) > 0 {
		out = append(out, "Arms do not answer the same: values per answer go from "+strings.Join(few(different), "; ")+".")
	}
	if len(r.Parts) > 0 {
		out = append(out, "The total is "+strings.Join(names(r.Parts), " + ")+"; what the rest of the node pays is in none of them but in node.")
	}
	return out
}

// samples are the fewest and the most values per answer of arms that read
// containers.
func samples(cell *analysis.Cell) (lo, hi float64, ok bool) {
	for _, a := range cell.Arms {
		for _, c := range a.Collectors {
			if c.Samples.Absent() || c.Samples.Value == 0 {
				continue
			}
			if v := c.Samples.Value; !ok {
				lo, hi, ok = v, v, true
			} else {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	return lo, hi, ok
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
		for _, t := range []analysis.Tally{a.Trials, a.Slices} {
			tried += t.Tried
			for _, v := range t.Void {
				void[v.Reason] += v.Trials
				total += v.Trials
			}
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
		out = append(out, fmt.Sprintf("Arms read at different intervals (%s): their CPU time is compared at these, CPU per call is not touched by them.", i))
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
	out := []string{place(r)}
	if fact(r, "host.cpu.virtual") == "true" {
		out = append(out, "The node is a virtual machine: caches, clock and neighbours are the hypervisor's.")
	}
	if mode := fact(r, "host.cgroup.mode"); mode != "" && mode != "v2" {
		out = append(out, fmt.Sprintf("Cgroups are %s: kubelets of today want version 2, whose files are read and flushed in another way.", format.Shorten(mode, 20)))
	}
	most, all := densities(r)
	switch {
	case len(all) == 1:
		out = append(out, fmt.Sprintf("One density, %d pods: nothing is said of growth.", most))
	case len(all) > 1:
		out = append(out, fmt.Sprintf("Densities are %s pods; nothing is said beyond.", join(all)))
	}
	return append(out, "Containers are alike, of one small image, on the host's network. Real pods differ in all three.")
}

// conclusion: what chance can do.
func conclusion(r *analysis.Report) []string {
	var out []string
	if n := len(r.SelfChecks); n == 0 {
		out = append(out, "No arm ran against itself: how large a difference noise makes is not known.")
	}
	if len(r.Controls) == 0 {
		out = append(out, "No positive control ran: that such differences would be found is not shown.")
	}
	if !verdictsShown(r) {
		return append(out, "There are no verdicts that chance could make wrong.")
	}
	judged, open, least, most := 0, 0, 0.0, 0.0
	for i := range r.Cells {
		for _, a := range r.Cells[i].Arms {
			for _, j := range a.Judgements {
				if j.Class == analysis.Exploratory || j.Verdict == analysis.NoVerdict {
					continue
				}
				judged++
				if j.Verdict == analysis.Inconclusive {
					open++
				}
				if d := j.Detectable; d > 0 && j.Class == analysis.Primary {
					if least == 0 || d < least {
						least = d
					}
					most = max(most, d)
				}
			}
		}
	}
	out = append(out, fmt.Sprintf("%d endpoints have a verdict, %d of them Inconclusive. Each primary one is wrong in at most 5 %% of runs; the others together, by Holm.", judged, open))
	if most > 0 {
		out = append(out, fmt.Sprintf("Power: in the primary cell the run could find losses from %s to %s with a chance of 80 %%; the margin is %s.", relative(least), relative(most), format.Percent(r.Margin)))
	}
	return out
}
