package stat

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSeveral compares with testdata/several.json, written by several.R: what sets
// runs against each other and joins them.
func TestSeveral(t *testing.T) {
	checkFile(t, "testdata/several.json", map[string]checker{
		"welch":          checkWelch,
		"contrast":       checkContrast,
		"fisher":         checkFisher,
		"random_effects": checkRandomEffects,
	})
}

func checkWelch(t *testing.T, raw json.RawMessage) {
	for name, c := range cases[struct {
		X, Y                 []float64
		Mu, T, DF, Two, Less float64
		Difference           float64
		CI95                 [2]float64
	}](t, raw) {
		a := agree{t, name}
		test, err := Shift(c.X, c.Y).Test(c.Mu)
		a.ok(err)
		a.value("t", test.Statistic, c.T)
		a.value("p two-sided", test.PTwoSided, c.Two)
		a.value("p less", test.PLess, c.Less)
		e, err := Shift(c.X, c.Y).Estimate(0.95)
		a.ok(err)
		a.value("difference", e.Value, c.Difference)
		a.interval("difference", e.CI, c.CI95)
		s, err := Shift(c.X, c.Y).Spread()
		a.ok(err)
		a.value("degrees of freedom", s.DF, c.DF)
		if test.N != len(c.X)+len(c.Y) || e.N != test.N {
			t.Errorf("%s: n = %d and %d", name, test.N, e.N)
		}
	}
}

func checkContrast(t *testing.T, raw json.RawMessage) {
	for name, c := range cases[struct {
		Samples       [][]float64
		Weights       []float64
		Value, SE, DF float64
		CI90          [2]float64
	}](t, raw) {
		a := agree{t, name}
		var contrast Contrast
		for i, s := range c.Samples {
			contrast = append(contrast, Term{c.Weights[i], s})
		}
		s, err := contrast.Spread()
		a.ok(err)
		a.value("value", s.Value, c.Value)
		a.value("standard error", s.SE, c.SE)
		a.value("degrees of freedom", s.DF, c.DF)
		e, err := contrast.Estimate(0.9)
		a.ok(err)
		a.interval("contrast", e.CI, c.CI90)
	}
}

func checkFisher(t *testing.T, raw json.RawMessage) {
	for name, c := range cases[struct {
		A, N, B, M    int
		Greater, Less float64
	}](t, raw) {
		a := agree{t, name}
		test, err := Fisher(c.A, c.N, c.B, c.M)
		a.ok(err)
		a.value("p greater", test.PGreater, c.Greater)
		a.value("p less", test.PLess, c.Less)
	}
}

func checkRandomEffects(t *testing.T, raw json.RawMessage) {
	for name, c := range cases[struct {
		Y, SE        []float64
		Tau, Mean    float64
		MeanSE       float64 `json:"mean_se"`
		CI95         [2]float64
		Q, P, I2     float64
		Prediction95 *[2]float64
	}](t, raw) {
		a := agree{t, name}
		effects := make([]Effect, len(c.Y))
		for i := range c.Y {
			effects[i] = Effect{c.Y[i], c.SE[i]}
		}
		p, err := RandomEffects(effects, 0.95)
		a.ok(err)
		// uniroot stops a little off the root.
		a.off("tau", p.Tau, c.Tau, 1e-6)
		a.off("mean", p.Value, c.Mean, 1e-6)
		a.off("standard error", p.SE, c.MeanSE, 1e-6)
		a.off("low", p.CI.Lo, c.CI95[0], 1e-6)
		a.off("high", p.CI.Hi, c.CI95[1], 1e-6)
		a.value("Q", p.Q, c.Q)
		a.value("p", p.P, c.P)
		a.value("I2", p.I2, c.I2)
		if (p.Prediction == nil) != (c.Prediction95 == nil) {
			t.Errorf("%s: prediction interval %v, R has %v", name, p.Prediction, c.Prediction95)
		} else if p.Prediction != nil {
			a.off("prediction low", p.Prediction.Lo, c.Prediction95[0], 1e-6)
			a.off("prediction high", p.Prediction.Hi, c.Prediction95[1], 1e-6)
		}
	}
}

