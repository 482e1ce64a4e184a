package stat

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

const seriesLength = 400

// seriesTables count what happens inside a window, where neighbors are correlated.
func seriesTables(t *testing.T, doc *bytes.Buffer) {
	seriesCoverage(t, doc)
	steadyShares(t, doc)
}

func seriesCoverage(t *testing.T, doc *bytes.Buffer) {
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

func steadyShares(t *testing.T, doc *bytes.Buffer) {
	const n, level, sd = 120, 10.0, 0.3
	independent := func(rng *rand.Rand) []float64 { return scale(noises()[0].draw(rng, n), level, sd) }
	with := func(change func(i int) float64) func(rng *rand.Rand) []float64 {
		return func(rng *rand.Rand) []float64 {
			x := independent(rng)
			for i := range x {
				x[i] += level * change(i)
			}
			return x
		}
	}
	cases := []struct {
		name  string
		want  State // at least in 90 % of the series
		draws func(rng *rand.Rand) []float64
	}{
		{"independent", StateSteady, independent},
		{"AR(1) 0.5", StateSteady, func(rng *rand.Rand) []float64 { return scale(autoregressive(rng, n, 0.5), level, sd) }},
		{"AR(1) 0.8", "", func(rng *rand.Rand) []float64 { return scale(autoregressive(rng, n, 0.8), level, sd) }},
		{"t3", StateSteady, func(rng *rand.Rand) []float64 { return scale(noises()[3].draw(rng, n), level, sd) }},
		{"rises by 1 %", StateSteady, with(func(i int) float64 { return 0.01 * float64(i) / n })},
		{"rises by 5 %", StateDrifting, with(func(i int) float64 { return 0.05 * float64(i) / n })},
		{"steps by 10 % halfway", "", with(func(i int) float64 { return 0.1 * math.Floor(2*float64(i)/n) })},
		{"wave of ± 5 %, period 20", StateCyclic, with(func(i int) float64 { return 0.05 * math.Sin(2*math.Pi*float64(i)/20) })},
		{"noise fivefold in the second half", StateNone, func(rng *rand.Rand) []float64 {
			x := independent(rng)
			for i := n / 2; i < n; i++ {
				x[i] = level + 5*(x[i]-level)
			}
			return x
		}},
	}
	states := []State{StateSteady, StateDrifting, StateCyclic, StateNone}
	fmt.Fprintf(doc, `
## What Steady says

Series of %d values, noise of 3 %% of the level, tolerance 2 %%.

| series |`, n)
	for _, s := range states {
		fmt.Fprintf(doc, " %s |", s)
	}
	fmt.Fprint(doc, "\n|---|---|---|---|---|\n")
	for i, c := range cases {
		found := make([]State, scaled(published))
		perExperiment(t, scaled(published), uint64(400_000+i), func(e int, rng *rand.Rand) error {
			s, err := Steady(c.draws(rng), 0.02)
			found[e] = s.State
			return err
		})
		fmt.Fprintf(doc, "| %s |", c.name)
		for _, s := range states {
			yes := make([]bool, scaled(published))
			for e := range found {
				yes[e] = found[e] == s
			}
			share := percentTrue(yes)
			if s == c.want {
				within(t, fmt.Sprintf("%s found %s", c.name, s), share, 90, 100)
			}
			fmt.Fprintf(doc, " %.1f |", share)
		}
		fmt.Fprintln(doc)
		if !raceDetector && c.name == "steps by 10 % halfway" && slices.Contains(found, StateSteady) {
			t.Errorf("%s: called steady", c.name)
		}
		if slices.Contains(found, "") {
			t.Errorf("%s: a series without a state", c.name)
		}
	}
}
