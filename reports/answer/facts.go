package answer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// costs is what each arm costs, where there is nothing that says more.
func costs(r *analysis.Report) Fact {
	if len(r.Headlines()) > 0 || len(r.Cells) == 0 {
		return Fact{}
	}
	cell := r.PrimaryCell()
	if cell == nil {
		cell = &r.Cells[len(r.Cells)-1]
	}
	out := Fact{Label: "COSTS", Text: fmt.Sprintf("of each way of reading, at %d %s pods: agent, runtime and shims together.", cell.Pods, format.Shorten(cell.Profile, 20))}
	out.Grid = Grid{Caption: "what each way of reading costs", Header: []string{"arm"}}
	for _, m := range measures() {
		out.Grid.Header = append(out.Grid.Header, m.what+", "+m.unit.Name)
	}
	for i := range cell.Arms {
		row := []string{cell.Arms[i].Arm}
		for _, m := range measures() {
			row = append(row, quantity(m.unit, m.of(&cell.Arms[i])))
		}
		out.Grid.Rows = append(out.Grid.Rows, row)
	}
	return out
}

// quantity writes an estimate with its interval.
func quantity(u format.Unit, e analysis.Estimate) string {
	if e.Absent() {
		return format.Absent
	}
	text := u.Number(e.Value)
	if e.Interval != nil {
		text += " " + u.Interval(e.Interval.Lo, e.Interval.Hi)
	}
	return text
}

// growth says how the CPU ratios go with density, in cells that differ by it alone.
func growth(r *analysis.Report) Fact {
	first, headlines := r.PrimaryCell(), r.Headlines()
	if first == nil || len(headlines) == 0 {
		return Fact{}
	}
	var cells []*analysis.Cell
	g := Grid{Caption: "CPU ratio new/old by density, 90 % intervals", Header: []string{"CPU new/old"}}
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Profile == first.Profile && c.ContainersPerPod == first.ContainersPerPod {
			cells = append(cells, c)
			g.Header = append(g.Header, fmt.Sprintf("%d pods", c.Pods))
		}
	}
	if len(cells) < 2 && len(r.Treatments) > 0 {
		return Fact{} // two builds are compared at one density
	}
	if len(cells) < 2 {
		return Fact{Label: "GROWTH", Text: "one density was measured: how costs grow with pods is not known (preset full)."}
	}
	for _, p := range headlines {
		row := []string{p.Of + " / " + p.To}
		for _, c := range cells {
			text := format.Absent
			if q := c.Pairing(p.Of, p.To); q != nil {
				if j := q.Judged(measures()[0].series); j != nil {
					text = quantity(format.One, j.Ratio)
				}
			}
			row = append(row, text)
		}
		g.Rows = append(g.Rows, row)
	}
	return Fact{Label: "GROWTH", Text: "how the CPU ratio goes with pods, 90 % intervals", Grid: g}
}

// stated are the cadences that an answer states prices at.
func stated() []time.Duration {
	return []time.Duration{time.Second, 10 * time.Second, 30 * time.Second}
}

// cadence says what calls cost at other intervals.
func cadence(r *analysis.Report) Fact {
	first := r.PrimaryCell()
	g := Grid{Caption: "price of a call above idle, and mcores at other cadences", Header: []string{"one call", "CPU ms [95 %]"}}
	for _, at := range stated() {
		g.Header = append(g.Header, "every "+at.String())
	}
	g.Header = append(g.Header, "break-even")
	for i := range r.Prices {
		if p := &r.Prices[i]; first != nil && p.Cell == first.Cell && !p.PerCall.Absent() {
			g.Rows = append(g.Rows, priced(p))
		}
	}
	if len(g.Rows) == 0 {
		return Fact{}
	}
	text := "CPU of one call above idle, mcores by price x rate (computed), break-even with cAdvisor's own process. " + tested(r.PriceTests, first.Cell)
	return Fact{Label: "YOUR CADENCE", Text: text, Grid: g}
}

