package stat

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
)

// A call runs one exported function on two samples; those of one sample use the
// first. Parameters are fixed at sensible values.
type call struct {
	name string
	run  func(x, y []float64) (any, error)
	// constant is what a first sample without spread gets, nil if it has an answer.
	// least is the smallest number of values that can have one.
	constant error
	least    int
}

func anyOf[T any](v T, err error) (any, error) { return v, err }

func calls() []call {
	return []call{
		{"Quantile", func(x, _ []float64) (any, error) { return anyOf(Quantile(x, 0.3)) }, nil, 1},
		{"NearestRank", func(x, _ []float64) (any, error) { return anyOf(NearestRank(x, 0.99)) }, nil, 1},
		{"QuantileIntervalEffective", func(x, _ []float64) (any, error) { return anyOf(independentQuantile(x, 0.5, 0.9)) }, ErrConstant, 5},
		{"MeanT", func(x, _ []float64) (any, error) { return anyOf(MeanT(x, 0.9)) }, ErrConstant, 2},
		{"StudentT", func(x, _ []float64) (any, error) { return anyOf(StudentT(x, 0)) }, ErrConstant, 2},
		{"GeometricMeanRatio", func(x, _ []float64) (any, error) { return anyOf(GeometricMeanRatio(x, 0.9)) }, ErrConstant, 2},
		{"EffectiveSampleSize", func(x, _ []float64) (any, error) { return anyOf(EffectiveSampleSize(x)) }, ErrConstant, 2},
		{"OLS", func(x, y []float64) (any, error) { return anyOf(OLS(x, y, 0.9)) }, ErrConstant, 3},
		{"RelativeLine", func(x, y []float64) (any, error) { return anyOf(RelativeLine(x, y, 0.9)) }, ErrConstant, 3},
		{"Curvature", func(x, y []float64) (any, error) { return anyOf(Curvature(x, y, NoiseAbsolute, 0.9)) }, ErrConstant, 6},
		{"BlandAltman", func(x, _ []float64) (any, error) { return anyOf(BlandAltman(x, 0.9)) }, ErrConstant, 3},
		{"LogRatios", func(x, y []float64) (any, error) { return anyOf(LogRatios(x, y)) }, nil, 1},
		{"Holm", func(x, _ []float64) (any, error) { return anyOf(Holm(x)) }, nil, 1},
		{"BenjaminiHochberg", func(x, _ []float64) (any, error) { return anyOf(BenjaminiHochberg(x)) }, nil, 1},
	}
}

// What has no answer gets an error that says why.
func TestRefusal(t *testing.T) {
	for _, c := range calls() {
		f := func(what string, x, y []float64, want error) {
			t.Helper()
			got, err := c.run(x, y)
			if !errors.Is(err, want) {
				t.Errorf("%s of %s: %+v, %v; want %v", c.name, what, got, err, want)
			}
		}
		good := []float64{0.5, 0.7, 0.2, 0.9, 0.55, 0.3, 0.8, 0.65, 0.15, 0.35, 0.45, 0.95}
		notFinite := ErrNotFinite
		if c.name == "Holm" || c.name == "BenjaminiHochberg" {
			notFinite = ErrRange
		}
		f("nothing", nil, nil, ErrTooFew)
		if c.least > 1 {
			f("one value", good[:1], good[:1], ErrTooFew)
			f("one value less than needed", good[:c.least-1], good[1:c.least], ErrTooFew)
		}
		for i, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			x := append([]float64{}, good...)
			x[5] = bad
			f(fmt.Sprintf("a bad value %d", i), x, good, notFinite)
		}
		if c.constant != nil {
			same := make([]float64, len(good))
			for i := range same {
				same[i] = 0.1
			}
			f("equal values", same, same, c.constant)
			same[3] = 0.1 + 0x1p-56 // as rounding makes it
			f("values equal but for rounding", same, same, c.constant)
		}
	}
	positive, negative := []float64{1, 2, 3}, []float64{1, -2, 3}
	f := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	_, err := LogRatios(positive, []float64{1, 0, 3})
	f("log ratio of zero", err, ErrNotPositive)
	_, err = LogRatios(negative, positive)
	f("log ratio of a negative cost", err, ErrNotPositive)
	_, err = LogRatios(positive, positive[:2])
	f("rounds without a partner", err, ErrLengths)
	_, err = RelativeLine(positive, negative, 0.9)
	f("relative line of a negative cost", err, ErrNotPositive)
	_, err = OLS(positive, positive[:2], 0.9)
	f("points without y", err, ErrLengths)
	_, err = independentQuantile(make([]float64, 100), 0.95, 0.95)
	f("p95 of equal values", err, ErrConstant)
	_, err = independentQuantile(sample(1, 71, 0, 1), 0.95, 0.95)
	f("p95 at 95 % from 71", err, ErrTooFew)
	_, err = independentQuantile(sample(1, 72, 0, 1), 0.95, 0.95)
	f("p95 at 95 % from 72", err, nil)
	_, err = QuantileIntervalEffective(positive, 0.5, 0.5, 4)
	f("more effective values than values", err, ErrRange)
	_, err = MeanT([]float64{1e308, -1e308, 1e308}, 0.9)
	f("a variance beyond float64", err, ErrNotFinite)
	_, err = GeometricMeanRatio([]float64{800, 900, 850}, 0.9)
	f("a ratio beyond float64", err, ErrNotFinite)
}

