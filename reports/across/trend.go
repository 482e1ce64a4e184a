package across

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/bench/trend"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/junit/testsuite"
	"cri-stats-bench/reports/table"
)

// Recent is for how many runs a loss fails in JUnit and in the status: after that, it is
// what the numbers are held against.
const Recent = 10

// Trend lays out what changed over many runs, and since which of them.
func Trend(t *trend.Trend) *table.Document {
	first, last := t.Runs[0], t.Runs[len(t.Runs)-1]
	d := &table.Document{
		Title: fmt.Sprintf("cri-stats-bench: %s, %d runs", t.Plan, len(t.Runs)),
		Lead:  []string{fmt.Sprintf("From %s (%s) to %s (%s).", first.Name, first.First.UTC().Format(time.DateOnly), last.Name, last.First.UTC().Format(time.DateOnly))},
	}
	var all []runs.Origin
	for _, r := range t.Runs {
		all = append(all, runs.Origin{Name: r.Name, NotForPublication: r.NotForPublication})
	}
	marked(d, t.Simulated, all...)
	d.Sections = sections(changes(t), levels(t), points(t), table.Section{ID: "reading", Heading: "How to read", Background: true, Lines: []string{
		"A change is where a series is divided best into two levels (E-divisive), if a shuffled series is hardly ever divided as well (p below 0.3 %); each side is then divided again. Ratios are of geometric means, new level over the one before, with 95 % intervals.",
		"Simulated with a look each night: of 60 nights without a change, at most 5 % of series raise any alarm; a step by 5 % is found within five nights in more than 90 % where numbers scatter by 1.5 % from night to night.",
		"A ratio of two arms holds nothing of what the node does to both. Where both arms change and their ratio does not, it is the node, its kernel or the harness, or what both arms have in common.",
	}})
	return d
}

// changes says what changed, the latest first.
func changes(t *trend.Trend) table.Section {
	s := table.Section{ID: "changes", Heading: "What changed"}
	changed := table.Table{
		Caption: "changes of level, the latest first",
		Header:  []string{"arm", "endpoint", "since run", "from", "new over old\n[95 %]", "p", "runtime, harness: before", "since"},
		Prose:   true,
	}
	type row struct {
		run   int
		cells table.Row
	}
	var rows []row
	for i := range t.Series {
		for _, c := range t.Series[i].Changes {
			before, since := t.Runs[c.Run-1], t.Runs[c.Run]
			rows = append(rows, row{c.Run, table.Row{
				table.Plain(arm(&t.Series[i])), table.Plain(seriesName(t.Series[i].Arm, t.Series[i].Series)), table.Plain(since.Name), table.Plain(since.First.UTC().Format(time.DateOnly)),
				tinted(table.Measured(format.One, c.Ratio), c.Worse), table.Plain(format.Probability(c.P)), table.Plain(before.Runtime + ", " + before.Harness), table.Plain(since.Runtime + ", " + since.Harness),
			}})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return b.run - a.run })
	for _, r := range rows {
		changed.Rows = append(changed.Rows, r.cells)
	}
	s.Tables = []table.Table{changed}
	if len(rows) == 0 {
		s.Lines = []string{fmt.Sprintf("Nothing, in %s over %s.", count(len(t.Series), "series"), count(len(t.Runs), "run"))}
		if len(t.Series) == 0 {
			s.Lines = []string{"No run has a comparison that its plan asks for."}
		}
	}
	return s
}

func tinted(c table.Cell, worse bool) table.Cell {
	if c.Tone = table.Good; worse {
		c.Tone = table.Bad
	}
	return c
}

// arm names whose number a series is.
func arm(s *trend.Series) string {
	if s.To == "" {
		return s.Arm
	}
	return s.Arm + " over " + s.To
}