// priced is the row of a collector.
func priced(p *analysis.Price) []string {
	row := []string{p.Collector, quantity(format.Milliseconds, p.PerCall)}
	for _, want := range stated() {
		text := format.Absent
		for _, at := range p.At {
			if at.Interval == want {
				text = quantity(format.Millicores, analysis.Estimate{Value: at.Cores.Value, N: at.Cores.N})
			}
		}
		row = append(row, text)
	}
	if p.BreakEven.Absent() {
		return append(row, format.Absent)
	}
	return append(row, format.One.Number(p.BreakEven.Value)+" s")
}

// tested says whether price times rate is what was paid in a cell.
func tested(all []analysis.PriceTest, cell bench.Cell) string {
	held := 0
	var failed []string
	for _, t := range all {
		switch {
		case t.Cell != cell:
		case t.Holds:
			held++
		default:
			failed = append(failed, fmt.Sprintf("%s less %s: predicted %s, found %s mcores", t.Arm, t.Against, quantity(format.Millicores, t.Predicted), quantity(format.Millicores, t.Found)))
		}
	}
	switch {
	case held+len(failed) == 0:
		return "Price x rate was not tested."
	case len(failed) == 0:
		return fmt.Sprintf("Price x rate is what was paid (%d of %d tests).", held, held)
	}
	return fmt.Sprintf("Price x rate FAILS in %d of %d tests: %s.", len(failed), held+len(failed), strings.Join(failed, "; "))
}

// age says whether answers are true, and how old values are.
func age(r *analysis.Report) Fact {
	if len(r.Cells) == 0 || len(r.Treatments) > 0 && len(r.Checks) == 0 {
		return Fact{}
	}
	text := "The age of values was not measured."
	if ages := ages(r); len(ages) > 0 {
		text = "95 % of values are younger than: " + strings.Join(ages, ", ") + "."
	}
	return Fact{Label: "TRUTH, AGE", Text: truth(r.Checks) + " " + text}
}

