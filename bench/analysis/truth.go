package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
)

// A Check is what was found of the answers of one collector, outside of all windows
// (package agreement). It is made in one cell and holds for all of its profile.
type Check struct {
	Cell bench.Cell `json:"cell"`
	// State is the treatment that was in force, empty where nothing is treated.
	State     string `json:"state,omitempty"`
	Collector string `json:"collector"`
	// Arms are those that it holds for, in the plan's order.
	Arms []string `json:"arms"`
	// Source has the figures, nil where the answers could not be checked; Why then
	// says why.
	Source *agreement.SourceReport `json:"source,omitempty"`
	Why    string                  `json:"why_not,omitempty"`
	// Findings are all that was found, Broken those among them that break the plan's
	// rule of truth.
	Findings []agreement.Finding `json:"findings,omitempty"`
	Broken   []agreement.Finding `json:"broken,omitempty"`
}

// fault is why no verdict may rest on these answers, "" if one may.
func (c *Check) fault() string {
	switch {
	case c.Source == nil:
		return fmt.Sprintf("the answers of %s could not be checked: %s", c.Collector, cmp.Or(c.Why, "the check does not have them"))
	case len(c.Broken) == 0:
		return ""
	}
	what := make([]string, len(c.Broken))
	for i, f := range c.Broken {
		what[i] = string(f.Kind) + " (" + f.Evidence + ")"
	}
	return fmt.Sprintf("the answers of %s are not true: %s", c.Collector, strings.Join(what, "; "))
}

// inShort is what was found, without the evidence.
func inShort(findings []agreement.Finding) string {
	what := make([]string, len(findings))
	for i, f := range findings {
		what[i] = string(f.Kind)
		if len(f.Quantities) > 0 {
			what[i] += " " + strings.Join(f.Quantities, ", ")
		}
		if f.Judged > 0 {
			what[i] += fmt.Sprintf(" (%d of %d %ss)", len(f.Subjects), f.Judged, f.Level)
		}
	}
	return strings.Join(what, "; ")
}

// truth lays out what was checked, and finds the arms that may have no verdict.
func (b *builder) truth() error {
	b.report.Truth = b.input.Plan.Truth
	for i := range b.input.Checks {
		b.check(&b.input.Checks[i])
	}
	for _, c := range b.cells {
		for _, g := range c.order {
			b.faults(g)
		}
	}
	if len(b.report.Checks) == 0 && !b.report.Simulated() {
		b.runNote(NoteUnchecked, "whether the answers are true was not checked in this run: verdicts are about costs alone")
	}
	return nil
}

// holds says whether what was found in one cell holds in another: who is complete and
// right at the highest density is so below it.
func holds(found, in bench.Cell) bool {
	return found.Profile == in.Profile && found.ContainersPerPod == in.ContainersPerPod
}

// check adds a check of the records, collector by collector.
func (b *builder) check(made *record.Check) {
	for _, collector := range made.Collectors {
		check := Check{Cell: made.Cell, State: made.State, Collector: collector, Why: made.Err}
		for _, c := range b.cells {
			for _, g := range c.order {
				name := g.arm.Name
				if holds(made.Cell, c.cell) && slices.Contains(g.collectors, collector) && g.state() == made.State && !slices.Contains(check.Arms, name) {
					check.Arms = append(check.Arms, name)
				}
			}
		}
		switch r := made.Report; {
		case r == nil:
		case !r.Referenced: // whatever was found then, values were held against nothing
			check.Why = "no cgroup file could be read to hold them against"
		default:
			check.take(r, b.input.Plan.Truth)
		}
		b.report.Checks = append(b.report.Checks, check)
	}
}

// take takes what a report says of the collector.
func (c *Check) take(r *agreement.Report, rule agreement.Rule) {
	c.Findings, c.Broken = r.Of(c.Collector), rule.Broken(r, c.Collector)
	for i := range r.Sources {
		if r.Sources[i].Name == c.Collector {
			c.Source = &r.Sources[i]
		}
	}
	for _, u := range r.Unsupported {
		if u.Source == c.Collector {
			c.Why = u.Why
		}
	}
}