// levels has where each series stands now.
func levels(t *trend.Trend) table.Section {
	now := table.Table{Caption: "levels since the last change", Header: []string{"arm", "cell", "endpoint", "unit", "level", "runs", "changes"}}
	for i := range t.Series {
		s := &t.Series[i]
		since := 0
		if n := len(s.Changes); n > 0 {
			since = s.Changes[n-1].Point
		}
		unit := unitOf(s)
		now.Rows = append(now.Rows, table.Row{
			table.Plain(arm(s)), table.Plain(s.Cell.String()), table.Plain(seriesName(s.Arm, s.Series)), table.Plain(format.OrAbsent(unit.Name)),
			table.Plain(unit.Number(s.Level())), table.Plain(strconv.Itoa(len(s.Points) - since)), table.Plain(strconv.Itoa(len(s.Changes))),
		})
	}
	return table.Section{ID: "levels", Heading: "Where it stands", Tables: []table.Table{now}}
}

func unitOf(s *trend.Series) format.Unit {
	if s.To != "" {
		return format.One
	}
	return table.UnitOf(s.Series.Metric)
}

// points has every number, a table for each series.
func points(t *trend.Trend) table.Section {
	out := table.Section{ID: "points", Heading: "Every run", Background: true}
	for i := range t.Series {
		s := &t.Series[i]
		unit := unitOf(s)
		of := table.Table{Caption: strings.TrimSpace(arm(s) + ": " + seriesName(s.Arm, s.Series) + " " + unit.Name), Header: []string{"run", "from", "value", "new level"}, Aside: true}
		for k, p := range s.Points {
			begins := ""
			if slices.ContainsFunc(s.Changes, func(c trend.Change) bool { return c.Point == k }) {
				begins = "yes"
			}
			r := t.Runs[p.Run]
			of.Rows = append(of.Rows, table.Row{
				table.Plain(r.Name), table.Plain(r.First.UTC().Format(time.DateTime)), table.Measured(unit, analysis.Estimate{Value: p.Value, Interval: p.Interval, N: 1}), table.Plain(begins),
			})
		}
		out.Tables = append(out.Tables, of)
	}
	return out
}

// Losses names the recent changes for the worse, each with the run where it began.
func Losses(t *trend.Trend) []string {
	var out []string
	for i := range t.Series {
		if c := loss(t, &t.Series[i]); c != nil {
			out = append(out, fmt.Sprintf("%s of %s since %s", seriesName(t.Series[i].Arm, t.Series[i].Series), arm(&t.Series[i]), t.Runs[c.Run].Name))
		}
	}
	return out
}

// loss is the last change of a series, if it is recent and for the worse.
func loss(t *trend.Trend, s *trend.Series) *trend.Change {
	if t.Simulated || len(s.Changes) == 0 {
		return nil
	}
	c := &s.Changes[len(s.Changes)-1]
	if !c.Worse || len(t.Runs)-c.Run > Recent {
		return nil
	}
	return c
}

// WriteTrendJUnit writes a case for each series: a failure where it has changed for the
// worse of late. The names of cases are the same from night to night.
func WriteTrendJUnit(w io.Writer, t *trend.Trend) error {
	suite := &testsuite.Suite{Name: "cri-stats-bench.trend", Time: "0"}
	for i := range t.Series {
		s := &t.Series[i]
		of := suite.Add(seriesName(s.Arm, s.Series) + " of " + arm(s) + " at " + s.Cell.String())
		of.Number("level", s.Level())
		of.Number("runs", float64(len(s.Points)))
		switch c := loss(t, s); {
		case t.Simulated:
			of.Skip(table.Simulated + ": nothing was measured on a node")
		case c != nil:
			of.Fail("changed", fmt.Sprintf("since %s: new over old %s, p %s", t.Runs[c.Run].Name, strings.TrimSpace(format.One.Number(c.Ratio.Value)+" "+interval(c.Ratio)), format.Probability(c.P)))
		}
	}
	if len(suite.Cases) == 0 {
		suite.Add("trend").Skip("no run has a comparison that its plan asks for")
	}
	return testsuite.Write(w, "cri-stats-bench", t.Runs[len(t.Runs)-1].First.Sub(t.Runs[0].First), suite)
}

func interval(e analysis.Estimate) string {
	if e.Interval == nil {
		return ""
	}
	return format.One.Interval(e.Interval.Lo, e.Interval.Hi)
}
