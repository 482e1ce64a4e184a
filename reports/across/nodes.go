package across

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// Nodes lays out what runs of one plan on several nodes say together.
func Nodes(n *runs.Nodes) *table.Document {
	d := &table.Document{Footnotes: n.Notes}
	var all []runs.Origin
	for _, g := range n.Groups {
		for _, node := range g.Nodes {
			all = append(all, node.Runs...)
		}
	}
	d.Title = fmt.Sprintf("cri-stats-bench: %s on %s", n.Plan, count(n.Count(), "node"))
	marked(d, n.Simulated, all...)
	d.Sections = sections(kepSummary(n))
	for i := range n.Groups {
		d.Sections = append(d.Sections, sections(group(n, i)...)...)
	}
	d.Sections = append(d.Sections, sections(kepLines(n), table.Section{ID: "warnings", Heading: "Before you trust this", Lines: n.Warnings}, nodesReading(n))...)
	return d
}

// group is the sections of one runtime.
func group(n *runs.Nodes, i int) []table.Section {
	g := &n.Groups[i]
	id := func(name string) string { return name + "-" + strconv.Itoa(i+1) }
	verdict := table.Section{ID: id("verdict"), Heading: "Verdict: " + format.OrAbsent(g.Runtime)}
	if n.Simulated {
		verdict.Lines = []string{"None: the runs are simulated."}
	}
	effects := table.Section{ID: id("effects"), Heading: "Ratios: " + format.OrAbsent(g.Runtime)}
	for _, of := range tablesOf(g) {
		t := effectTable(n, g, of)
		if of.primary {
			verdict.Tables = append(verdict.Tables, t)
		} else {
			effects.Tables = append(effects.Tables, t)
		}
	}
	for _, a := range g.Arms {
		if a.Verdict != analysis.NoVerdict {
			verdict.Lines = append(verdict.Lines, fmt.Sprintf("%s instead of %s: %s, CPU and PSS together, on %s.", a.Arm, a.To, table.Word(a.Verdict), count(len(g.Nodes), "node")))
		}
	}
	for _, w := range g.Without {
		verdict.Lines = append(verdict.Lines, withoutLine(g, w))
	}
	return []table.Section{verdict, effects, {ID: id("nodes"), Heading: "Nodes: " + format.OrAbsent(g.Runtime), Tables: []table.Table{nodeTable(g)}, Lines: nodeLines(g)}}
}

// withoutLine says why an arm has no verdict, and on which run where there are several.
func withoutLine(g *runs.Group, w runs.Without) string {
	text, why := w.Arm+" is not supported", w.Unsupported
	if w.Untrue != "" {
		text, why = w.Arm+" is not answered the truth", w.Untrue
	}
	if len(g.Nodes) > 1 || len(g.Nodes[0].Runs) > 1 {
		text += " on " + w.Run
	}
	return fmt.Sprintf("%s: %s.", text, format.Shorten(strings.Join(strings.Fields(why), " "), 4*valueWidth))
}

// A key of a table of effects: all arms in one cell and one metric.
type key struct {
	cell    string
	metric  analysis.Metric
	primary bool
}

func keyOf(e *runs.NodeEffect) key { return key{e.Cell.String(), e.Series.Metric, e.Primary} }

