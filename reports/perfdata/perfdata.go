// Package perfdata writes a report as PerfData, the JSON that clusterloader2 and
// the end-to-end tests of Kubernetes leave behind and perf-dash draws.
//
// Each metric is a file. Their names begin as those of clusterloader2's generic
// Prometheus queries do, from which perf-dash takes the name of the metric, so that
// it draws these without a change to its configuration: the files go into
// ROOT/JOB/BUILD/artifacts.
//
// Items of one metric are told apart by labels that stay the same from build to
// build; what differs between builds, as versions do, stands once at the top of
// each file, or perf-dash would begin a new line with each. It writes no verdict:
// perf-dash shows how numbers went over builds and compares nothing.
package perfdata

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/origin"
)

// version is that of PerfData. perf-dash drops the items of a file with another one
// than the first it met.
const version = "v1"

// A Data is the whole of one file: perftype.PerfData of k8s.io/kubernetes/test/e2e
// and k8s.io/perf-tests/clusterloader2.
type Data struct {
	Version   string            `json:"version"`
	DataItems []Item            `json:"dataItems"`
	Labels    map[string]string `json:"labels,omitempty"`
}

// An Item is perftype.DataItem: some numbers in one unit. Items with the same
// labels have the same keys of Data as far as all of them were measured.
type Item struct {
	Data   map[string]float64 `json:"data"`
	Unit   string             `json:"unit"`
	Labels map[string]string  `json:"labels"`
}

// A File is one metric.
type File struct {
	Name string // without a folder, fit for every file system
	Data []byte
}

// Files returns the files of a report; none of a metric of which nothing was
// measured.
func Files(r *analysis.Report) ([]File, error) {
	top := make(map[string]string)
	for _, pairs := range [][]origin.Pair{origin.Setting(r), origin.Occasion(r)} {
		for _, p := range pairs {
			top[p.Key] = p.Value
		}
	}
	mark := origin.Mark(&r.Host)
	if mark != "" {
		top["mark"] = mark
	}
	var files []File
	for _, m := range metrics() {
		d := Data{Version: version, Labels: top}
		for i := range r.Cells {
			for j := range r.Cells[i].Arms {
				m.items(&d, m.unit, labels(mark, &r.Cells[i], &r.Cells[i].Arms[j]), &r.Cells[i], &r.Cells[i].Arms[j])
			}
		}
		if len(d.DataItems) == 0 {
			continue
		}
		data, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("write %s as PerfData: %w", m.name, err)
		}
		files = append(files, File{fileName(r, m.name), append(data, '\n')})
	}
	return files, nil
}

// fileName is what perf-dash looks for: the metric's name reaches to the first "_".
// The time is that of the run, and without colons, which Windows does not allow.
func fileName(r *analysis.Report, metric string) string {
	name := "GenericPrometheusQuery " + metric + "_" + origin.FileName(r.Name, 60)
	if !r.First.IsZero() {
		name += "_" + r.First.UTC().Format("20060102T150405Z")
	}
	return name + ".json"
}

// A metric is one file. Its name has no "_".
type metric struct {
	name string
	unit unit
	// items adds what one arm has in one cell.
	items func(d *Data, u unit, labels map[string]string, cell *analysis.Cell, a *analysis.ArmResult)
}

// A unit is what numbers are written in.
type unit struct {
	name string
	size float64 // of one of it, in base units
}

