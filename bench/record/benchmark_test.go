package record

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// BenchmarkRead reads a million calls, cut into trials in two ways. To hold
// against: 1.5 s and 200 MiB.
func BenchmarkRead(b *testing.B) {
	const total = 1_000_000
	for _, calls := range []int{100, 1000} {
		b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			var file bytes.Buffer
			for round := range total / calls {
				file.Write(lineOf(b, exampleTrial(r, round, calls)))
			}
			b.SetBytes(int64(file.Len()))
			b.ReportAllocs()
			var run *Run
			for b.Loop() {
				run = &Run{}
				if err := run.readTrials(bytes.NewReader(file.Bytes())); err != nil || len(run.Damage) > 0 || len(run.Trials) != total/calls {
					b.Fatalf("read: %v, %v, %d trials", err, run.Damage, len(run.Trials))
				}
			}
			var with, without runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&with)
			runtime.KeepAlive(run)
			run = nil
			runtime.GC()
			runtime.ReadMemStats(&without)
			b.ReportMetric(float64(with.HeapAlloc-without.HeapAlloc)/(1<<20), "MiB-kept")
		})
	}
}

// BenchmarkAppend is what stands between two trials.
func BenchmarkAppend(b *testing.B) {
	w, err := Create(b.TempDir(), 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	t := exampleTrial(rand.New(rand.NewPCG(1, 2)), 0, 100)
	for b.Loop() {
		if err := w.Append(t); err != nil {
			b.Fatal(err)
		}
	}
}
