package table

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/reports/format"
)

// truth is what was found of answers: a result of the same rank as their cost, since
// a wrong answer that is cheap saves nothing.
func truth(r *analysis.Report) Section {
	s := Section{ID: "truth", Heading: "Truth: complete, fresh, in agreement", Lines: truthLines(r)}
	for _, cell := range checkedCells(r) {
		s.Tables = append(s.Tables, checked(r, cell))
	}
	for _, severity := range []agreement.Severity{agreement.Defect, agreement.Limit} {
		if t := findings(r, severity); len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	s.Sections = filled([]Section{agreements(r), freshness(r)})
	return s
}

// truthLines say how it was checked, and what came of it.
func truthLines(r *analysis.Report) []string {
	switch {
	case len(r.Checks) > 0:
	case r.Truth == plan.TruthOff:
		return []string{"Nothing was checked: the plan asks for no check (truth: off). What is said of cost holds whether or not the answers are true."}
	default:
		return []string{"Nothing was checked: what is said of cost holds whether or not the answers are true."}
	}
	broken, unmade := 0, 0
	for i := range r.Checks {
		switch c := &r.Checks[i]; {
		case c.Source == nil:
			unmade++
		case len(c.Broken) > 0:
			broken++
		}
	}
	out := []string{
		"Answers were observed outside of all windows, once in each profile, at the highest density, and held against the cgroup files: who is in them, how old values are by the kernel's own count of CPU time (marked t: by timestamps, held against it to a second or so, where counters come in steps too coarse), and whether they agree. What is found there holds for lower densities, and for every arm that reads by the collector.",
		fmt.Sprintf("Of %d checks, one for each collector, profile and state of the node, %d found what breaks the plan's rule (%s) and %d could not be made. %s", len(r.Checks), broken, r.Truth, unmade, rule(r.Truth)),
	}
	return append(out, unchecked(r)...)
}

// rule says what breaks a plan's rule of truth, and what follows.
func rule(rule agreement.Rule) string {
	what := map[agreement.Rule]string{
		agreement.Required:   "a defect of whole answers, of who is in them, of CPU time or of the working set",
		agreement.Everything: "any defect",
	}[rule]
	if what == "" {
		return "By that rule every arm may have a verdict."
	}
	return "By that rule " + what + " takes an arm its verdict, and so does a check that could not be made; those of the baseline take all verdicts."
}

// unchecked names the collectors that could not be checked, each reason once.
func unchecked(r *analysis.Report) []string {
	type key struct{ name, why string }
	var order []key
	cells := make(map[key][]bench.Cell)
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Source != nil {
			continue
		}
		k := key{checkedName(c), c.Why}
		if cells[k] == nil {
			order = append(order, k)
		}
		cells[k] = append(cells[k], c.Cell)
	}
	var out []string
	for _, k := range order {
		name := k.name
		if where := profilesOf(r, cells[k]); where != "" {
			name += " (" + where + ")"
		}
		out = append(out, fmt.Sprintf("Could not be checked: %s: %s", name, format.Shorten(oneLine(k.why), 300)))
	}
	return out
}

// checkedName is a collector, and the state of the node that it was checked in.
func checkedName(c *analysis.Check) string {
	if c.State == "" {
		return c.Collector
	}
	return c.Collector + " (" + c.State + ")"
}

// checkedCells are those that checks were made in.
func checkedCells(r *analysis.Report) []bench.Cell {
	var out []bench.Cell
	for i := range r.Checks {
		if cell := r.Checks[i].Cell; !slices.Contains(out, cell) {
			out = append(out, cell)
		}
	}
	return out
}

// holdsFor says whether what was found in one cell holds in another one.
func holdsFor(found bench.Cell, cell *analysis.Cell) bool {
	return cell != nil && found.Profile == cell.Profile && found.ContainersPerPod == cell.ContainersPerPod
}

// checked is what was found in a cell, a row for each collector and state.
func checked(r *analysis.Report, cell bench.Cell) Table {
	t := Table{
		Caption: cell.String() + ": answers, by collector", Prose: true, Aside: !holdsFor(cell, shown(r)),
		Header: []string{
			"collector", "state", "containers\nanswered", "age, s\np50/p95/max", "claimed\np95, s", "fresh\n%", "CPU\nstep, s", "64 MiB\nseen, s", "defects/\nlimits", "breaks the rule",
		},
	}
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Cell != cell {
			continue
		}
		row := Row{Plain(c.Collector), Plain(c.State)}
		if c.Source == nil {
			row = append(row, slices.Repeat(Row{Plain(format.Absent)}, len(t.Header)-3)...)
		} else {
			row = append(row, figures(c)...)
		}
		t.Rows = append(t.Rows, append(row, breaks(c)))
	}
	return t
}

// figures are those of a check that was made.
func figures(c *analysis.Check) Row {
	s := c.Source
	claimed, share, step, seen := format.Absent, format.Absent, format.Absent, format.Absent
	if s.Claimed != nil {
		claimed = seconds(s.Claimed.P95)
	}
	if s.Fresh != nil {
		share = format.Hundredths.Number(s.Fresh.Value)
	}
	switch {
	case s.Step > 0:
		step = format.Count(s.Step)
	case s.Distinct > 0:
		step = "<0.001"
	}
	if s.Detection != nil {
		seen = seconds(s.Detection.P50)
	}
	defects := 0
	for _, f := range c.Findings {
		if f.Severity == agreement.Defect {
			defects++
		}
	}
	return Row{
		Plain(format.Count(s.Containers) + "/" + format.Count(s.ContainersDue)), Plain(stamped(spread(s.Age), s.Stamped)), Plain(claimed), Plain(share),
		Plain(step), Plain(seen), Plain(fmt.Sprintf("%d/%d", defects, len(c.Findings)-defects)),
	}
}

