package across

import (
	"fmt"
	"strconv"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// faultName says what an arm does not do.
func faultName(f runs.Fault) string {
	who := f.Arm
	if f.Collector != "" && f.Collector != f.Arm {
		who = f.Collector + " of " + f.Arm
	}
	switch f.Kind {
	case runs.Unsupported:
		return who + " is supported by one run alone"
	case runs.NoAnswer:
		return who + " gives no answer in one run"
	case runs.FailedCalls:
		return "failed calls of " + who
	case runs.Missing:
		return "containers missing from answers of " + who
	}
	return string(f.Kind) + " of " + who
}

func faults(c *runs.Comparison) table.Section {
	t := table.Table{
		Caption: "in how many trials, and how many in all",
		Header:  []string{"what", "cell", "old", "new", "p\n(Holm)", "verdict", "first of them"},
		Prose:   true,
	}
	for _, f := range c.Faults {
		p := format.Probability(f.Adjusted)
		if f.Certain {
			p = "" // no test is needed
		}
		t.Rows = append(t.Rows, table.Row{
			table.Plain(faultName(f)), table.Plain(cellName(f.Cell)), share(f.Old), share(f.New), table.Plain(p),
			{Text: format.OrAbsent(string(f.Verdict)), Tone: tone(f.Verdict)}, table.Plain(format.Shorten(f.Detail, 120)),
		})
	}
	return table.Section{ID: "faults", Heading: "What arms do not do", Tables: []table.Table{t}}
}

func share(s runs.Share) table.Cell {
	if s.Of == 0 {
		return table.Plain("")
	}
	return table.Cell{Text: fmt.Sprintf("%d/%d", s.Affected, s.Of), Interval: "(" + strconv.Itoa(s.Count) + ")"}
}

// valueWidth is what a value is shortened to; host.json and plan.json have all.
const valueWidth = 60

func differences(c *runs.Comparison) table.Section {
	t := table.Table{Caption: "plan, node, harness and runtime", Header: []string{"what", "old", "new", "what it means"}, Prose: true}
	means := map[runs.Weight]string{
		runs.Refuses: "the numbers do not mean the same",
		runs.Warns:   "a change may come from this",
		runs.Tells:   "",
	}
	for _, d := range c.Differences {
		t.Rows = append(t.Rows, table.Row{
			table.Plain(d.What), table.Plain(format.Shorten(format.OrAbsent(d.Old), valueWidth)), table.Plain(format.Shorten(format.OrAbsent(d.New), valueWidth)), table.Plain(means[d.Weight]),
		})
	}
	s := table.Section{ID: "differences", Heading: "What differs", Tables: []table.Table{t}}
	if len(t.Rows) == 0 {
		s.Lines = []string{"Nothing of plan, node, harness and runtime that is recorded."}
	}
	return s
}

func unmatched(c *runs.Comparison) table.Section {
	t := table.Table{Caption: "what one run alone has, and what is not there to be compared", Header: []string{"arm", "cell", "endpoint", "in", "why"}, Prose: true}
	for _, u := range c.Unmatched {
		series, in := "all", u.In
		if u.Series != nil {
			series = seriesName(u.Arm, *u.Series)
		}
		if in == "" {
			in = "both"
		}
		arm := u.Arm
		if arm == "" {
			arm = "all"
		}
		t.Rows = append(t.Rows, table.Row{table.Plain(arm), table.Plain(cellName(u.Cell)), table.Plain(series), table.Plain(in), table.Plain(u.Why)})
	}
	return table.Section{ID: "unmatched", Heading: "Not compared", Tables: []table.Table{t}}
}

// sides are the columns of what each run has; of no metric it is a ratio.
func sides(m analysis.Metric, old, new runs.Side) []table.Cell {
	u := table.UnitOf(m)
	side := func(s runs.Side) table.Cell {
		switch s.N {
		case 0:
			return table.Plain(format.Absent)
		case 1:
			return table.Cell{Text: u.Number(s.Mean), Interval: "(1)"}
		}
		return table.Cell{Text: u.Number(s.Mean), Interval: fmt.Sprintf("(%d, ±%s %%)", s.N, format.Hundredths.Number(s.SD))}
	}
	return []table.Cell{table.Plain(format.OrAbsent(u.Name)), side(old), side(new)}
}

func floors(c *runs.Comparison) table.Section {
	t := table.Table{
		Caption: "what no runtime has a part in",
		Header:  []string{"arm", "cell", "endpoint", "unit", "old\n(n, SD)", "new\n(n, SD)", "ratio\n" + level(c.Level), "p\n(Holm)", "changed"},
	}
	name := namer(c.Endpoints)
	for _, f := range c.Floors {
		changed := "no"
		if f.Changed {
			changed = "yes"
		}
		row := table.Row{table.Plain(f.Arm), table.Plain(name(f.Cell)), table.Plain(seriesName(f.Arm, f.Series))}
		row = append(row, sides(f.Series.Metric, f.Old, f.New)...)
		t.Rows = append(t.Rows, append(row, table.Measured(format.One, f.Ratio), table.Plain(format.Probability(f.Adjusted)), table.Plain(changed)))
	}
	return table.Section{ID: "node", Heading: "Did the node change", Tables: []table.Table{t}}
}

// believed is the q-value from which on a difference cannot be told from none.
const believed = 0.05

// exploratory shows the differences that are found, of all that were looked at.
func exploratory(c *runs.Comparison) table.Section {
	t := table.Table{
		Caption: "differences with q below 5 %",
		Header:  []string{"arm", "cell", "endpoint", "unit", "old\n(n, SD)", "new\n(n, SD)", "ratio\n" + level(c.Level), "q"},
	}
	name := namer(c.Endpoints)
	looked := 0
	for _, e := range c.Endpoints {
		if e.Class != runs.Exploratory {
			continue
		}
		looked++
		if e.Adjusted >= believed {
			continue
		}
		row := table.Row{table.Plain(e.Arm), table.Plain(name(e.Cell)), table.Plain(endpointName(&e))}
		metric := e.Series.Metric
		if e.Over != "" {
			metric = "" // a ratio
		}
		row = append(row, sides(metric, e.Old, e.New)...)
		t.Rows = append(t.Rows, append(row, table.Measured(format.One, e.Ratio, e.Notes...), table.Plain(format.Probability(e.Adjusted))))
	}
	s := table.Section{ID: "exploratory", Heading: "Exploratory: where differences come from", Tables: []table.Table{t}}
	if looked > 0 {
		s.Lines = []string{fmt.Sprintf("%s without a verdict were looked at: components, floors, the 99th percentile, and ratios to the baseline inside each run, which are free of what the node does to both arms. Those with a q-value (Benjamini and Hochberg) below 5 %% are shown: %d.", count(looked, "endpoint"), len(t.Rows))}
	}
	return s
}

// statistics has all that verdicts rest on.
func statistics(c *runs.Comparison) table.Section {
	s := table.Section{ID: "statistics", Heading: "Statistics", Background: true}
	for _, cell := range cells(c) {
		t := table.Table{
			Caption: cell.String() + ": endpoints with a verdict",
			Header: []string{
				"arm", "endpoint", "unit", "old\n(n, SD)", "new\n(n, SD)", "ratio\n" + level(c.Level), "p, worse\nby margin", "(Holm)", "over the\nnode's change",
			},
			Aside: true,
		}
		for _, e := range c.Endpoints {
			if e.Cell != cell || e.Class != runs.Primary {
				continue
			}
			net := table.Plain("")
			if e.Net != nil {
				net = table.Measured(format.One, *e.Net)
			}
			row := table.Row{table.Plain(e.Arm), table.Plain(seriesName(e.Arm, e.Series))}
			row = append(row, sides(e.Series.Metric, e.Old, e.New)...)
			t.Rows = append(t.Rows, append(row, table.Measured(format.One, e.Ratio, e.Notes...),
				table.Plain(format.Probability(e.P)), table.Plain(format.Probability(e.Adjusted)), net))
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

// reading says what the numbers are.
func reading(c *runs.Comparison) table.Section {
	m := format.Percent(c.Margin)
	return table.Section{ID: "reading", Heading: "How to read", Background: true, Lines: []string{
		fmt.Sprintf("Ratios are new over old, of geometric means; above 1 is a loss. Intervals [L, U] are two-sided at %s, by Welch's t on logarithms. The unit is the trial: n counts those. \"%s\" is absent, never zero.", format.Percent(c.Level), format.Absent),
		fmt.Sprintf("Regressed: L > 1 + %s. Improved: U < 1/(1 + %s). Same: both ends between these. Else Inconclusive; (worse) and (less) if it is shown to lie on one side of 1.", m, m),
		"Regressed and Improved are adjusted by Holm over all endpoints with a verdict and all faults, so that all alarms of a comparison together are false in at most 5 % of cases; (Holm) marks what would be said of an endpoint alone. Same is said of each by itself, and of the run only if it holds for all.",
		"(node): the node, its kernel or the harness changed, and the loss or gain is not beyond the margin over and above that change.",
		"Runs at two times differ by more than their trials tell, as nodes do from day to day. The margin must be wider than that: two runs of the same software on the node show how much it is.",
		"\"Can find\" is the loss that as many trials show to be more than the margin in four of five comparisons, \"settled by\" how many rounds of each run would settle what is open, if the ratio is what was found; both before adjustment, for CPU/PSS/latency.",
	}}
}
