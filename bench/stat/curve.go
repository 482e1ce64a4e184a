package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// A Curve says whether cost against pods bends.
type Curve struct {
	// Quadratic is the coefficient of x² beside a line, with its t interval.
	Quadratic Estimate
	// DeltaAICc is the AICc of the line less that of the parabola: above about 2
	// the parabola describes the points better, below -2 the line does.
	DeltaAICc float64
}

// Curvature fits a parabola and compares it with the line. At least 6 points at
// three different x are needed.
func Curvature(x, y []float64, noise Noise, level float64) (Curve, error) {
	c, err := curvature(x, y, noise, level)
	if err != nil {
		return Curve{}, fmt.Errorf("curvature of %d points: %w", len(x), err)
	}
	return c, nil
}

func curvature(x, y []float64, noise Noise, level float64) (Curve, error) {
	if err := checkOpen("level", level); err != nil {
		return Curve{}, err
	}
	if err := checkPairs(6, x, y); err != nil {
		return Curve{}, err
	}
	weights, err := weightsFor(noise, x, y)
	if err != nil {
		return Curve{}, err
	}
	line, residuals, err := fit(x, y, weights)
	if err != nil {
		return Curve{}, err
	}
	if len(line.Slope.Warnings) > 0 {
		return Curve{}, fmt.Errorf("%w around the line", ErrConstant)
	}
	// What a line in x does not account for of x² decides the coefficient alone
	// (Frisch and Waugh).
	meanX, square := stat.Mean(x, weights), make([]float64, len(x))
	for i, v := range x {
		square[i] = (v - meanX) * (v - meanX)
	}
	if err := checkSpread(square); err != nil {
		return Curve{}, fmt.Errorf("%w: three different x are needed", ErrTooFew)
	}
	ofSquare, bend, err := fit(x, square, weights)
	if err != nil {
		return Curve{}, err
	}
	if ofSquare.R2 > 1-1e-12 {
		return Curve{}, fmt.Errorf("%w: three different x are needed", ErrTooFew)
	}
	n := float64(len(x))
	var sbb, sby, rss float64
	for i := range x {
		w := weightAt(weights, i)
		sbb += w * bend[i] * bend[i]
		sby += w * bend[i] * residuals[i]
		rss += w * residuals[i] * residuals[i]
	}
	quadratic := sby / sbb
	left := rss - sby*quadratic
	if !(left > rounding*rss) {
		return Curve{}, fmt.Errorf("%w around the parabola", ErrConstant)
	}
	se := math.Sqrt(left / (n - 3) / sbb)
	c := Curve{
		Quadratic: tEstimate(quadratic, se, n-3, level, len(x)),
		DeltaAICc: aicc(rss, n, 3) - aicc(left, n, 4),
	}
	if err := checkFinite(c.Quadratic.CI.Lo, c.Quadratic.CI.Hi, c.DeltaAICc); err != nil {
		return Curve{}, err
	}
	return c, nil
}

// aicc of a least-squares fit with k parameters, that of the variance included.
func aicc(rss, n, k float64) float64 {
	return n*math.Log(rss/n) + 2*k + 2*k*(k+1)/(n-k-1)
}
