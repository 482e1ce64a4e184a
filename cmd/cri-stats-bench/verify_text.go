package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// A verifyFormat writes what verify found.
type verifyFormat func(w io.Writer, v *verification) error

var verifyFormats = map[string]verifyFormat{"text": verifyText, "json": verifyJSON, "junit": verifyJUnit}

func verifyFormatNames() []string { return slices.Sorted(maps.Keys(verifyFormats)) }

// verifyText writes one table, and a line for each finding.
func verifyText(w io.Writer, v *verification) error {
	if v.simulated {
		fmt.Fprintf(w, table.Simulated+": this is an in-memory runtime (%s), and says nothing about any other.\n", v.flags.simulate)
	}
	fmt.Fprintf(w, "%s at %s\n\n", format.Plain(v.runtime), format.Plain(v.endpoint))
	rows := [][]string{{
		"source", "calls", "service\nms", "pods", "containers", "fields", "age ms\np50, p95", "stamped\nms", "skew\nms", "step\ns", "+64 MiB\nms", "agrees", "result",
	}}
	for i := range v.report.Sources {
		rows = append(rows, sourceRow(v.report, &v.report.Sources[i]))
	}
	if err := drawTable(w, rows); err != nil {
		return err
	}
	if v.flags.fields {
		if err := fieldsText(w, v.report); err != nil {
			return err
		}
	}
	if !v.report.Referenced {
		fmt.Fprintln(w, "\nno cgroup of any pod could be read: values were held against nothing")
	}
	for _, u := range v.report.Unsupported {
		fmt.Fprintf(w, "\nleft out: %s: %s", u.Source, format.Plain(u.Why))
	}
	if len(v.report.Unsupported) > 0 {
		fmt.Fprintln(w)
	}
	return findingsText(w, v.report)
}

// sourceRow is the row of a source.
func sourceRow(r *agreement.Report, s *agreement.SourceReport) []string {
	var agreed, compared float64
	for _, c := range s.Agreement {
		if c.N < 3 {
			continue
		}
		compared++
		if c.Verdict == agreement.Agrees {
			agreed++
		}
	}
	age := format.Absent
	if s.Age != nil {
		age = median(s.Age) + ", " + format.Milliseconds.Number(s.Age.P95)
		if s.Stamped {
			age += " t" // by timestamps: a counter of whole seconds is no clock
		}
	}
	step := format.Absent
	if s.Distinct > 0 {
		step = "< 0.001"
		if s.Step > 0 {
			step = strconv.FormatFloat(s.Step, 'g', -1, 64)
		}
	}
	return []string{
		s.Name, share(float64(s.Calls-s.Failed), float64(s.Calls)), median(s.Service),
		share(s.Pods, s.PodsDue), share(s.Containers, s.ContainersDue), fieldShare(s.Fields),
		age, median(s.Claimed), median(s.Skew), step, median(s.Detection), share(agreed, compared), result(s, r.Of(s.Name)),
	}
}

// median is that of a spread in milliseconds.
func median(s *agreement.Spread) string {
	if s == nil {
		return format.Absent
	}
	return format.Milliseconds.Number(s.P50)
}

// share is how many there are of how many; absent where there can be none.
func share(n, of float64) string {
	if n == 0 && of == 0 {
		return format.Absent
	}
	return format.Count(n) + "/" + format.Count(of)
}

// fieldShare counts the fields that are there of those that could be.
func fieldShare(fields []agreement.FieldState) string {
	var n, of float64
	for _, f := range fields {
		switch f.State {
		case agreement.StatePresent, agreement.StateZero:
			n, of = n+1, of+1
		case agreement.StatePartly, agreement.StateAbsent:
			of++
		}
	}
	return share(n, of)
}

// result is one word on a source.
func result(s *agreement.SourceReport, findings []agreement.Finding) string {
	defects := 0
	for _, f := range findings {
		if f.Severity == agreement.Defect {
			defects++
		}
	}
	switch {
	case defects > 0:
		return fmt.Sprintf("FAIL (%d)", defects)
	case len(findings) > 0:
		return "ok, limits"
	case s.ContainersDue == 0:
		return format.Absent // there was nothing to be right about
	}
	return "ok"
}

// findingsText lists the findings, defects first.
func findingsText(w io.Writer, r *agreement.Report) error {
	for _, severity := range []agreement.Severity{agreement.Defect, agreement.Limit} {
		first := true
		for _, f := range r.Findings {
			if f.Severity != severity {
				continue
			}
			if first {
				fmt.Fprintln(w)
				first = false
			}
			fmt.Fprintln(w, format.Plain(f.String()))
		}
	}
	defects := r.Defects()
	_, err := fmt.Fprintf(w, "\n%d defects, %d limits\n", defects, len(r.Findings)-defects)
	return err
}

// fieldsText has a row for each field and a column for each source.
func fieldsText(w io.Writer, r *agreement.Report) error {
	type place struct {
		level  agreement.Level
		metric string
	}
	header := []string{"field", "of"}
	var order []place
	cells := make(map[place]map[string]string)
	for _, s := range r.Sources {
		header = append(header, s.Name)
		for _, f := range s.Fields {
			p := place{f.Level, f.Metric}
			if cells[p] == nil {
				cells[p] = make(map[string]string)
				order = append(order, p)
			}
			cells[p][s.Name] = fieldText(f)
		}
	}
	rows := [][]string{append(header[:len(header):len(header)], "checked")}
	for _, p := range order {
		row := []string{p.metric, string(p.level)}
		for _, name := range header[2:] {
			text := cells[p][name]
			if text == "" {
				text = format.Absent // the form has no such field
			}
			row = append(row, text)
		}
		rows = append(rows, append(row, agreement.How(p.metric)))
	}
	fmt.Fprintln(w)
	return drawTable(w, rows)
}

func fieldText(f agreement.FieldState) string {
	switch f.State {
	case agreement.StatePartly:
		return fmt.Sprintf("%d of %d", f.With, f.Of)
	case agreement.StateNotApplicable:
		return "n/a"
	}
	return string(f.State)
}

// drawTable draws rows, the first of which is the header.
func drawTable(w io.Writer, rows [][]string) error {
	var out strings.Builder
	t := tablewriter.NewTable(&out,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{Borders: tw.BorderNone, Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone}})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
	)
	t.Header(rows[0])
	for _, row := range rows[1:] {
		if err := t.Append(row); err != nil {
			return fmt.Errorf("show a row: %w", err)
		}
	}
	if err := t.Render(); err != nil {
		return fmt.Errorf("show the table: %w", err)
	}
	for line := range strings.Lines(out.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// verifyDocument is what verify says as JSON.
type verifyDocument struct {
	Format    int    `json:"format"`
	Runtime   string `json:"runtime"`
	Endpoint  string `json:"endpoint"`
	Simulated bool   `json:"simulated,omitempty"`
	Defects   int    `json:"defects"`
	*agreement.Report
}

func verifyJSON(w io.Writer, v *verification) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(verifyDocument{1, v.runtime, v.endpoint, v.simulated, v.report.Defects(), v.report})
}
