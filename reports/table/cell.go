package table

import (
	"fmt"
	"math"
	"strconv"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// caption heads a table of one cell.
func caption(c *analysis.Cell, what string) string { return c.Cell.String() + ": " + what }

// level is the level of the intervals as headers have it.
func level(r *analysis.Report) string { return "[" + format.Percent(r.Level) + "]" }

// costs is the headline: what each arm takes and what it costs.
func costs(r *analysis.Report, cell *analysis.Cell) Table {
	s := shape{
		perCollector: 3,
		collector: func(_ *analysis.ArmResult, c *analysis.CollectorResult) []Cell {
			return []Cell{
				bare(format.Milliseconds, c.Response.P50), bare(format.Milliseconds, c.Response.P95), containers(c),
			}
		},
		perArm: 6,
		arm: func(a *analysis.ArmResult) []Cell {
			return []Cell{
				bare(format.Milliseconds, a.Response), Measured(format.Millicores, a.Total.CPU), Measured(format.Millicores, a.AboveIdle.CPU),
				Measured(format.MiB, a.Total.PSS), count(a.Reads), usedTrials(a),
			}
		},
	}
	return Table{
		Caption: caption(cell, "latency, CPU, memory and work"),
		Header: []string{
			"arm", "p50\nms", "p95\nms", "containers\nanswered",
			"own p50\nms", "CPU mcores\n" + level(r), "above idle\n" + level(r), "PSS MiB\n" + level(r), "reads\nper s", "trials\n(void)",
		},
		Rows: s.all(cell),
	}
}

// usedTrials writes how many trials count, and how many are void if any are.
func usedTrials(a *analysis.ArmResult) Cell {
	text := strconv.Itoa(a.Used)
	if a.Void > 0 {
		text += fmt.Sprintf(" (%d)", a.Void)
	}
	return Plain(text)
}

// containers writes how many containers an answer has and how many it should
// have at least.
func containers(c *analysis.CollectorResult) Cell {
	out := count(c.Containers)
	if !c.Containers.Absent() && !c.Expected.Absent() {
		out.Text += "/" + format.Count(c.Expected.Value)
	}
	return out
}

// latency shows quantiles of response time.
func latency(r *analysis.Report, cell *analysis.Cell) Table {
	s := shape{
		perCollector: 6,
		collector: func(a *analysis.ArmResult, c *analysis.CollectorResult) []Cell {
			l := c.Response
			calls := Cell{Text: fmt.Sprintf("%d/%d", c.Calls, a.Used)}
			if l.P50.Effective > 0 {
				calls.Interval = "(" + format.Count(math.Floor(l.P50.Effective)) + ")"
			}
			row := []Cell{calls, Plain(strconv.Itoa(c.Failed))}
			for _, e := range []analysis.Estimate{l.P50, l.P95, l.P99, l.Max} {
				row = append(row, Measured(format.Milliseconds, e))
			}
			return row
		},
	}
	return Table{
		Caption: caption(cell, "response time over all calls"),
		Header: []string{
			"arm", "calls/\ntrials\n(effect.)", "failed",
			"p50 ms\n" + level(r), "p95 ms\n" + level(r), "p99 ms\n" + level(r), "max ms",
		},
		Rows: s.all(cell),
	}
}

// answers shows service time and what is in an answer.
func answers(r *analysis.Report, cell *analysis.Cell) Table {
	s := shape{
		perCollector: 7,
		collector: func(_ *analysis.ArmResult, c *analysis.CollectorResult) []Cell {
			return []Cell{
				Measured(format.Milliseconds, c.FirstCall), Measured(format.Milliseconds, c.Service.P50),
				bare(format.KiB, c.Bytes), count(c.Pods), containers(c), count(c.Samples), Plain(strconv.Itoa(c.Missing)),
			}
		},
	}
	return Table{
		Caption: caption(cell, "service time, and what is in an answer"),
		Header: []string{
			"arm", "first call ms\n" + level(r), "service p50 ms\n" + level(r),
			"KiB", "pods", "containers", "samples", "missing",
		},
		Rows: s.all(cell),
	}
}

// cpu shows where CPU time goes.
func cpu(r *analysis.Report, cell *analysis.Cell) Table {
	return components(r, cell, "CPU, mcores", format.Millicores, analysis.CPUCores, func(c analysis.Cost) analysis.Estimate { return c.CPU })
}

// memory shows where memory is.
func memory(r *analysis.Report, cell *analysis.Cell) Table {
	return components(r, cell, "PSS, MiB", format.MiB, analysis.PSS, func(c analysis.Cost) analysis.Estimate { return c.PSS })
}

// components has one column per component that any arm of the cell has a number
// of, after the total.
func components(r *analysis.Report, cell *analysis.Cell, what string, u format.Unit, m analysis.Metric, of func(analysis.Cost) analysis.Estimate) Table {
	t := Table{Caption: caption(cell, what+" "+level(r)), Header: []string{"arm", "total"}}
	var shown []bench.Component
	for _, c := range analysis.Components() {
		for i := range cell.Arms {
			if !of(cell.Arms[i].Component(c)).Absent() {
				shown = append(shown, c)
				t.Header = append(t.Header, string(c))
				break
			}
		}
	}
	for i := range cell.Arms {
		a := &cell.Arms[i]
		row := Row{{Text: a.Arm, Notes: numbers(a.Notes)}, Measured(u, of(a.Total))}
		for _, c := range shown {
			row = append(row, Measured(u, of(a.Component(c))))
		}
		t.Rows = append(t.Rows, row)
		if len(a.Collectors) > 1 {
			t.Rows = append(t.Rows, agentRows(a, shown, len(row), u, m)...)
		}
	}
	return t
}

// agentRows shows each agent's part of the component agent.
func agentRows(a *analysis.ArmResult, shown []bench.Component, width int, u format.Unit, m analysis.Metric) []Row {
	var rows []Row
	for _, c := range a.Collectors {
		row := append(Row{Plain("· " + c.Collector)}, make([]Cell, width-1)...)
		for i, component := range shown {
			if component != bench.ComponentAgent {
				continue
			}
			if m == analysis.PSS {
				row[2+i] = Measured(u, c.PSS)
			} else {
				row[2+i] = Measured(u, c.CPU)
			}
		}
		rows = append(rows, row)
	}
	return rows
}