func tablesOf(g *runs.Group) []key {
	var out []key
	for i := range g.Effects {
		if k := keyOf(&g.Effects[i]); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	// A cell's metrics in the order of every report, its cells in that of the plan.
	cellOf := func(k key) int { return slices.IndexFunc(out, func(o key) bool { return o.cell == k.cell }) }
	sorted := slices.Clone(out)
	slices.SortStableFunc(sorted, func(a, b key) int {
		return cmp.Or(cmp.Compare(cellOf(a), cellOf(b)), cmp.Compare(slices.Index(columns, a.metric), slices.Index(columns, b.metric)))
	})
	return sorted
}

// effectTable has a row for each arm and one below it for each node.
func effectTable(n *runs.Nodes, g *runs.Group, of key) table.Table {
	t := table.Table{
		Caption: fmt.Sprintf("%s: %s, ratio of two arms, margin %s", of.cell, table.MetricName(of.metric), format.Percent(n.Margin)),
		Header: []string{
			"arm", "verdict", "ratio\n" + level(n.Level), "one more\nnode " + level(n.Level), "nodes\ndiffer by, %", "of the\nspread, %", "p, nodes\nare alike", "nodes\n(runs)",
		},
	}
	for i := range g.Effects {
		e := &g.Effects[i]
		if keyOf(e) != of {
			continue
		}
		t.Rows = append(t.Rows, pooledRow(e.Arm+" to "+e.To, e))
		for k, node := range g.Nodes {
			if r := e.Ratios[k]; len(g.Nodes) > 1 {
				row := table.Row{table.Plain("· " + node.Name), {}, table.Measured(format.One, r), {}, {}, {}, {}, {}}
				if r.N > 1 {
					row[7] = table.Plain(fmt.Sprintf("(%d)", r.N))
				}
				t.Rows = append(t.Rows, row)
			}
		}
	}
	return t
}

// pooledRow is what nodes say together.
func pooledRow(name string, e *runs.NodeEffect) table.Row {
	row := table.Row{table.Plain(name), {}, table.Measured(format.One, e.Ratio), {}, {}, {}, {}, table.Plain(strconv.Itoa(e.Ratio.N))}
	if e.Verdict != analysis.NoVerdict {
		row[1] = table.Cell{Text: table.Word(e.Verdict), Tone: table.ToneOf(e.Verdict)}
	}
	if e.Prediction != nil {
		row[3] = table.Plain(format.One.Interval(e.Prediction.Lo, e.Prediction.Hi))
	}
	for column, v := range []*float64{e.Tau, e.I2} {
		if v != nil {
			row[4+column] = table.Plain(format.Hundredths.Number(*v))
		}
	}
	if e.P != nil {
		row[6] = table.Plain(format.Probability(*e.P))
	}
	return row
}

// nodeTable says what the nodes are.
func nodeTable(g *runs.Group) table.Table {
	t := table.Table{
		Caption: "runs, and where they took place",
		Header:  []string{"node", "run", "runtime", "kubelet", "harness", "trials\nused", "CPUs", "memory", "kernel", "CPU"},
		Prose:   true,
	}
	for _, n := range g.Nodes {
		for i, o := range n.Runs {
			name := n.Name
			if i > 0 {
				name = "·"
			}
			t.Rows = append(t.Rows, table.Row{
				table.Plain(name), table.Plain(o.Name), table.Plain(version(o.Runtime)), table.Plain(o.Kubelet), table.Plain(format.OrAbsent(o.Version)), table.Plain(fmt.Sprintf("%d/%d", o.Used, o.Tried)),
				table.Plain(format.OrAbsent(n.CPUs)), table.Plain(format.OrAbsent(n.Memory)), table.Plain(format.OrAbsent(n.Kernel)), table.Plain(format.OrAbsent(n.CPU)),
			})
		}
	}
	return t
}

// nodeLines warns of runs of one node that did not find it the same.
func nodeLines(g *runs.Group) []string {
	var out []string
	for _, n := range g.Nodes {
		for _, d := range n.Differences {
			if d.Weight != runs.Tells {
				out = append(out, fmt.Sprintf("The runs on %s differ: %s.", n.Name, format.Shorten(d.String(), 2*valueWidth)))
			}
		}
		if n.Hash == "" && len(g.Nodes) > 1 {
			out = append(out, fmt.Sprintf("%s does not say which node it is, and counts as one of its own.", n.Name))
		}
	}
	return out
}

func nodesReading(n *runs.Nodes) table.Section {
	m := format.Percent(n.Margin)
	return table.Section{ID: "reading", Heading: "How to read", Background: true, Lines: []string{
		fmt.Sprintf("Each node has its own ratios, from its own rounds. The row of two arms is the mean over nodes with the node as a random effect (Paule-Mandel, Hartung-Knapp): its interval is about nodes in general, of which these are a sample, and not about these. Intervals are two-sided at %s.", format.Percent(n.Level)),
		"\"One more node\" is where the true ratio of a further node lies. \"Nodes differ by\" is the standard deviation of true ratios between nodes, \"of the spread\" the share of what nodes differ by that chance does not explain (I²), \"p, nodes are alike\" the chance of as much if they did not differ.",
		fmt.Sprintf("Verdicts rest on the interval [L, U] of the mean: cheaper U < 1, not dearer U < 1 + %s, dearer L > 1 + %s, else not settled. CPU and PSS in the primary cell must both hold; all else has no verdict here.", m, m),
		"Runs of one node count as one node. Different runtimes, and minor versions of one, are not put together.",
	}}
}
