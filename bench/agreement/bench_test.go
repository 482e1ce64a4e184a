package agreement_test

import (
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// BenchmarkCheck checks a full node at its worst: 500 pods, 15 answers of 75
// metrics each, and a counter that goes back in every series.
func BenchmarkCheck(b *testing.B) {
	names := make([]*bench.Metric, 70)
	for i := range names {
		names[i] = &bench.Metric{Name: "metric_" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Unit: bench.Count, Kind: bench.Counter}
	}
	s := scene{source: agreement.Source{Form: agreement.PodSandboxMetrics}, pods: 500, calls: 15, change: func(in *agreement.Input) {
		for o := range in.Observations {
			answer := in.Observations[o].Answer
			for e := range answer.Entities {
				for i, m := range names {
					answer.Add(m, int32(e), float64(i+10-o), in.Observations[o].End.UnixNano())
				}
			}
		}
	}}
	in := s.input()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := agreement.Check(in); err != nil {
			b.Fatal(err)
		}
	}
}
