package table

import (
	"math"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// relative writes a relative change of either sign: 0.0123 as "1.23 %".
func relative(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return format.Absent
	}
	return format.Hundredths.Number(v) + " %"
}

func verdictLevel(r *analysis.Report) string { return "[" + format.Percent(r.VerdictLevel) + "]" }

// MetricName is what tables call a metric.
func MetricName(m analysis.Metric) string {
	switch m {
	case analysis.CPUCores:
		return "CPU"
	case analysis.ReadCalls:
		return "read calls"
	case analysis.PSS:
		return "PSS"
	case analysis.ResponseP50:
		return "p50 latency"
	case analysis.ResponseP99:
		return "p99 latency"
	case analysis.ServiceP50:
		return "p50 service time"
	}
	return string(m)
}

// seriesName is what tables call a series of an arm: of the total and of the only
// collector that goes without saying.
func seriesName(s analysis.Series, collectors int) string {
	name := MetricName(s.Metric)
	switch {
	case s.Component != "" && s.Component != analysis.Total:
		return name + " of " + string(s.Component)
	case s.Collector != "" && collectors > 1:
		return name + " of " + s.Collector
	}
	return name
}

// UnitOf is what a metric is shown in.
func UnitOf(m analysis.Metric) format.Unit {
	switch m {
	case analysis.CPUCores:
		return format.Millicores
	case analysis.PSS:
		return format.MiB
	case analysis.ResponseP50, analysis.ResponseP99, analysis.ServiceP50:
		return format.Milliseconds
	}
	return format.One
}
