package stat

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

const seriesLength = 400

// seriesTables count what happens inside a window, where neighbors are correlated.
func seriesTables(t *testing.T, doc *bytes.Buffer) {
	type method struct {
		name     string
		truth    float64
		interval func(x []float64) (Estimate, error)
	}
	effectiveQuantile := func(p float64) func(x []float64) (Estimate, error) {
		return func(x []float64) (Estimate, error) {
			n, err := EffectiveSampleSize(x)
			if err != nil {
				return Estimate{}, err
			}
			return QuantileIntervalEffective(x, p, 0.95, n)
		}
	}
	plainQuantile := func(p float64) func(x []float64) (Estimate, error) {
		return func(x []float64) (Estimate, error) { return independentQuantile(x, p, 0.95) }
	}
	p75 := distuv.UnitNormal.Quantile(0.75)
	methods := []method{
		{"MeanT", 0, func(x []float64) (Estimate, error) { return MeanT(x, 0.95) }},
		{"Median, calls taken as independent", 0, plainQuantile(0.5)},
		{"QuantileIntervalEffective, median", 0, effectiveQuantile(0.5)},
		{"p75, calls taken as independent", p75, plainQuantile(0.75)},
		{"QuantileIntervalEffective, p75", p75, effectiveQuantile(0.75)},
	}
	phis := []float64{0, 0.3, 0.7}
	fmt.Fprintf(doc, `
## Inside a window

How often 95 %% intervals from %d values hold the truth, by the correlation of neighbors (AR(1)). What treats
calls as independent is wrong by far. The quantile intervals with the effective sample size are a little long.

| interval |`, seriesLength)
	for _, phi := range phis {
		fmt.Fprintf(doc, " %.1f |", phi)
	}
	fmt.Fprint(doc, "\n|---|---|---|---|\n")
	held := make([][]float64, len(methods))
	for i, m := range methods {
		fmt.Fprintf(doc, "| %s |", m.name)
		for j, phi := range phis {
			yes := make([]bool, scaled(published))
			perExperiment(t, scaled(published), uint64(300_000+j), func(e int, rng *rand.Rand) error {
				x := autoregressive(rng, seriesLength, phi)
				found, err := m.interval(x)
				yes[e] = found.CI.Contains(m.truth)
				return err
			})
			held[i] = append(held[i], percentTrue(yes))
			fmt.Fprintf(doc, " %.1f |", held[i][j])
		}
		fmt.Fprintln(doc)
	}
	for _, i := range []int{2, 4} {
		within(t, methods[i].name+", correlation 0.3", held[i][1], 91, 99)
		if !raceDetector && held[i][2] < held[i-1][2]+10 {
			t.Errorf("%s is not clearly better than %s on correlated values: %.1f and %.1f", methods[i].name, methods[i-1].name, held[i][2], held[i-1][2])
		}
	}
}
