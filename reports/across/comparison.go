package across

import (
	"fmt"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// Comparison lays out a new run against an old one.
func Comparison(c *runs.Comparison) *table.Document {
	d := &table.Document{
		Title:     fmt.Sprintf("cri-stats-bench: %s against %s", c.New.Name, c.Old.Name),
		Lead:      []string{"Old: " + subject(c.Old), "New: " + subject(c.New)},
		Footnotes: c.Notes,
	}
	marked(d, c.Simulated, c.Old, c.New)
	d.Sections = sections(
		verdict(c),
		table.Section{ID: "warnings", Heading: "Before you trust this", Lines: warnings(c)},
		result(c), faults(c), differences(c), unmatched(c), floors(c), exploratory(c), statistics(c), reading(c),
	)
	return d
}

// warnings are those of the comparison, and what differs that a change may come from.
func warnings(c *runs.Comparison) []string {
	out := slices.Clone(c.Warnings)
	for _, d := range c.Differences {
		d.Old, d.New = format.Shorten(d.Old, valueWidth), format.Shorten(d.New, valueWidth)
		switch d.Weight {
		case runs.Refuses:
			out = append(out, "The numbers of the two do not mean the same, and were compared anyway. "+d.String())
		case runs.Warns:
			out = append(out, "A change may come from this. "+d.String())
		}
	}
	return out
}

// verdict says first what can be said, and of what.
func verdict(c *runs.Comparison) table.Section {
	s := table.Section{ID: "verdict", Heading: "Verdict"}
	if c.Simulated {
		s.Lines = []string{"None: the runs are simulated."}
		return s
	}
	n := make(map[runs.Verdict]int)
	primary := 0
	for _, e := range c.Endpoints {
		if e.Class == runs.Primary {
			n[e.Verdict]++
			primary++
		}
	}
	says := fmt.Sprintf("of %s with a margin of %s: %d regressed, %d improved, %d the same, %d inconclusive",
		count(primary, "endpoint"), format.Percent(c.Margin), n[runs.Regressed], n[runs.Improved], n[runs.Same], n[runs.Inconclusive])
	if broken := slices.DeleteFunc(slices.Clone(c.Faults), func(f runs.Fault) bool { return f.Verdict != runs.Regressed }); len(broken) > 0 {
		says += fmt.Sprintf("; %s, listed below", count(len(broken), "fault"))
	}
	s.Numbers = []table.Number{{Label: "The new run against the old one", Value: string(c.Verdict), Tone: tone(c.Verdict), Says: says}}
	t := table.Table{
		Caption: "what regressed or improved",
		Header:  []string{"arm", "cell", "endpoint", "unit", "old\n(n, SD)", "new\n(n, SD)", "ratio\n" + level(c.Level), "verdict"},
	}
	name := namer(c.Endpoints)
	for i := range c.Endpoints {
		e := &c.Endpoints[i]
		if e.Verdict != runs.Regressed && e.Verdict != runs.Improved {
			continue
		}
		row := append(table.Row{table.Plain(e.Arm), table.Plain(name(e.Cell)), table.Plain(seriesName(e.Arm, e.Series))}, sides(e.Series.Metric, e.Old, e.New)...)
		t.Rows = append(t.Rows, append(row, table.Measured(format.One, e.Ratio, e.Notes...), table.Cell{Text: string(e.Verdict), Tone: tone(e.Verdict)}))
	}
	s.Tables = []table.Table{t}
	return s
}

func tone(v runs.Verdict) table.Tone {
	switch v {
	case runs.Regressed:
		return table.Bad
	case runs.Improved, runs.Same:
		return table.Good
	case runs.Inconclusive:
		return table.Open
	}
	return ""
}

// said writes a verdict above the ratio that it rests on.
func said(e *runs.Endpoint) table.Cell {
	if e == nil {
		return table.Plain("")
	}
	ratio := table.Measured(format.One, e.Ratio, e.Notes...)
	if e.Verdict == runs.NoVerdict {
		return ratio
	}
	text := string(e.Verdict)
	switch {
	case e.Net != nil && e.Verdict == runs.Inconclusive:
		text += " (node)"
	case e.Verdict != e.Unadjusted:
		text += " (Holm)"
	case e.Worse:
		text += " (worse)"
	case e.Less:
		text += " (less)"
	}
	return table.Cell{Text: text, Interval: strings.TrimSpace(ratio.Text + " " + ratio.Interval), Notes: ratio.Notes, Tone: tone(e.Verdict)}
}

// columns are the endpoints that have a column of their own.
var columns = []analysis.Metric{analysis.CPUCores, analysis.PSS, analysis.ResponseP50}

// result has a table per cell.
func result(c *runs.Comparison) table.Section {
	s := table.Section{ID: "result", Heading: "New over old"}
	for _, cell := range cells(c) {
		t := table.Table{
			Caption: cell.String() + ": ratio of the new run to the old one, margin " + format.Percent(c.Margin),
			Header:  []string{"arm", "CPU\n" + level(c.Level), "PSS\n" + level(c.Level), "p50 latency\n" + level(c.Level), "can find, %\n(settled by)"},
		}
		for _, arm := range arms(c, cell) {
			t.Rows = append(t.Rows, armRows(c, cell, arm)...)
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

// armRows is one row, and one more for each further collector's latency.
func armRows(c *runs.Comparison, cell bench.Cell, arm string) []table.Row {
	row := table.Row{table.Plain(arm), {}, {}, {}, {}}
	rows := []table.Row{row}
	var own []*runs.Endpoint
	for i := range c.Endpoints {
		e := &c.Endpoints[i]
		column := slices.Index(columns, e.Series.Metric)
		if e.Class != runs.Primary || e.Cell != cell || e.Arm != arm || column < 0 {
			continue
		}
		if e.Series.Collector == "" || e.Series.Collector == arm {
			row[1+column], own = said(e), append(own, e)
			continue
		}
		rows = append(rows, table.Row{table.Plain("· " + e.Series.Collector), {}, {}, said(e), reach(e)})
	}
	row[4] = reach(own...)
	return rows
}

// reach writes what would have been found, and in brackets what would settle what
// is open.
func reach(all ...*runs.Endpoint) table.Cell {
	var found, settled []string
	open := false
	for _, e := range all {
		text := format.Absent
		if e.Detectable > 0 {
			text = format.Hundredths.Number(e.Detectable)
		}
		found = append(found, text)
		text = format.Absent
		switch {
		case e.Verdict != runs.Inconclusive || e.Ratio.Interval == nil:
		case e.Settles == 0:
			text, open = "never", true
		default:
			text, open = format.Rounds(e.Settles), true
		}
		settled = append(settled, text)
	}
	out := table.Plain(strings.Join(found, "/"))
	if open {
		out.Interval = "(" + strings.Join(settled, "/") + ")"
	}
	return out
}

// cells are those of the endpoints, in order.
func cells(c *runs.Comparison) []bench.Cell {
	var out []bench.Cell
	for _, e := range c.Endpoints {
		if !slices.Contains(out, e.Cell) {
			out = append(out, e.Cell)
		}
	}
	return out
}

// namer names cells by what differs between them.
func namer(all []runs.Endpoint) func(bench.Cell) string {
	for _, e := range all {
		if first := all[0].Cell; e.Cell.Profile != first.Profile || e.Cell.ContainersPerPod != first.ContainersPerPod {
			return bench.Cell.String
		}
	}
	return func(c bench.Cell) string { return fmt.Sprintf("pods=%d", c.Pods) }
}

// arms are those with primary endpoints in a cell, in order.
func arms(c *runs.Comparison, cell bench.Cell) []string {
	var out []string
	for _, e := range c.Endpoints {
		if e.Cell == cell && e.Class == runs.Primary && !slices.Contains(out, e.Arm) {
			out = append(out, e.Arm)
		}
	}
	return out
}
