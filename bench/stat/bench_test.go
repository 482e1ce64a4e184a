package stat

import (
	"math"
	"testing"
)

func benchmark[T any](f func() (T, error)) func(b *testing.B) {
	return func(b *testing.B) {
		for b.Loop() {
			if _, err := f(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkMethods(b *testing.B) {
	d25, d300, series := sample(1, 25, 0, 1), sample(2, 300, 0, 1), sample(3, 5000, 10, 1)
	calls := sample(4, 100_000, 10, 1)
	x, y := sample(5, 50, 0, 1), sample(6, 50, 0, 1)
	tied := make([]float64, 50)
	for i, v := range y {
		tied[i] = math.Round(4 * v)
	}
	pods := densities(28)
	cost := criLine.costs(pods, sample(7, 28, 0, 1))
	b.Run("HodgesLehmann/25", benchmark(func() (Estimate, error) { return HodgesLehmann(d25, 0.9) }))
	b.Run("HodgesLehmann/300", benchmark(func() (Estimate, error) { return HodgesLehmann(d300, 0.9) }))
	b.Run("MannWhitney/50+50", benchmark(func() (Test, error) { return MannWhitney(x, y) }))
	b.Run("MannWhitney/50+50 ties", benchmark(func() (Test, error) { return MannWhitney(tied, tied) }))
	b.Run("QuantileIntervalEffective/100000", benchmark(func() (Estimate, error) { return QuantileIntervalEffective(calls, 0.99, 0.95, 100_000) }))
	b.Run("TheilSen/28", benchmark(func() (MedianLine, error) { return TheilSen(pods, cost, 0.95) }))
	b.Run("RelativeLine/28", benchmark(func() (Line, error) { return RelativeLine(pods, cost, 0.95) }))
	b.Run("BlandAltman/25", benchmark(func() (Agreement, error) { return BlandAltman(d25, 0.95) }))
	b.Run("Steady/5000", benchmark(func() (Steadiness, error) { return Steady(series, 0.02) }))
	b.Run("SampleSize", benchmark(func() (int, error) { return SampleSize(0.02, 0.05, 0.05, 0.9) }))
}
