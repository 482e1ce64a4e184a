package analysis

import (
	"errors"
	"fmt"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A Scaling is how one cost of one arm grows with density, in cells that differ by
// nothing else. Nothing in it reaches beyond the densities that were measured,
// but for Fixed, which is where the line meets 0 pods.
type Scaling struct {
	Profile          string `json:"profile"`
	ContainersPerPod int    `json:"containers_per_pod"`
	Arm              string `json:"arm"`
	Series           Series `json:"series"`
	// Densities are those with values, ascending; Points counts values.
	Densities []int `json:"densities"`
	Points    int   `json:"points"`
	// Noise says which line it is: that of relative deviations, or of absolute ones
	// where the first has no answer.
	Noise stat.Noise `json:"noise"`
	// Fixed and PerPod are the line's.
	Fixed  Estimate `json:"fixed"`
	PerPod Estimate `json:"per_pod"`
	// Correlation is that of Fixed and PerPod: with their intervals it makes the one
	// of the line at any density (At).
	Correlation float64 `json:"correlation,omitempty"`
	// Curved says that a parabola describes the values better than the line: cost per pod
	// is another one at each density.
	Curved bool  `json:"curved,omitempty"`
	Notes  []int `json:"notes,omitempty"`
}

// A point is the value of one round at one density.
type point struct {
	pods  int
	value float64
}

// densities are those of points, ascending.
func densities(points []point) []int {
	var out []int
	for _, p := range points {
		out = append(out, p.pods)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func xy(points []point) (x, y []float64) {
	for _, p := range points {
		x, y = append(x, float64(p.pods)), append(y, p.value)
	}
	return x, y
}

// A ladder is cells that differ by density alone, ascending.
type ladder []*cellGroup

// ladders groups the cells.
func (b *builder) ladders() []ladder {
	var out []ladder
	for _, c := range b.cells {
		i := slices.IndexFunc(out, func(l ladder) bool {
			return l[0].cell.Profile == c.cell.Profile && l[0].cell.ContainersPerPod == c.cell.ContainersPerPod
		})
		if i < 0 {
			i = len(out)
			out = append(out, nil)
		}
		out[i] = append(out[i], c)
	}
	for _, l := range out {
		slices.SortFunc(l, func(a, b *cellGroup) int { return a.cell.Pods - b.cell.Pods })
	}
	return out
}

// scaling fits lines to every ladder of at least two densities.
func (b *builder) scaling() error {
	for _, l := range b.ladders() {
		if len(l) < 2 {
			continue
		}
		for _, arm := range b.arms {
			if err := b.climb(l, arm); err != nil {
				return fmt.Errorf("how %s grows with pods: %w", arm.Name, err)
			}
		}
	}
	return nil
}

// climb fits the lines of one arm.
func (b *builder) climb(l ladder, arm bench.Arm) error {
	series := []Series{{Metric: CPUCores, Component: Total}, {Metric: PSS, Component: Total}}
	if !isIdle(arm) {
		series = append(series, Series{Metric: ResponseP50})
	}
	for _, s := range series {
		points := l.points(arm.Name, s)
		d := densities(points)
		if len(d) < 2 {
			continue
		}
		out := Scaling{
			Profile: l[0].cell.Profile, ContainersPerPod: l[0].cell.ContainersPerPod,
			Arm: arm.Name, Series: s, Densities: d, Points: len(points),
		}
		if err := b.line(&out, points); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		if err := curve(&out, points); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		if len(d) == 2 {
			out.Notes = addID(out.Notes, b.notes.rule(NoteTwoDensities, "two densities give a slope between two points: whether growth is linear cannot be told"))
		}
		b.report.Scaling = append(b.report.Scaling, out)
	}
	return nil
}

// points returns the values of a series at each density.
func (l ladder) points(arm string, s Series) []point {
	var out []point
	for _, c := range l {
		if g := c.groups[arm]; g != nil {
			for _, o := range g.columns[s] {
				out = append(out, point{c.cell.Pods, o.Value})
			}
		}
	}
	return out
}

// line fits the line. Costs scatter in proportion to their size, so deviations are
// taken relative to the line; absolute ones would let the highest density decide.
func (b *builder) line(out *Scaling, points []point) error {
	x, y := xy(points)
	out.Noise = stat.NoiseRelative
	line, err := stat.RelativeLine(x, y, intervalLevel)
	if errors.Is(err, stat.ErrNotPositive) {
		out.Noise = stat.NoiseAbsolute
		line, err = stat.OLS(x, y, intervalLevel)
	}
	if out.Fixed, err = b.fitted(line.Intercept, err, len(points)); err != nil {
		return err
	}
	if out.PerPod, err = b.fitted(line.Slope, err, len(points)); err != nil {
		return err
	}
	if scale := line.InterceptSE * line.SlopeSE; scale > 0 && finite(line.Covariance/scale) {
		out.Correlation = line.Covariance / scale
	}
	return nil
}

// fitted turns a figure of a fit into an estimate, or into a note.
func (b *builder) fitted(e stat.Estimate, err error, points int) (Estimate, error) {
	interval, note, err := b.interval(e, err)
	if err != nil {
		return Estimate{}, err
	}
	if interval == nil {
		return Estimate{Notes: []int{note}}, nil
	}
	return Estimate{Value: e.Value, Interval: interval, N: points}, nil
}

// bent is by how much AICc a parabola must be better.
const bent = 2

// curve looks whether the line bends.
func curve(out *Scaling, points []point) error {
	if len(out.Densities) < 3 {
		return nil
	}
	x, y := xy(points)
	c, err := stat.Curvature(x, y, out.Noise, intervalLevel)
	switch {
	case unanswerable(err):
		return nil
	case err != nil:
		return err
	}
	out.Curved = c.DeltaAICc > bent && !c.Quadratic.CI.Contains(0)
	return nil
}
