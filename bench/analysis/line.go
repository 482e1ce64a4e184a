package analysis

import "math"

// At returns the line at a density, with the interval of the report's Level for
// where the line runs, not for single trials. It is absent where there is no line,
// and beyond the densities that were measured.
func (s *Scaling) At(pods float64) Estimate {
	if s.Fixed.Interval == nil || s.PerPod.Interval == nil || len(s.Densities) == 0 ||
		pods < float64(s.Densities[0]) || pods > float64(s.Densities[len(s.Densities)-1]) {
		return Estimate{}
	}
	// Both half widths are the same multiple of their standard errors, and so is that
	// of their sum.
	fixed := (s.Fixed.Interval.Hi - s.Fixed.Interval.Lo) / 2
	slope := pods * (s.PerPod.Interval.Hi - s.PerPod.Interval.Lo) / 2
	half := math.Sqrt(max(0, fixed*fixed+slope*slope+2*s.Correlation*fixed*slope))
	v := s.Fixed.Value + pods*s.PerPod.Value
	if !finite(v, half) {
		return Estimate{}
	}
	return Estimate{Value: v, Interval: &Interval{v - half, v + half}, N: s.Points}
}