// The trials of BCG against tuberculosis, the best-known example: log relative risks
// from the four counts of each trial. Published with the R package metafor: Q =
// 152.23 with p < .0001, and a mean of -0.7145 with REML, -0.7141 with DerSimonian
// and Laird; Paule and Mandel's lies beside them.
func TestRandomEffectsBCG(t *testing.T) {
	var effects []Effect
	for _, c := range [][4]float64{ // vaccinated: with and without tuberculosis; not vaccinated
		{4, 119, 11, 128}, {6, 300, 29, 274}, {3, 228, 11, 209}, {62, 13536, 248, 12619}, {33, 5036, 47, 5761},
		{180, 1361, 372, 1079}, {8, 2537, 10, 619}, {505, 87886, 499, 87892}, {29, 7470, 45, 7232}, {17, 1699, 65, 1600},
		{186, 50448, 141, 27197}, {5, 2493, 3, 2338}, {27, 16886, 29, 17825},
	} {
		n, m := c[0]+c[1], c[2]+c[3]
		effects = append(effects, Effect{
			Value: math.Log(c[0] / n * m / c[2]),
			SE:    math.Sqrt(1/c[0] - 1/n + 1/c[2] - 1/m),
		})
	}
	p, err := RandomEffects(effects, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	f := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s = %.5f, want %.5f ± %g", what, got, want, tolerance)
		}
	}
	f("Q", p.Q, 152.2330, 5e-5)
	f("I2", p.I2, 0.9212, 5e-5) // DerSimonian and Laird's, which rests on Q alone
	f("mean", p.Value, -0.7150, 5e-4)
	f("tau²", p.Tau*p.Tau, 0.318, 5e-4)
}

// By hand: two studies of the same error s at -d and d. The mean is 0, Q is 2d²/s²,
// tau² is 2d²-s², the error d, and t on one degree of freedom is 12.706.
func TestRandomEffectsByHand(t *testing.T) {
	const d, s = 0.1, 0.05
	p, err := RandomEffects([]Effect{{-d, s}, {d, s}}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"mean", p.Value, 0}, {"Q", p.Q, 8}, {"I2", p.I2, 7.0 / 8}, {"tau", p.Tau, math.Sqrt(2*d*d - s*s)},
		{"standard error", p.SE, d}, {"high", p.CI.Hi, 12.706204736 * d},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s = %v, want %v", c.what, c.got, c.want)
		}
	}
	if p.Prediction != nil {
		t.Errorf("two studies predict %v", p.Prediction)
	}
}

