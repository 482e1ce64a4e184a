package stat

import "testing"

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
	d25 := sample(1, 25, 0, 1)
	calls := sample(4, 100_000, 10, 1)
	pods := densities(28)
	cost := criLine.costs(pods, sample(7, 28, 0, 1))
	b.Run("QuantileIntervalEffective/100000", benchmark(func() (Estimate, error) { return QuantileIntervalEffective(calls, 0.99, 0.95, 100_000) }))
	b.Run("RelativeLine/28", benchmark(func() (Line, error) { return RelativeLine(pods, cost, 0.95) }))
	b.Run("BlandAltman/25", benchmark(func() (Agreement, error) { return BlandAltman(d25, 0.95) }))
	b.Run("SampleSize", benchmark(func() (int, error) { return SampleSize(0.02, 0.05, 0.05, 0.9) }))
}