// breaks names what breaks the rule.
func breaks(c *analysis.Check) Cell {
	switch {
	case c.Source == nil:
		return Cell{Text: "not checked", Tone: Open}
	case len(c.Broken) == 0:
		return Cell{Text: "nothing", Tone: Good}
	}
	var kinds []string
	for _, f := range c.Broken {
		if !slices.Contains(kinds, string(f.Kind)) {
			kinds = append(kinds, string(f.Kind))
		}
	}
	return Cell{Text: strings.Join(kinds, ", "), Tone: Bad}
}

// seconds writes an age: below a second in milliseconds, since no reading of the
// kernel's counters tells it closer.
func seconds(v float64) string {
	if math.Abs(v) < 1 {
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	return format.One.Number(v)
}

// spread writes a median, a 95th percentile and a greatest value.
func spread(s *agreement.Spread) string {
	if s == nil {
		return format.Absent
	}
	return seconds(s.P50) + "/" + seconds(s.P95) + "/" + seconds(s.Max)
}

// stamped marks an age that is by timestamps.
func stamped(age string, by bool) string {
	if by {
		return age + " t"
	}
	return age
}

// A told finding is one that is the same in every cell but for its figures.
type told struct {
	check   *analysis.Check // where the figures are from
	finding agreement.Finding
	breaks  bool
	varies  bool
	cells   []bench.Cell
}

// identity is what is the same.
func identity(c *analysis.Check, f agreement.Finding) string {
	return strings.Join(append([]string{c.Collector, c.State, string(f.Severity), string(f.Kind), string(f.Level)}, f.Quantities...), "\x00")
}

// gather tells each finding once, first those that break the rule. Figures are those
// that hold for the cell that is shown first, if there are any.
func gather(r *analysis.Report, severity agreement.Severity) []*told {
	var out []*told
	index := make(map[string]*told)
	first := shown(r)
	for i := range r.Checks {
		c := &r.Checks[i]
		for _, f := range c.Findings {
			if f.Severity != severity {
				continue
			}
			id := identity(c, f)
			x := index[id]
			if x == nil {
				x = &told{check: c, finding: f}
				x.breaks = slices.ContainsFunc(c.Broken, func(b agreement.Finding) bool { return identity(c, b) == id })
				index[id] = x
				out = append(out, x)
			}
			x.varies = x.varies || x.finding.Evidence != f.Evidence
			x.cells = append(x.cells, c.Cell)
			if holdsFor(c.Cell, first) {
				x.check, x.finding = c, f
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *told) int {
		switch {
		case a.breaks == b.breaks:
			return 0
		case a.breaks:
			return -1
		}
		return 1
	})
	return out
}

// findings is what was found over all cells.
func findings(r *analysis.Report, severity agreement.Severity) Table {
	t := Table{
		Caption: "Defects: numbers that cannot be used, or that are not there", Prose: true,
		Header: []string{"collector", "state", "what", "breaks\nthe rule", "at", "evidence"},
	}
	if severity == agreement.Limit {
		t.Caption, t.Aside = "Limits: what a reader of right numbers must know", true
	}
	for _, x := range gather(r, severity) {
		f := &x.finding
		row := Row{Plain(x.check.Collector), Plain(x.check.State), Plain(string(f.Kind)), {}, Plain(string(f.Level) + "s"), Plain(x.evidence(r))}
		if f.Judged > 0 {
			row[4].Text = fmt.Sprintf("%d/%d %ss", len(f.Subjects), f.Judged, f.Level)
		}
		if severity == agreement.Defect {
			row[3] = Plain(yes(x.breaks))
			if x.breaks {
				row[3].Tone = Bad
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// evidence is what was found of which quantities, and where.
func (x *told) evidence(r *analysis.Report) string {
	text := format.Shorten(oneLine(x.finding.Evidence), 300)
	if names := x.quantities(); !strings.Contains(text, names) {
		text = names + ": " + text
	}
	where := profilesOf(r, x.cells)
	if where == "" {
		return text
	}
	if x.varies {
		where += "; figures vary"
	}
	return text + " (" + where + ")"
}

// profilesOf names the profiles of some checks; "" where all are of one.
func profilesOf(r *analysis.Report, cells []bench.Cell) string {
	all := checkedCells(r)
	if len(all) < 2 {
		return ""
	}
	names := make([]string, len(cells))
	for i, c := range cells {
		names[i] = c.Profile
		if slices.ContainsFunc(all, func(other bench.Cell) bool { return other.ContainersPerPod != c.ContainersPerPod }) {
			names[i] += fmt.Sprintf(" with %d containers", c.ContainersPerPod)
		}
	}
	return strings.Join(names, ", ")
}

// mostQuantities is how many names a finding has in a table.
const mostQuantities = 4

// quantities lists those of a finding; none where it is about whole answers.
func (x *told) quantities() string {
	q := x.finding.Quantities
	if len(q) <= mostQuantities {
		return strings.Join(q, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(q[:mostQuantities], ", "), len(q)-mostQuantities)
}

// withheldLines say which comparisons of a cell have no verdict, each reason once.
func withheldLines(cell *analysis.Cell) []string {
	var order []string
	pairs := make(map[string][]string)
	for _, p := range cell.Pairings {
		for _, why := range p.Withheld {
			if pairs[why] == nil {
				order = append(order, why)
			}
			pairs[why] = append(pairs[why], p.Of+" to "+p.To)
		}
	}
	var out []string
	for _, why := range order {
		out = append(out, fmt.Sprintf("No verdict on %s: %s.", strings.Join(pairs[why], ", "), format.Shorten(oneLine(why), 300)))
	}
	return out
}