// How often the interval over a few studies holds the truth, and the prediction
// interval a further study, where studies scatter by chance with an error of 0.05 and
// truly differ by tau. What RandomEffects says of itself is from here.
func TestRandomEffectsCoverage(t *testing.T) {
	const runs = 4000
	type bounds struct{ least, most float64 }
	for _, c := range []struct {
		k       int
		tau     float64
		mean    bounds
		further bounds
	}{
		{3, 0, bounds{0.99, 1}, bounds{0.99, 1}},
		{3, 0.05, bounds{0.99, 1}, bounds{0.98, 1}},
		{3, 0.2, bounds{0.945, 0.975}, bounds{0.98, 1}},
		{5, 0, bounds{0.98, 1}, bounds{0.99, 1}},
		{5, 0.05, bounds{0.96, 0.985}, bounds{0.9, 0.95}},
		{5, 0.2, bounds{0.935, 0.965}, bounds{0.945, 0.975}},
		{10, 0.05, bounds{0.935, 0.965}, bounds{0.86, 0.91}},
		{10, 0.2, bounds{0.935, 0.965}, bounds{0.93, 0.96}},
	} {
		random := rand.New(rand.NewPCG(uint64(c.k), 7))
		held, next := 0, 0
		for range runs {
			effects := make([]Effect, c.k)
			for i := range effects {
				se := 0.05 * math.Exp(0.3*random.NormFloat64())
				effects[i] = Effect{0.1 + c.tau*random.NormFloat64() + se*random.NormFloat64(), se}
			}
			p, err := RandomEffects(effects, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			if p.CI.Contains(0.1) {
				held++
			}
			if p.Prediction.Contains(0.1 + c.tau*random.NormFloat64()) {
				next++
			}
		}
		f := func(what string, n int, want bounds) {
			share := float64(n) / runs
			t.Logf("%2d studies, tau %.2f: %.3f of the %s", c.k, c.tau, share, what)
			if share < want.least || share > want.most {
				t.Errorf("%d studies, tau %g: %.3f of the %s, want %.3f to %.3f", c.k, c.tau, share, what, want.least, want.most)
			}
		}
		f("intervals hold the truth", held, c.mean)
		f("prediction intervals hold a further study", next, c.further)
	}
}

// What has no answer gets an error that says why.
func TestSeveralRefuse(t *testing.T) {
	f := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	x, same := []float64{1, 2, 4}, []float64{3, 3, 3}
	contrast := func(c Contrast) error { _, err := c.Estimate(0.9); return err }
	f("no samples", contrast(nil), ErrTooFew)
	f("a sample of one", contrast(Shift(x, x[:1])), ErrTooFew)
	f("a value that is none", contrast(Shift(x, []float64{1, math.NaN()})), ErrNotFinite)
	f("a weight that is none", contrast(Contrast{{math.Inf(1), x}}), ErrNotFinite)
	f("no spread anywhere", contrast(Shift(same, same)), ErrConstant)
	f("no spread in one sample", contrast(Shift(x, same)), nil)
	_, err := Shift(x, same).Estimate(1)
	f("level", err, ErrRange)
	_, err = Shift(x, same).Test(math.NaN())
	f("a shift that is none", err, ErrNotFinite)
	_, err = Fisher(4, 3, 0, 3)
	f("more than all", err, ErrRange)
	_, err = Fisher(0, 0, 0, 3)
	f("an empty group", err, ErrTooFew)
	_, err = Fisher(0, mostFisher+1, 0, 3)
	f("too many", err, ErrTooMany)
	pool := func(effects ...Effect) error { _, err := RandomEffects(effects, 0.95); return err }
	f("one study", pool(Effect{1, 1}), ErrTooFew)
	f("a study without error", pool(Effect{1, 1}, Effect{1, 0}), ErrRange)
	f("a study that found nothing", pool(Effect{1, 1}, Effect{math.NaN(), 1}), ErrNotFinite)
	f("equal studies", pool(Effect{1, 1}, Effect{1, 1}), nil)
	_, err = RandomEffects([]Effect{{1, 1}, {2, 1}}, 0)
	f("level of the pool", err, ErrRange)
}

// With equal weights it is Holm's procedure (R: p.adjust(p, "holm")).
func TestWeightedHolm(t *testing.T) {
	closely := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
	f := func(p, weights, want []float64) {
		t.Helper()
		got, err := WeightedHolm(p, weights)
		if diff := cmp.Diff(want, got, closely); err != nil || diff != "" {
			t.Errorf("%v with weights %v: %v (-want +got):\n%s", p, weights, err, diff)
		}
	}
	f([]float64{0.01, 0.04, 0.03, 0.005}, []float64{1, 1, 1, 1}, []float64{0.03, 0.06, 0.06, 0.02})
	// By hand: 0.02/10 is first, of 11; then 0.02/1 of 1.
	f([]float64{0.02, 0.02}, []float64{10, 1}, []float64{0.022, 0.022})
	f([]float64{0.9, 0.004}, []float64{10, 1}, []float64{0.9, 0.044})
	for _, bad := range []struct{ p, w []float64 }{{[]float64{0.1}, nil}, {[]float64{0.1}, []float64{0}}, {[]float64{math.NaN()}, []float64{1}}, {[]float64{2}, []float64{1}}} {
		if _, err := WeightedHolm(bad.p, bad.w); err == nil {
			t.Errorf("%v is adjusted", bad)
		}
	}
}
