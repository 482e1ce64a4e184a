// Package openmetrics writes the estimates of a report as OpenMetrics text, which
// Prometheus' node_exporter, Pushgateway and VictoriaMetrics take in
// (OpenMetrics 1.0, https://prometheus.io/docs/specs/om/open_metrics_spec/).
//
// Everything is a gauge in base units, with the end of the run as its timestamp, so that
// `promtool tsdb create-blocks-from openmetrics` puts each run where it belongs. Quantiles
// have the label q: a label named quantile would make them a summary's, which has a count
// and a sum of what it was made of. Both ends of an interval are series of their own with the label bound
// (lo, hi) beside the estimate, which has no such label. What is absent has no
// series. A run that must not be taken for a measurement has the label mark on
// every series. It does not watch a run: that is what --metrics-addr is for.
package openmetrics

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/origin"
)

// prefix begins every name.
const prefix = "cri_stats_bench_"

// Write writes the report.
func Write(w io.Writer, r *analysis.Report) error {
	e := &exposition{mark: origin.Mark(&r.Host), at: r.Last}
	e.report(r)
	var out bytes.Buffer
	for _, f := range e.families {
		if _, err := expfmt.MetricFamilyToOpenMetrics(&out, f); err != nil {
			return fmt.Errorf("write %s as OpenMetrics text: %w", f.GetName(), err)
		}
	}
	if _, err := expfmt.FinalizeOpenMetrics(&out); err != nil {
		return fmt.Errorf("end the OpenMetrics text: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write the report as OpenMetrics text: %w", err)
	}
	return nil
}

// An exposition is families in the order in which they are written.
type exposition struct {
	families []*dto.MetricFamily
	mark     string
	at       time.Time // zero where nothing was run
	// scope are the labels of the cell and the arm that series are added of.
	scope []label
}

// A label without a value is the same as no label.
type label struct{ name, value string }

// family returns the family of a definition, and makes it on first use.
func (e *exposition) family(d definition) *dto.MetricFamily {
	for _, f := range e.families {
		if f.GetName() == prefix+d.name {
			return f
		}
	}
	f := &dto.MetricFamily{Name: new(prefix + d.name), Help: new(d.help), Type: dto.MetricType_GAUGE.Enum()}
	if d.unit != "" {
		f.Unit = new(d.unit)
	}
	e.families = append(e.families, f)
	return f
}

// add adds one series in the scope.
func (e *exposition) add(d definition, v float64, labels ...label) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	m := &dto.Metric{Gauge: &dto.Gauge{Value: new(v)}}
	if !e.at.IsZero() {
		m.TimestampMs = new(e.at.UnixMilli())
	}
	for _, l := range slices.Concat(e.scope, labels, []label{{"mark", e.mark}}) {
		if l.value != "" {
			m.Label = append(m.Label, &dto.LabelPair{Name: new(l.name), Value: new(l.value)})
		}
	}
	f := e.family(d)
	f.Metric = append(f.Metric, m)
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