// independentQuantile is QuantileIntervalEffective of values that are independent.
func independentQuantile(x []float64, p, level float64) (Estimate, error) {
	return QuantileIntervalEffective(x, p, level, float64(len(x)))
}

// Parameters outside their range are refused by name.
func TestParameters(t *testing.T) {
	x, y := sample(1, 30, 5, 1), sample(2, 30, 6, 1)
	byLevel := map[string]func(level float64) error{
		"MeanT":                     func(l float64) error { _, err := MeanT(x, l); return err },
		"GeometricMeanRatio":        func(l float64) error { _, err := GeometricMeanRatio(x, l); return err },
		"QuantileIntervalEffective": func(l float64) error { _, err := independentQuantile(x, 0.5, l); return err },
		"QuantileRanks":             func(l float64) error { _, err := QuantileRanks(30, 0.5, l); return err },
		"OLS":                       func(l float64) error { _, err := OLS(x, y, l); return err },
		"RelativeLine":              func(l float64) error { _, err := RelativeLine(x, y, l); return err },
		"Curvature":                 func(l float64) error { _, err := Curvature(x, y, NoiseAbsolute, l); return err },
		"BlandAltman":               func(l float64) error { _, err := BlandAltman(x, l); return err },
		"SampleSize":                func(l float64) error { _, err := SampleSize(1, 1, 0.05, l); return err },
	}
	for name, run := range byLevel {
		for _, level := range []float64{0, 1, -0.5, 95, math.NaN(), math.Inf(1)} {
			if err := run(level); !errors.Is(err, ErrRange) {
				t.Errorf("%s at level %v: %v", name, level, err)
			}
		}
	}
	byPositive := map[string]func(v float64) error{
		"delta":              func(v float64) error { _, err := SampleSize(v, 1, 0.05, 0.8); return err },
		"standard deviation": func(v float64) error { _, err := SampleSize(1, v, 0.05, 0.8); return err },
		"detectable":         func(v float64) error { _, err := MinimumDetectableEffect(5, v, 0.05, 0.8); return err },
	}
	for name, run := range byPositive {
		for _, v := range []float64{0, -1, math.NaN(), math.Inf(1)} {
			if err := run(v); !errors.Is(err, ErrRange) {
				t.Errorf("%s %v: %v", name, v, err)
			}
		}
	}
	if _, err := Curvature(x, y, "loud", 0.9); !errors.Is(err, ErrRange) {
		t.Errorf("unknown noise: %v", err)
	}
	if _, err := SampleSize(1e-9, 1, 0.05, 0.8); !errors.Is(err, ErrTooMany) {
		t.Errorf("a shift that nobody finds: %v", err)
	}
}

// finiteIn reports the first float in v that is NaN or infinite, and the first
// Interval that is turned around.
func finiteIn(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("value %v", f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := finiteIn(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if i, ok := v.Interface().(Interval); ok && i.Lo > i.Hi {
			return fmt.Errorf("interval %+v", i)
		}
		for i := range v.NumField() {
			if err := finiteIn(v.Field(i)); err != nil {
				return fmt.Errorf("%s: %w", v.Type().Field(i).Name, err)
			}
		}
	}
	return nil
}

// fuzzValue makes a float64 of two bytes: mostly small decimals with many ties, now
// and then a value from the ends of the range.
func fuzzValue(mantissa, exponent byte) float64 {
	switch m := float64(int8(mantissa)); exponent % 32 {
	case 31:
		return math.Float64frombits(uint64(mantissa) << 56) // denormals, infinities, huge and tiny
	case 30:
		return m * 1e300
	case 29:
		return m * 5e-324
	case 28:
		return 1 + m*0x1p-52
	default:
		return m * math.Pow(10, float64(exponent%4)-2)
	}
}

// FuzzNoNumberWithoutMeaning: whatever goes in, out comes an error or finite numbers.
func FuzzNoNumberWithoutMeaning(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("seven words of plain text, all of them ties"))
	f.Add([]byte{5, 1, 7, 1, 2, 1, 9, 1, 4, 1, 3, 1, 8, 1, 6, 1, 1, 1, 11, 1, 12, 1, 13, 1, 14, 1, 17, 1, 15, 1, 16, 1, 19, 1, 18, 1, 20, 1, 22, 1})
	f.Add([]byte{1, 28, 0, 28, 1, 28, 0, 28, 0, 28, 0, 28, 0, 28, 1, 28, 1, 28, 0, 28})
	f.Add([]byte{100, 30, 156, 30, 1, 29, 2, 29, 1, 2, 3, 2, 127, 31, 255, 31, 100, 30, 99, 30})
	f.Fuzz(func(t *testing.T, data []byte) {
		var values []float64
		for ; len(data) >= 2 && len(values) < 40; data = data[2:] {
			values = append(values, fuzzValue(data[0], data[1]))
		}
		x, y := values[:len(values)/2], values[len(values)/2:len(values)/2*2]
		for _, c := range calls() {
			got, err := c.run(x, y)
			if err != nil {
				continue
			}
			if err := finiteIn(reflect.ValueOf(got)); err != nil {
				t.Errorf("%s(%v, %v): %v", c.name, x, y, err)
			}
		}
	})
}