// unsound is why no verdict may stand, "" if one may.
func (b *builder) unsound() string {
	if len(b.report.Unsound) > 0 {
		return "the records are not as they were written: " + b.report.Unsound[0]
	}
	if by := b.input.Host.Emulated(); by != "" {
		return "the machine is emulated (" + by + "): its times mean nothing"
	}
	return ""
}

// state is the treatment that the arm's trials were made under.
func (g *group) state() string {
	if len(g.used) > 0 {
		return g.used[0].State
	}
	return g.arm.Treatment
}

// checksOf are the checks that hold for an arm, one for each of its collectors that
// was checked: that at the highest density, if there are several.
func (b *builder) checksOf(g *group) []*Check {
	var out []*Check
	for _, collector := range g.collectors {
		var best *Check
		for i := range b.report.Checks {
			c := &b.report.Checks[i]
			if c.Collector == collector && holds(c.Cell, g.cell.cell) && slices.Contains(c.Arms, g.arm.Name) && (best == nil || c.Cell.Pods > best.Cell.Pods) {
				best = c
			}
		}
		if best != nil {
			out = append(out, best)
		}
	}
	return out
}

// faults finds out whether an arm may have a verdict. What nobody can check has no faults.
func (b *builder) faults(g *group) {
	if b.input.Plan.Truth == agreement.Nothing || b.input.Plan.Truth == plan.TruthOff {
		return
	}
	checks := b.checksOf(g)
	for _, c := range checks {
		if text := c.fault(); text != "" {
			g.result.Untrue = append(g.result.Untrue, text)
			b.untrue(g, text)
		}
	}
	if !b.input.AllChecks || b.report.Simulated() || g.empty() || b.again[g.arm.Name] != "" || isControl(g.arm) || !g.reads() {
		return
	}
	// Where truth is asked for, a check that is missing is one that failed.
	for _, collector := range g.collectors {
		if b.input.Host.Collector(collector).Unchecked || slices.ContainsFunc(checks, func(c *Check) bool { return c.Collector == collector }) {
			continue
		}
		text := fmt.Sprintf("the answers of %s were to be checked, and no check of them is in the records", collector)
		g.result.Untrue = append(g.result.Untrue, text)
		b.untrue(g, text)
	}
}

// untrue notes why an arm has no verdict.
func (b *builder) untrue(g *group, text string) {
	g.result.Notes = addID(g.result.Notes, b.notes.at(NoteUntrue, text, g.placeOf(0, 0)))
}

// withhold takes the verdicts of comparisons that may have none: those of which an arm's
// answers are not true. A fast wrong answer must not win, and nobody must win against
// one.
func (b *builder) withhold() error {
	unsound := b.unsound()
	for _, c := range b.cells {
		for _, x := range c.pairings {
			if unsound != "" {
				x.result.Withheld = append(x.result.Withheld, unsound)
			}
			for _, g := range []*group{x.of, x.to} {
				for _, why := range g.result.Untrue {
					x.result.Withheld = append(x.result.Withheld, g.arm.Name+": "+why)
				}
			}
			if len(x.result.Withheld) == 0 {
				continue
			}
			if unsound == "" && len(x.of.result.Untrue) == 0 && len(x.result.Judgements) > 0 {
				b.untrue(x.of, fmt.Sprintf("the answers of %s are not true: there is no verdict against it", x.to.arm.Name))
			}
			for i := range x.result.Judgements {
				j := &x.result.Judgements[i]
				j.Verdict, j.Unadjusted, j.WithinMargin, j.Equivalent, j.Worse = NoVerdict, NoVerdict, false, false, false
			}
			x.result.Together = NoVerdict
		}
	}
	return nil
}
