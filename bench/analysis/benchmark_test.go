package analysis_test

import (
	"runtime"
	"testing"

	"cri-stats-bench/bench/analysis"
)

// A million calls: 2 densities, 521 rounds of 7 arms, 120 calls a window, of one arm
// twice as many. Reading them from disk is measured in package record.
func BenchmarkAnalyze(b *testing.B) { benchmark(b, example(b, 521, 120).Input()) }

func benchmark(b *testing.B, in analysis.Input) {
	in.Host.Simulated = false
	calls := 0
	for _, t := range in.Trials {
		for _, a := range t.Agents {
			calls += len(a.Calls)
		}
	}
	runtime.GC()
	var after runtime.MemStats
	b.ReportAllocs()
	for b.Loop() {
		if _, err := in.Analyze(); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(len(in.Trials)), "trials")
	b.ReportMetric(float64(calls), "calls")
	b.ReportMetric(float64(after.HeapSys)/(1<<20), "MiB-heap-with-input")
}
