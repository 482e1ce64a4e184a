package normal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

func TestMetrics(t *testing.T) {
	m, o := NewMetrics(), new(Order)
	f := func(name string, kind bench.Kind, unit bench.Unit) {
		t.Helper()
		got := m.Get(o, name, kind)
		if diff := cmp.Diff(&bench.Metric{Name: name, Unit: unit, Kind: kind}, got); diff != "" {
			t.Errorf("metric (-want +got):\n%s", diff)
		}
		if again := m.Get(o, name, kind); again != got {
			t.Errorf("%s was made twice", name)
		}
	}
	f("container_cpu_usage_seconds_total", bench.Counter, bench.Seconds)
	f("container_start_time_seconds", bench.Gauge, bench.Seconds)
	f("container_last_seen", bench.Gauge, bench.Seconds)
	f("container_fs_reads_bytes_total", bench.Counter, bench.Bytes)
	f("container_memory_max_usage_bytes", bench.Gauge, bench.Bytes)
	f("container_memory_mapped_file", bench.Gauge, bench.Bytes)
	f("container_memory_failcnt", bench.Counter, bench.Count)
	f("container_processes", bench.Gauge, bench.Count)
	f("container_network_receive_packets_total", bench.Counter, bench.Count)
	f("bytes", bench.Gauge, bench.Count)
	f("", bench.Gauge, bench.Count)
	// The kind is what the source says, though bench knows the name as a counter.
	f("container_cpu_usage_seconds_total", bench.Gauge, bench.Seconds)

	if got := m.Get(o, bench.CPUUsage.Name, bench.Counter); got != bench.CPUUsage {
		t.Errorf("%s of bench came back as another", got.Name)
	}
}

// TestMetricsInAnyOrder asks in changing orders: the place in the list is a
// guess and must never decide.
func TestMetricsInAnyOrder(t *testing.T) {
	m, o := NewMetrics(), new(Order)
	for _, list := range []string{"a b c", "a b c", "c a b", "b", "", "a a b c d", "d c b a a"} {
		o.Restart()
		for name := range strings.FieldsSeq(list) {
			for _, kind := range []bench.Kind{bench.Counter, bench.Gauge} {
				if got := m.Get(o, name, kind); got.Name != name || got.Kind != kind {
					t.Errorf("in %q: %s %s came for %s %s", list, got.Kind, got.Name, kind, name)
				}
			}
		}
	}
}

func TestLabels(t *testing.T) {
	var l Labels
	for _, value := range []string{"eth0", "eth0", "lo", "", "eth0", ""} {
		if got := l.One(value); len(got) != 1 || got[0] != value {
			t.Errorf("One(%q) = %q", value, got)
		}
	}
	if allocs := testing.AllocsPerRun(10, func() { l.One("eth0"); l.One("lo") }); allocs != 0 {
		t.Errorf("%v allocations for names that were there, want 0", allocs)
	}
}

func TestPressure(t *testing.T) {
	b := new(bench.Batch)
	MemoryFull.Add(b, 3, 7, 1.5, 20, 30, 100)
	average := &bench.Metric{Name: "container_pressure_memory_stalled_ratio", Unit: bench.Ratio, Kind: bench.Gauge}
	want := []bench.Sample{
		{Metric: bench.MemoryPressureFull, Entity: 3, Value: 1.5, At: 7},
		{Metric: average, Entity: 3, Labels: []string{"10s"}, Value: 0.2, At: 7},
		{Metric: average, Entity: 3, Labels: []string{"60s"}, Value: 0.3, At: 7},
		{Metric: average, Entity: 3, Labels: []string{"300s"}, Value: 1, At: 7},
	}
	if diff := cmp.Diff(want, b.Samples); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}
