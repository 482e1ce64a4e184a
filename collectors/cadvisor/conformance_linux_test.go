package cadvisor

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/collectors/collectortest"
)

// sourceVariable has the source as JSON in the child processes of
// TestConformance.
const sourceVariable = "CADVISOR_TEST_SOURCE"

// TestConformance opens each collector on real cgroups, which cAdvisor reads as
// plain ones, for no runtime has made them. Each runs in a process of its own, as
// in an agent.
func TestConformance(t *testing.T) {
	values := []*bench.Metric{bench.CPUUsage, bench.MemoryUsage, bench.MemoryWorkingSet, bench.MemoryRSS, bench.SwapUsage,
		bench.PageFaults, bench.ProcessCount}
	ways := []struct {
		name string
		open collectortest.Open
		want collectortest.Want
	}{
		{"kubelet", OpenKubelet, collectortest.Want{Pods: true, Metrics: values}},
		{"one-second", OpenOneSecond, collectortest.Want{Pods: true, Metrics: values}},
		{"on-demand", OpenOnDemand, collectortest.Want{Pods: true, Metrics: values}},
		{"metrics", OpenMetrics, collectortest.Want{Pods: true, Transfers: true,
			Metrics: []*bench.Metric{bench.MemoryUsage, bench.MemoryWorkingSet, bench.MemoryRSS, bench.ProcessCount}}},
	}
	if text := os.Getenv(sourceVariable); text != "" {
		var s bench.Source
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		for _, way := range ways {
			t.Run(way.name, func(t *testing.T) { collectortest.Run(t, way.open, s, way.want) })
		}
		return
	}
	text, err := json.Marshal(collectortest.Cgroups(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range ways {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestConformance$/^"+way.name+"$", "-test.v")
		child.Env = append(os.Environ(), sourceVariable+"="+string(text))
		output, err := child.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", way.name, err, output)
		}
		t.Logf("%s:\n%s", way.name, output)
	}
}
