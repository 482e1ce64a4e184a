package perfdata

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/reporttest"
)

// write puts all files into one, for golden files and for a full disk.
func write(w io.Writer, r *analysis.Report) error {
	files, err := Files(r)
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, err := fmt.Fprintf(w, "-- %s --\n%s", f.Name, f.Data); err != nil {
			return err
		}
	}
	return nil
}

func TestReport(t *testing.T) {
	reporttest.RunData(t, write, "txtar", func(t *testing.T, r *analysis.Report, _ []byte) { check(t, r) })
}

// The types of k8s.io/kubernetes/test/e2e/perftype, which perf-dash decodes into.
type (
	perftypeDataItem struct {
		Data   map[string]float64 `json:"data"`
		Unit   string             `json:"unit"`
		Labels map[string]string  `json:"labels,omitempty"`
	}
	perftypePerfData struct {
		Version   string             `json:"version"`
		DataItems []perftypeDataItem `json:"dataItems"`
		Labels    map[string]string  `json:"labels,omitempty"`
	}
)

// metricName is how perf-dash finds the metric's name: perfdash/metrics-downloader.go
// of k8s.io/perf-tests, with the prefix GenericPrometheusQuery.
func metricName(file string) string {
	return strings.Split(strings.TrimPrefix(file, "GenericPrometheusQuery "), "_")[0]
}

func check(t *testing.T, r *analysis.Report) {
	t.Helper()
	files, err := Files(r)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, f := range files {
		if !regexp.MustCompile(`^GenericPrometheusQuery [A-Za-z ]+_[A-Za-z0-9.-]+_\d{8}T\d{6}Z\.json$`).MatchString(f.Name) || len(f.Name) > 255 {
			t.Errorf("a file is named %q", f.Name)
		}
		if names[metricName(f.Name)] {
			t.Errorf("two files are of %q", metricName(f.Name))
		}
		names[metricName(f.Name)] = true
		var d perftypePerfData
		decoder := json.NewDecoder(bytes.NewReader(f.Data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&d); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if d.Version != "v1" || len(d.DataItems) == 0 {
			t.Errorf("%s: version %q with %d items", f.Name, d.Version, len(d.DataItems))
		}
		seen := make(map[string]bool)
		for _, item := range d.DataItems {
			labels := fmt.Sprint(item.Labels)
			if seen[labels] {
				t.Errorf("%s: two items have the labels %.300s", f.Name, labels)
			}
			seen[labels] = true
			if item.Unit != d.DataItems[0].Unit || len(item.Data) == 0 {
				t.Errorf("%s: an item in %q has %d numbers", f.Name, item.Unit, len(item.Data))
			}
			marked := r.Simulated() || len(r.Host.NotForPublication) > 0
			if (item.Labels["Mark"] != "") != marked {
				t.Errorf("%s: an item is marked %q", f.Name, item.Labels["Mark"])
			}
			for _, forbidden := range []string{"Count", "SlowCount"} { // perf-dash takes them away
				if _, ok := item.Labels[forbidden]; ok {
					t.Errorf("%s: an item has the label %s", f.Name, forbidden)
				}
			}
		}
	}
	for _, m := range metrics() {
		// Where two arms always read at once, nothing is set against anything.
		if against := m.name == "Stats CPU above idle" || m.name == "Stats ratio"; !names[m.name] && !(against && r.Baseline == "") {
			t.Errorf("there is no file of %q", m.name)
		}
	}
}

// One file in whole: units, keys and labels.
func TestFile(t *testing.T) {
	value := func(v float64) analysis.Estimate { return analysis.Estimate{Value: v, N: 3} }
	r := &analysis.Report{
		Name: "quick", Experiment: "api",
		Cells: []analysis.Cell{{Arms: []analysis.ArmResult{{
			Arm:   "cadvisor",
			Total: analysis.Cost{PSS: analysis.Estimate{Value: 3 << 20, N: 2, Interval: &analysis.Interval{Lo: 1 << 20, Hi: 5 << 20}}},
			Collectors: []analysis.CollectorResult{{
				Collector: "cadvisor", Response: analysis.Latency{P50: value(0.25), P90: value(0.5), Max: value(2)},
			}},
		}}}},
	}
	r.Cells[0].Pods, r.Cells[0].ContainersPerPod, r.Cells[0].Profile = 35, 1, "idle"
	files, err := Files(r)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]Data)
	for _, f := range files {
		var d Data
		if err := json.Unmarshal(f.Data, &d); err != nil {
			t.Fatal(err)
		}
		got[f.Name] = d
	}
	labels := func(key, value string) map[string]string {
		return map[string]string{"Arm": "cadvisor", "Pods": "35", "ContainersPerPod": "1", "Profile": "idle", key: value}
	}
	top := map[string]string{"experiment": "api", "plan": "quick", "seed": "0"}
	want := map[string]Data{
		"GenericPrometheusQuery Stats response time_quick.json": {"v1", []Item{{
			map[string]float64{"Perc50": 250, "Perc90": 500, "Perc100": 2000}, "ms", labels("Collector", "cadvisor"),
		}}, top},
		"GenericPrometheusQuery Stats memory_quick.json": {"v1", []Item{{
			map[string]float64{"Mean": 3, "Low": 1, "High": 5}, "MiB", labels("Component", "total"),
		}}, top},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
