package stat

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestMore compares with testdata/more.json, written by more.R: intervals that R
// has no function for, and what generate.R leaves out.
func TestMore(t *testing.T) {
	checkFile(t, "testdata/more.json", map[string]checker{
		"power":         checkPowerValues,
		"relative_line": checkRelativeLine,
		"curvature":     checkCurvature,
		"limits":        checkLimits,
	})
}

// off is agree with a tolerance of its own, for figures that R finds by iteration.
func (a agree) off(what string, got, want, tolerance float64) {
	a.t.Helper()
	if !near(got, want, tolerance) {
		a.t.Errorf("%s: %s = %.15g, R has %.15g", a.name, what, got, want)
	}
}

func checkPowerValues(t *testing.T, raw json.RawMessage) {
	for _, c := range cases[struct {
		N                                   int
		SD, Alpha, Delta, Power, Detectable float64
	}](t, raw) {
		a := agree{t, fmt.Sprintf("%d values", c.N)}
		a.off("power", power(c.N, c.Delta/c.SD, c.Alpha), c.Power, 1e-8)
		effect, err := MinimumDetectableEffect(c.N, c.SD, c.Alpha, 0.9)
		a.ok(err)
		a.off("detectable", effect, c.Detectable, 1e-7)
	}
}

func checkRelativeLine(t *testing.T, raw json.RawMessage) {
	for name, c := range cases[struct {
		X, Y             []float64
		Intercept, Slope float64
		InterceptSE      float64 `json:"intercept_se"`
		SlopeSE          float64 `json:"slope_se"`
		Covariance, SD   float64
		CI95             [2]float64 `json:"slope_ci95"`
	}](t, raw) {
		a := agree{t, name}
		l, err := RelativeLine(c.X, c.Y, 0.95)
		a.ok(err)
		a.value("intercept", l.Intercept.Value, c.Intercept)
		a.value("slope", l.Slope.Value, c.Slope)
		a.value("error of intercept", l.InterceptSE, c.InterceptSE)
		a.value("error of slope", l.SlopeSE, c.SlopeSE)
		a.value("covariance", l.Covariance, c.Covariance)
		a.value("relative SD", l.ResidualSD, c.SD)
		a.interval("95 %", l.Slope.CI, c.CI95)
	}
}

func checkCurvature(t *testing.T, raw json.RawMessage) {
	for name, c := range cases[struct {
		X, Y      []float64
		Quadratic float64
		CI95      [2]float64 `json:"ci95"`
		DeltaAICc float64    `json:"delta_aicc"`
	}](t, raw) {
		a := agree{t, name}
		curve, err := Curvature(c.X, c.Y, NoiseAbsolute, 0.95)
		a.ok(err)
		a.value("quadratic", curve.Quadratic.Value, c.Quadratic)
		a.interval("95 %", curve.Quadratic.CI, c.CI95)
		a.value("ΔAICc", curve.DeltaAICc, c.DeltaAICc)
	}
}

func checkLimits(t *testing.T, raw json.RawMessage) {
	for name, c := range cases[struct {
		D     []float64
		Upper [2]float64 `json:"upper_ci95"`
		Lower [2]float64 `json:"lower_ci95"`
	}](t, raw) {
		a := agree{t, name}
		ba, err := BlandAltman(c.D, 0.95)
		a.ok(err)
		for i, got := range [][2]float64{{ba.Upper.CI.Lo, ba.Upper.CI.Hi}, {ba.Lower.CI.Lo, ba.Lower.CI.Hi}} {
			for j, want := range [][2]float64{c.Upper, c.Lower}[i] {
				a.off(fmt.Sprintf("limit %d end %d", i, j), got[j], want, 1e-7)
			}
		}
	}
}
