package stat_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"cri-stats-bench/bench/stat"
)

func TestTwoWay(t *testing.T) {
	nan := math.NaN()
	f := func(table [][]float64, sd float64, df int) {
		t.Helper()
		got, err := stat.TwoWay(table, nil)
		if err != nil || math.Abs(got.SD-sd) > 1e-9 || got.DF != df || got.Slope != 0 {
			t.Errorf("%v has %+v (%v), want %g, %d", table, got, err, sd, df)
		}
	}
	// By hand: the residuals are all 1/2 or -1/2.
	f([][]float64{{1, 2}, {4, 3}}, 1, 1)
	f([][]float64{{0, 1, 2}, {10, 11, 12}}, 0, 2)
	// Two blocks that share nothing: each has one degree of freedom.
	f([][]float64{{1, 2, nan, nan}, {4, 3, nan, nan}, {nan, nan, 1, 2}, {nan, nan, 4, 3}}, 1, 2)
	for _, table := range [][][]float64{nil, {{1, 2}}, {{1}, {2}}, {{1, nan}, {nan, 2}}} {
		if _, err := stat.TwoWay(table, nil); !errors.Is(err, stat.ErrTooFew) {
			t.Errorf("%v gives %v", table, err)
		}
	}
}

// With gaps the fit is that of explicit least squares.
func TestTwoWayWithGaps(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	const rows, columns = 4, 5
	for with := range 20 {
		table, covariate := make([][]float64, rows), make([][]float64, rows)
		var design []float64
		var y []float64
		for i := range table {
			table[i], covariate[i] = make([]float64, columns), make([]float64, columns)
			for j := range table[i] {
				table[i][j], covariate[i][j] = random.NormFloat64(), random.ExpFloat64()
				if i > 0 && j > 0 && random.IntN(4) == 0 { // the first row and column keep it connected
					table[i][j] = math.NaN()
					continue
				}
				line := make([]float64, rows+columns-1+with%2)
				line[i] = 1
				if j > 0 {
					line[rows+j-1] = 1
				}
				if with%2 == 1 {
					line[rows+columns-1] = covariate[i][j]
				}
				design, y = append(design, line...), append(y, table[i][j])
			}
		}
		x, b := mat.NewDense(len(y), rows+columns-1+with%2, design), mat.NewVecDense(len(y), y)
		var fit, back mat.VecDense
		if err := fit.SolveVec(x, b); err != nil {
			t.Fatal(err)
		}
		back.MulVec(x, &fit)
		back.SubVec(b, &back)
		df := len(y) - (rows + columns - 1 + with%2)
		want := math.Sqrt(mat.Dot(&back, &back) / float64(df))
		slope := 0.0
		if with%2 == 0 {
			covariate = nil
		} else {
			slope = fit.AtVec(rows + columns - 1)
		}
		got, err := stat.TwoWay(table, covariate)
		if err != nil || got.DF != df || math.Abs(got.SD-want) > 1e-8 || math.Abs(got.Slope-slope) > 1e-8 {
			t.Errorf("%+v (%v), want sd %g, df %d, slope %g", got, err, want, df, slope)
		}
	}
}

// A covariate that is the same everywhere, or goes with rows or columns alone, tells
// nothing and costs nothing.
func TestTwoWayWithoutVariation(t *testing.T) {
	table := [][]float64{{1, 2, 4}, {4, 3, 9}, {0, 1, 1}}
	want, err := stat.TwoWay(table, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, covariate := range [][][]float64{{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}, {{1, 1, 1}, {2, 2, 2}, {5, 5, 5}}, {{1, 2, 3}, {2, 3, 4}, {0, 1, 2}}} {
		if got, err := stat.TwoWay(table, covariate); err != nil || got != want {
			t.Errorf("with %v %+v (%v), want %+v", covariate, got, err, want)
		}
	}
}
