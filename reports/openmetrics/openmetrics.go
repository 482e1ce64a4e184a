// Package openmetrics writes the estimates of a report as OpenMetrics text, which
// Prometheus' node_exporter, Pushgateway and VictoriaMetrics take in
// (OpenMetrics 1.0, https://prometheus.io/docs/specs/om/open_metrics_spec/).
//
// Everything is a gauge in base units, without a timestamp: it is a result and not
// a reading. Both ends of an interval are series of their own with the label bound
// (lo, hi) beside the estimate, which has no such label. What is absent has no
// series. A run that must not be taken for a measurement has the label mark on
// every series. It does not watch a run: that is what --metrics-addr is for.
package openmetrics

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/origin"
)

// prefix begins every name.
const prefix = "cri_stats_bench_"

// Write writes the report.
func Write(w io.Writer, r *analysis.Report) error {
	out := bufio.NewWriter(w)
	e := newExposition(r)
	e.report(r)
	e.write(out)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the report as OpenMetrics text: %w", err)
	}
	return nil
}

// A family is all series of one name.
type family struct {
	name string // without the prefix; ends in the unit, if there is one
	unit string
	help string
	// series are whole lines.
	series []string
}

// An exposition is families in the order in which they are written.
type exposition struct {
	families []*family
	mark     string
	// scope are the labels of the cell and the arm that series are added of.
	scope []label
}

// A label without a value is the same as no label.
type label struct{ name, value string }

func newExposition(r *analysis.Report) *exposition {
	return &exposition{mark: origin.Mark(&r.Host)}
}

// family returns the family of a definition, and makes it on first use.
func (e *exposition) family(d definition) *family {
	for _, f := range e.families {
		if f.name == d.name {
			return f
		}
	}
	f := &family{name: d.name, unit: d.unit, help: d.help}
	e.families = append(e.families, f)
	return f
}

// add adds one series in the scope.
func (e *exposition) add(d definition, v float64, labels ...label) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	var line strings.Builder
	line.WriteString(prefix + d.name)
	separator := "{"
	write := func(l label) {
		if l.value == "" {
			return
		}
		line.WriteString(separator + l.name + `="` + escape(l.value) + `"`)
		separator = ","
	}
	for _, l := range e.scope {
		write(l)
	}
	for _, l := range labels {
		write(l)
	}
	write(label{"mark", e.mark})
	if separator == "," {
		line.WriteByte('}')
	}
	line.WriteString(" " + strconv.FormatFloat(v, 'g', -1, 64) + "\n")
	f := e.family(d)
	f.series = append(f.series, line.String())
}

// estimate adds an estimate and the ends of its interval.
func (e *exposition) estimate(d definition, of analysis.Estimate, labels ...label) {
	if of.Absent() {
		return
	}
	e.add(d, of.Value, labels...)
	if i := of.Interval; i != nil {
		e.add(d, i.Lo, append(labels[:len(labels):len(labels)], label{"bound", "lo"})...)
		e.add(d, i.Hi, append(labels[:len(labels):len(labels)], label{"bound", "hi"})...)
	}
}

// write writes what was added. Errors stay in the buffered writer.
func (e *exposition) write(out *bufio.Writer) {
	for _, f := range e.families {
		fmt.Fprintf(out, "# TYPE %s%s gauge\n", prefix, f.name)
		if f.unit != "" {
			fmt.Fprintf(out, "# UNIT %s%s %s\n", prefix, f.name, f.unit)
		}
		fmt.Fprintf(out, "# HELP %s%s %s\n", prefix, f.name, escape(f.help))
		for _, line := range f.series {
			fmt.Fprint(out, line)
		}
	}
	fmt.Fprint(out, "# EOF\n")
}

// escape writes a text between quotes: ABNF escaped-string.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s)
}
