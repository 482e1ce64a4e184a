// Package across lays out what several runs say together: a new run against an old
// one, and runs of one plan on several nodes.
//
// Package runs has the numbers, packages text, markdown and html draw the document,
// as they draw that of package table. It calculates nothing and judges nothing: a
// verdict is shown as it was given, and what was not compared is shown as such.
package across

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// WriteJSON writes a comparison, or what nodes say, for other programs.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write as JSON: %w", err)
	}
	return nil
}

// endpointName is what tables call an endpoint.
func endpointName(e *runs.Endpoint) string {
	name := seriesName(e.Arm, e.Series)
	if e.Over != "" {
		name += " over " + e.Over
	}
	return name
}

// seriesName is what tables call a series of an arm; the total and the only
// collector go without saying.
func seriesName(arm string, s analysis.Series) string {
	name := table.MetricName(s.Metric)
	switch {
	case s.Component != "" && s.Component != analysis.Total:
		return name + " of " + string(s.Component)
	case s.Collector != "" && s.Collector != arm:
		return name + " of " + s.Collector
	}
	return name
}

func level(v float64) string { return "[" + format.Percent(v) + "]" }

func cellName(c *bench.Cell) string {
	if c == nil {
		return "all"
	}
	return c.String()
}

// version names a runtime.
func version(r analysis.Runtime) string {
	return format.OrAbsent(strings.TrimSpace(r.Name + " " + r.Version))
}

// subject is one line on a run.
func subject(o runs.Origin) string {
	line := fmt.Sprintf("%s: %s. %d trials, %d of them used.", o.Name, version(o.Runtime), o.Tried, o.Used)
	if !o.First.IsZero() {
		line += " From " + o.First.UTC().Format(time.DateTime) + " to " + o.Last.UTC().Format(time.DateTime) + " UTC."
	}
	return line
}

// marked says what the numbers of runs must not be taken for.
func marked(d *table.Document, simulated bool, all ...runs.Origin) {
	var marks []string
	if simulated {
		marks = append(marks, table.Simulated)
		d.Why = append(d.Why, "SIMULATED: nothing was measured on a node. The numbers show the form of a report and nothing else.")
	}
	for _, o := range all {
		if len(o.NotForPublication) == 0 {
			continue
		}
		if !slices.Contains(marks, table.NotForPublication) {
			marks = append(marks, table.NotForPublication)
		}
		d.Why = append(d.Why, "Not for publication, "+o.Name+": "+strings.Join(o.NotForPublication, "; ")+".")
	}
	d.Mark = strings.Join(marks, ", ")
}

// sections leaves out those that have nothing to show.
func sections(all ...table.Section) []table.Section {
	var out []table.Section
	for _, s := range all {
		s.Tables = slices.DeleteFunc(s.Tables, func(t table.Table) bool { return len(t.Rows) == 0 })
		for i := range s.Tables {
			s.Tables[i].Tidy()
		}
		if len(s.Tables)+len(s.Lines)+len(s.Numbers) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// count writes how many there are of something.
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
