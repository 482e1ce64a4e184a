package table

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

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
		perCollector: 4,
		collector: func(_ *analysis.ArmResult, c *analysis.CollectorResult) []Cell {
			return []Cell{
				bare(format.Milliseconds, c.Response.P50), bare(format.Milliseconds, c.Response.P95), bare(format.Milliseconds, c.Response.Max),
				containers(c),
			}
		},
		perArm: 4,
		arm: func(a *analysis.ArmResult) []Cell {
			return []Cell{
				number(format.Millicores, a.Total.CPU), bare(format.Milliseconds, a.CPUPerCall), bare(format.MiB, a.Total.PSS), usedTrials(a),
			}
		},
	}
	tried := "trials\n(void)"
	if sliced(cell) {
		tried = "trials\n+slices\n(void)"
	}
	return Table{
		Caption: caption(cell, "latency, CPU and memory"),
		Header: []string{
			"arm", "p50\nms", "p95\nms", "max\nms", "containers\nanswered",
			"CPU mcores\n" + level(r), "CPU ms\nper call", "PSS\nMiB", tried,
		},
		Rows: s.all(cell),
	}
}

// usedTrials writes how many trials and slices count, and how many are void if any
// are.
func usedTrials(a *analysis.ArmResult) Cell {
	text := strconv.Itoa(a.Used)
	if a.Slices.Tried > 0 {
		text += "+" + strconv.Itoa(a.Slices.Used)
	}
	if void := a.Void + a.Slices.Void; void > 0 {
		text += fmt.Sprintf(" (%d)", void)
	}
	return plain(text)
}

// sliced says whether any arm of a cell has slices.
func sliced(cell *analysis.Cell) bool {
	for i := range cell.Arms {
		if cell.Arms[i].Slices.Tried > 0 {
			return true
		}
	}
	return false
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

// ratios sets each arm against the baseline. CPU time per call has a column where
// arms read at different intervals; elsewhere it is the ratio of CPU time.
func ratios(r *analysis.Report, cell *analysis.Cell) Table {
	perCall := strings.Contains(intervals(r), ",")
	ratio := func(a *analysis.ArmResult, s analysis.Series) Cell {
		return number(format.One, a.Compared(s).Estimate)
	}
	s := shape{
		perCollector: 1,
		collector: func(a *analysis.ArmResult, c *analysis.CollectorResult) []Cell {
			return []Cell{ratio(a, analysis.Series{Metric: analysis.ResponseP50, Collector: c.Collector})}
		},
		perArm: 3,
		arm: func(a *analysis.ArmResult) []Cell {
			cpu, pss, n := ratio(a, total(analysis.CPUCores)), ratio(a, total(analysis.PSS)), pairs(a.Compared(total(analysis.CPUCores)))
			if perCall {
				return []Cell{cpu, ratio(a, total(analysis.CPUPerCall)), pss, n}
			}
			return []Cell{cpu, pss, n}
		},
	}
	t := Table{Caption: caption(cell, fmt.Sprintf("ratio to the baseline %s", r.Baseline))}
	t.Header = []string{"arm", "p50 latency\n" + level(r), "CPU\n" + level(r), "PSS\n" + level(r), "CPU pairs\n(units)"}
	if perCall {
		s.perArm++
		t.Header = slices.Insert(t.Header, 3, "CPU per call\n"+level(r))
	}
	for i := range cell.Arms {
		if cell.Arms[i].Arm != r.Baseline {
			t.Rows = append(t.Rows, s.rows(&cell.Arms[i])...)
		}
	}
	return t
}

// pairs writes how many of the rounds or cycles gave a pair, and what the interval
// counts if that is not the same.
func pairs(c analysis.Comparison) Cell {
	if c.Possible == 0 {
		return plain(format.Absent)
	}
	out := plain(fmt.Sprintf("%d/%d", c.Estimate.N, c.Possible))
	if b := c.Estimate.Basis; b != nil && b.Count != c.Estimate.N {
		out.Interval = "(" + unitsOf(b) + ")"
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
			row := []Cell{calls, plain(strconv.Itoa(c.Failed))}
			for _, e := range []analysis.Estimate{l.P50, l.P95, l.P99, l.Max} {
				row = append(row, number(format.Milliseconds, e))
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
				number(format.Milliseconds, c.FirstCall), number(format.Milliseconds, c.Service.P50),
				bare(format.KiB, c.Bytes), count(c.Pods), containers(c), count(c.Samples), plain(strconv.Itoa(c.Missing)),
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
		row := Row{{Text: a.Arm, Notes: numbers(a.Notes)}, number(u, of(a.Total))}
		for _, c := range shown {
			row = append(row, number(u, of(a.Component(c))))
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
		row := append(Row{plain("· " + c.Collector)}, make([]Cell, width-1)...)
		for i, component := range shown {
			if component != bench.ComponentAgent {
				continue
			}
			if m == analysis.PSS {
				row[2+i] = number(u, c.PSS)
			} else {
				row[2+i] = number(u, c.CPU)
			}
		}
		rows = append(rows, row)
	}
	return rows
}