func metrics() []metric {
	ms, mcores, mib, b, one := unit{"ms", 1e-3}, unit{"mcores", 1e-3}, unit{"MiB", 1 << 20}, unit{"B", 1}, unit{"", 1}
	return []metric{
		{"Stats response time", ms, perCollector(func(c *analysis.CollectorResult) values { return latency(c.Response) })},
		{"Stats service time", ms, perCollector(func(c *analysis.CollectorResult) values { return latency(c.Service) })},
		{"Stats first call", ms, perCollector(func(c *analysis.CollectorResult) values { return mean(c.FirstCall) })},
		{"Stats answer size", b, perCollector(func(c *analysis.CollectorResult) values { return mean(c.Bytes) })},
		{"Stats answer containers", one, perCollector(func(c *analysis.CollectorResult) values { return mean(c.Containers) })},
		{"Stats CPU", mcores, perComponent(func(c *analysis.Cost) analysis.Estimate { return c.CPU })},
		{"Stats memory", mib, perComponent(func(c *analysis.Cost) analysis.Estimate { return c.PSS })},
		{"Stats CPU above idle", mcores, func(d *Data, u unit, labels map[string]string, _ *analysis.Cell, a *analysis.ArmResult) {
			d.add(mean(a.AboveIdle.CPU), u, labels)
		}},
		{"Stats ratio", one, ratios},
	}
}

// values are numbers in base units by the key that they get. What is absent has no
// key: it is not zero.
type values map[string]float64

func (v values) put(key string, e analysis.Estimate) {
	if !e.Absent() {
		v[key] = e.Value
	}
}

// latency has the keys that every PerfData has for quantiles.
func latency(l analysis.Latency) values {
	v := make(values)
	v.put("Perc50", l.P50)
	v.put("Perc90", l.P90)
	v.put("Perc95", l.P95)
	v.put("Perc99", l.P99)
	v.put("Perc100", l.Max)
	return v
}

// spread is an estimate with both ends of its interval.
func spread(key string, e analysis.Estimate) values {
	v := make(values)
	v.put(key, e)
	if !e.Absent() && e.Interval != nil {
		v["Low"], v["High"] = e.Interval.Lo, e.Interval.Hi
	}
	return v
}

func mean(e analysis.Estimate) values { return spread("Mean", e) }

func perCollector(of func(*analysis.CollectorResult) values) func(*Data, unit, map[string]string, *analysis.Cell, *analysis.ArmResult) {
	return func(d *Data, u unit, labels map[string]string, _ *analysis.Cell, a *analysis.ArmResult) {
		for i := range a.Collectors {
			d.add(of(&a.Collectors[i]), u, labels, "Collector", a.Collectors[i].Collector)
		}
	}
}

func perComponent(of func(*analysis.Cost) analysis.Estimate) func(*Data, unit, map[string]string, *analysis.Cell, *analysis.ArmResult) {
	return func(d *Data, u unit, labels map[string]string, _ *analysis.Cell, a *analysis.ArmResult) {
		d.add(mean(of(&a.Total)), u, labels, "Component", string(analysis.Total))
		for i := range a.Components {
			d.add(mean(of(&a.Components[i])), u, labels, "Component", string(a.Components[i].Component))
		}
	}
}

// ratios are those of an arm to others, in windows of equal length.
func ratios(d *Data, u unit, labels map[string]string, cell *analysis.Cell, a *analysis.ArmResult) {
	for _, p := range cell.Pairings {
		if p.Of != a.Arm {
			continue
		}
		for _, c := range p.Comparisons {
			d.add(spread("Ratio", c.Estimate), u, labels, "Metric", string(c.Series.Metric), "Against", c.Against, "Component", string(c.Series.Component))
		}
	}
}

// labels are those of every item of an arm in a cell.
func labels(mark string, cell *analysis.Cell, a *analysis.ArmResult) map[string]string {
	l := map[string]string{
		"Arm": origin.Name(a.Arm), "Pods": strconv.Itoa(cell.Pods),
		"ContainersPerPod": strconv.Itoa(cell.ContainersPerPod), "Profile": origin.Name(cell.Profile),
	}
	if mark != "" {
		l["Mark"] = mark
	}
	return l
}

// add adds an item with further labels, given as keys and values; those without a
// value are left out.
func (d *Data) add(v values, u unit, common map[string]string, more ...string) {
	if len(v) == 0 {
		return
	}
	item := Item{Data: make(map[string]float64, len(v)), Unit: u.name, Labels: maps.Clone(common)}
	for key, value := range v {
		item.Data[key] = value / u.size
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			item.Labels[more[i]] = origin.Name(more[i+1])
		}
	}
	d.DataItems = append(d.DataItems, item)
}
