package bench

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBatchNames(t *testing.T) {
	var b Batch
	gauge := &Metric{Name: CPUUsage.Name, Unit: Seconds, Kind: Gauge}
	for _, m := range []*Metric{MemoryRSS, CPUUsage, MemoryRSS, gauge} {
		b.Add(m, b.Entity(Entity{}), 1, 0)
	}
	if diff := cmp.Diff([]string{"container_cpu_usage_seconds_total", "container_memory_rss"}, b.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	b.Reset()
	if names := b.Names(); names != nil {
		t.Errorf("names of an empty batch: %v", names)
	}
}