// ages has the arms of the headline whose age is known.
func ages(r *analysis.Report) []string {
	cell := r.PrimaryCell()
	if cell == nil {
		return nil
	}
	var names, out []string
	for _, p := range r.Headlines() {
		for _, name := range []string{p.Of, p.To} {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		if a := cell.Arm(name); a != nil && a.Freshness != nil && a.Freshness.Age != nil {
			text := name + " " + format.One.Number(a.Freshness.Age.P95) + " s"
			if a.Freshness.Stamped {
				text += " (by timestamps)"
			}
			out = append(out, text)
		}
	}
	return out
}

// truth says how many collectors were checked, and names those whose answers break the
// plan's rule.
func truth(checks []analysis.Check) string {
	if len(checks) == 0 {
		return "Whether answers are true was not checked."
	}
	var all, broken, unmade []string
	add := func(to *[]string, c *analysis.Check) {
		if !slices.Contains(*to, c.Collector) {
			*to = append(*to, c.Collector)
		}
	}
	for i := range checks {
		c := &checks[i]
		switch add(&all, c); {
		case c.Source == nil:
			add(&unmade, c)
		case len(c.Broken) > 0:
			add(&broken, c)
		}
	}
	text := fmt.Sprintf("%d collectors held against the cgroup files: ", len(all))
	if len(broken) == 0 {
		text += "none breaks the rule"
	} else {
		text += "NOT TRUE " + strings.Join(broken, ", ")
	}
	if len(unmade) > 0 {
		text += "; could not be checked: " + strings.Join(unmade, ", ")
	}
	return text + "."
}

// sure says what the evidence is worth.
func sure(r *analysis.Report) Fact {
	headlines := r.Headlines()
	if len(headlines) == 0 {
		return Fact{}
	}
	n, detectable, raw, holm := 0, 0.0, "", false
	for _, p := range headlines {
		for _, m := range measures() {
			j := p.Judged(m.series)
			holm = holm || j != nil && j.Verdict != j.Unadjusted
		}
		if j := p.Judged(measures()[0].series); j != nil {
			n, detectable = max(n, j.Ratio.N), max(detectable, j.Detectable)
			if j.Raw > 0 && raw == "" {
				raw = fmt.Sprintf("CPU is stated at no steal (%s to %s as measured: %s)", p.Of, p.To, format.One.Number(j.Raw))
			}
		}
	}
	text := fmt.Sprintf("one node, one run, n = %d rounds", n)
	if len(r.Looks) > 1 {
		text += fmt.Sprintf(" (looked at after %s)", looks(r.Looks, n))
	}
	parts := []string{text}
	if detectable > 0 {
		text := "would find CPU losses from " + format.Percent(round(detectable)) + " on"
		if detectable > r.Margin {
			text += ", not of " + format.Percent(r.Margin)
		}
		parts = append(parts, text)
	}
	parts = append(parts, itself(r), control(r))
	if raw != "" {
		parts = append(parts, raw)
	}
	if holm {
		parts = append(parts, "(Holm): alone more would be said, but all endpoints are judged together")
	}
	return Fact{Label: "HOW SURE", Text: strings.Join(parts, "; ") + "."}
}

// looks are those that were taken.
func looks(all []int, done int) string {
	var texts []string
	for _, n := range all {
		if n <= done {
			texts = append(texts, fmt.Sprint(n))
		}
	}
	if len(texts) == 0 {
		return "none yet"
	}
	return strings.Join(texts, ", ")
}

// round keeps a fraction to tenths of a percent.
func round(x float64) float64 { return math.Round(1000*x) / 1000 }

// itself says what arms set against themselves show: in the primary cell, the first of
// them; and wherever one differs.
func itself(r *analysis.Report) string {
	text, failed := "no arm ran against itself", 0
	for i := len(r.SelfChecks) - 1; i >= 0; i-- {
		c := &r.SelfChecks[i]
		if c.Failed {
			failed++
		}
		if r.Primary != nil && c.Cell == *r.Primary && c.Series == measures()[0].series && c.Ratio.Interval != nil {
			text = fmt.Sprintf("%s against itself: CPU %s", c.Of, quantity(format.One, c.Ratio))
		}
	}
	if failed > 0 {
		text += fmt.Sprintf(", %d of %d such checks DIFFER", failed, len(r.SelfChecks))
	}
	return text
}

// control says whether planted differences were found.
func control(r *analysis.Report) string {
	if len(r.Controls) == 0 {
		return "no planted difference"
	}
	found := 0
	for _, c := range r.Controls {
		if c.Detected {
			found++
		}
	}
	return fmt.Sprintf("%d of %d planted differences found", found, len(r.Controls))
}

// settle says what would decide what is open.
func settle(r *analysis.Report) Fact {
	headlines := r.Headlines()
	if r.Simulated() || len(headlines) == 0 {
		return Fact{}
	}
	var open []string
	most := 0
	for i, p := range headlines {
		for _, m := range measures()[:2] {
			j := p.Judged(m.series)
			if j == nil || j.Verdict != analysis.Inconclusive {
				continue
			}
			what := fmt.Sprintf("%d. %s", i+1, m.what)
			if j.Settles > 0 {
				what += fmt.Sprintf(" %d rounds", j.Settles)
				most = max(most, j.Settles)
			} else {
				what += " (too close to the margin for any number of rounds)"
			}
			open = append(open, what)
		}
	}
	out := Fact{Label: "TO SETTLE IT", Text: "CPU and memory are settled."}
	if len(open) == 0 {
		if slices.ContainsFunc(headlines, func(p analysis.Pairing) bool { return len(p.Withheld) > 0 }) {
			out.Text = "no number of rounds gives a verdict to what has none: see why."
		}
		return out
	}
	out.Text = strings.Join(open, ", ")
	if most > 0 {
		out.Text += fmt.Sprintf(": about %s of rounds like these, if the ratios are what was found; %s", took(r, most), longer(r))
	}
	out.Text += "."
	return out
}

// longer names the plan that runs longer.
func longer(r *analysis.Report) string {
	if len(r.Treatments) > 0 {
		return "give it more time (ab --for)"
	}
	preset := "precise"
	if r.Experiment != "api" {
		preset = "kep"
	}
	if r.Name == preset {
		return "give the plan more rounds"
	}
	return "run --preset " + preset + " runs longer, and ends early what is decided"
}

// took is about how long so many rounds take.
func took(r *analysis.Report, n int) string {
	var round time.Duration
	for _, a := range r.Arms {
		round += a.Trials.Window + a.Trials.WarmUp + time.Second
	}
	switch d := time.Duration(n) * round; {
	case d > 100*time.Hour:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	case d > 2*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	default:
		return fmt.Sprintf("%.0f minutes", max(1, d.Minutes()))
	}
}
