package stat

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"
)

// The reference file is written by testdata/generate.R; one of another seed is
// checked by
//
//	go test ./bench/stat -run TestReference -args -reference=FILE
var referenceFile = flag.String("reference", "testdata/reference.json", "file of reference values from R")

func TestReference(t *testing.T) {
	checkFile(t, *referenceFile, map[string]checker{
		"source":                checkSource,
		"quantile_type7":        checkQuantiles,
		"quantile_ci_ranks":     checkRanks,
		"paired_log_t":          checkPairedLogT,
		"ols":                   checkOLS,
		"bland_altman_log":      checkBlandAltman,
		"p_adjust":              checkAdjust,
		"effective_sample_size": checkEffective,
		"paired_power":          checkPower,
	})
}

func checkSource(t *testing.T, raw json.RawMessage) {
	s := decode[struct {
		R    string
		Seed int
	}](t, raw)
	t.Logf("%s, seed %d", s.R, s.Seed)
}

func checkQuantiles(t *testing.T, raw json.RawMessage) {
	for _, c := range cases[struct {
		Name       string
		X, P, Want []float64
	}](t, raw) {
		for i, p := range c.P {
			got, err := Quantile(c.X, p)
			a := agree{t, c.Name}
			a.ok(err)
			a.value(fmt.Sprintf("quantile %v", p), got, c.Want[i])
		}
	}
}

func checkRanks(t *testing.T, raw json.RawMessage) {
	for _, c := range cases[struct {
		N        int
		P, Conf  float64
		Lo, Hi   *int
		Coverage *float64
	}](t, raw) {
		a := agree{t, fmt.Sprintf("n=%d p=%v", c.N, c.P)}
		got, err := QuantileRanks(c.N, c.P, c.Conf)
		a.ok(err)
		rank := func(r *int) int {
			if r == nil {
				return 0
			}
			return *r
		}
		if got.Lo != rank(c.Lo) || got.Hi != rank(c.Hi) {
			t.Errorf("%s: ranks %d..%d, R has %d..%d (0: none)", a.name, got.Lo, got.Hi, rank(c.Lo), rank(c.Hi))
		}
		if c.Coverage != nil {
			a.value("coverage", got.Coverage, *c.Coverage)
		} else if got.Coverage != 0 {
			t.Errorf("%s: coverage %v though R has none", a.name, got.Coverage)
		}
	}
}

func checkPairedLogT(t *testing.T, raw json.RawMessage) {
	for _, c := range cases[struct {
		Name        string
		Base, Treat []float64
		Ratio       float64    `json:"gm_ratio"`
		CI90        [2]float64 `json:"ci90"`
		CI95        [2]float64 `json:"ci95"`
		Margin      float64    `json:"tost_margin"`
		PUpper      float64    `json:"p_upper"`
		PLower      float64    `json:"p_lower"`
	}](t, raw) {
		a := agree{t, c.Name}
		d, err := LogRatios(c.Base, c.Treat)
		a.ok(err)
		e90, err := GeometricMeanRatio(d, 0.90)
		a.ok(err)
		e95, err := GeometricMeanRatio(d, 0.95)
		a.ok(err)
		a.value("ratio", e90.Value, c.Ratio)
		a.interval("90 %", e90.CI, c.CI90)
		a.interval("95 %", e95.CI, c.CI95)
		upper, err := StudentT(d, math.Log1p(c.Margin))
		a.ok(err)
		a.value("upper p", upper.PLess, c.PUpper)
		lower, err := StudentT(d, -math.Log1p(c.Margin))
		a.ok(err)
		a.value("lower p", lower.PGreater, c.PLower)
	}
}

func checkOLS(t *testing.T, raw json.RawMessage) {
	for name, c := range cases[struct {
		X, Y             []float64
		Intercept, Slope float64
		SE               float64    `json:"slope_se"`
		CI95             [2]float64 `json:"slope_ci95"`
		R2               float64    `json:"r2"`
	}](t, raw) {
		a := agree{t, name}
		l, err := OLS(c.X, c.Y, 0.95)
		a.ok(err)
		a.value("intercept", l.Intercept.Value, c.Intercept)
		a.value("slope", l.Slope.Value, c.Slope)
		a.value("error of slope", l.SlopeSE, c.SE)
		a.interval("95 %", l.Slope.CI, c.CI95)
		a.value("R²", l.R2, c.R2)
	}
}

func checkBlandAltman(t *testing.T, raw json.RawMessage) {
	c := decode[struct {
		X, Y    []float64
		Bias    float64
		CI95    [2]float64 `json:"bias_ci95"`
		LOA     [2]float64 `json:"loa"`
		LimitSE float64    `json:"loa_se"`
	}](t, raw)
	a := agree{t, "Bland-Altman"}
	d, err := LogRatios(c.X, c.Y)
	a.ok(err)
	ba, err := BlandAltman(d, 0.95)
	a.ok(err)
	a.value("bias", ba.Bias.Value, c.Bias)
	a.interval("95 % of bias", ba.Bias.CI, c.CI95)
	a.value("lower limit", ba.Lower.Value, c.LOA[0])
	a.value("upper limit", ba.Upper.Value, c.LOA[1])
	a.value("error of limit", ba.LimitSE, c.LimitSE)
}

func checkAdjust(t *testing.T, raw json.RawMessage) {
	c := decode[struct {
		P, Holm, BH []float64
	}](t, raw)
	a := agree{t, "adjust"}
	holm, err := Holm(c.P)
	a.ok(err)
	bh, err := BenjaminiHochberg(c.P)
	a.ok(err)
	same := func(x, y float64) int {
		if near(x, y, relative) {
			return 0
		}
		return 1
	}
	if slices.CompareFunc(holm, c.Holm, same) != 0 {
		t.Errorf("Holm: %v, R has %v", holm, c.Holm)
	}
	if slices.CompareFunc(bh, c.BH, same) != 0 {
		t.Errorf("Benjamini-Hochberg: %v, R has %v", bh, c.BH)
	}
}

func checkEffective(t *testing.T, raw json.RawMessage) {
	for name, c := range cases[struct {
		X    []float64
		Note string
		ESS  float64
		Rho1 float64
	}](t, raw) {
		a := agree{t, name}
		n, err := EffectiveSampleSize(c.X)
		a.ok(err)
		centered, square, err := center(c.X)
		a.ok(err)
		a.value("effective sample size", n, c.ESS)
		a.value("lag 1", lagged(centered, 1)/square, c.Rho1)
	}
}

func checkPower(t *testing.T, raw json.RawMessage) {
	for _, c := range cases[struct {
		SD     float64 `json:"sd_log_ratio"`
		Margin float64
		Alpha  float64
		Power  float64
		N      int
	}](t, raw) {
		a := agree{t, fmt.Sprintf("sd %v", c.SD)}
		delta := math.Log1p(c.Margin)
		n, err := SampleSize(delta, c.SD, c.Alpha, c.Power)
		a.ok(err)
		if n != c.N {
			t.Errorf("%s: %d values, R has %d", a.name, n, c.N)
		}
	}
}
