// Package trend looks at many runs of one plan on one node, night after night: since which
// run does something cost another thing than before?
//
//	record -> analysis -> Report \
//	record -> analysis -> Report -> runs -> [Of] -> Trend -> reports/across
//
// Package runs stands before it and knows two runs, whose nodes may have been in another
// mood each night; here their mood is the noise that a change must stand out from, so that
// no margin has to be guessed. It refuses runs that did not measure the same, and finds
// nothing in fewer than thirteen: there are too few ways to shuffle them. It does not say why something changed: what
// differs between the runs on both sides of a change is told beside it.
//
// # How often it is wrong
//
// The series is looked at each night, which would make false alarms of many p-values: the
// level of each is 0.3 %. Of 200 simulated series of 60 nights (TestRates) at most 5 % have any
// alarm if nothing changes. Where numbers scatter by 1.5 % from night to night, at least 90 %
// of steps by 5 % are found within five nights, and a slide by 1 % a night before it has
// become 10 %; at 2 % it is three steps in four, and at 3 % such a step takes ten nights.
package trend

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	gonum "gonum.org/v1/gonum/stat"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/bench/stat"
)

// A Trend is what the runs say together: plain data, in base units.
type Trend struct {
	Plan      string `json:"plan"`
	Simulated bool   `json:"simulated,omitempty"`
	// Runs are in the order of time.
	Runs   []Run    `json:"runs"`
	Series []Series `json:"series"`
}

// A Run is one night.
type Run struct {
	Name    string    `json:"name"`
	First   time.Time `json:"first"`
	Runtime string    `json:"runtime"`
	Harness string    `json:"harness,omitempty"`
	// NotForPublication gives the reasons why its numbers must not be published.
	NotForPublication []string `json:"not_for_publication,omitempty"`
}

// A Series is one number of an arm, or of a comparison of two, over the runs.
type Series struct {
	Cell bench.Cell `json:"cell"`
	// Arm is whose number it is; To is empty but for a ratio of two arms of the same rounds,
	// in which nothing is left of what the node does to both.
	Arm    string          `json:"arm"`
	To     string          `json:"to,omitempty"`
	Series analysis.Series `json:"series"`
	// Points has one number for each run that has it.
	Points  []Point  `json:"points"`
	Changes []Change `json:"changes,omitempty"`
}

// A Point is one run's number. Run is its index in Trend.Runs.
type Point struct {
	Run      int                `json:"run"`
	Value    float64            `json:"value"`
	Interval *analysis.Interval `json:"interval,omitempty"`
}

// A Change is where a series goes over to another level.
type Change struct {
	// Point is the index of the first one of the new level, Run that of its run.
	Point int `json:"point"`
	Run   int `json:"run"`
	// Ratio is the new level over the one before, with a 95 % interval; N counts points of
	// both levels. P is the p-value of the split.
	Ratio analysis.Estimate `json:"ratio"`
	P     float64           `json:"p"`
	// Worse says that it costs more since.
	Worse bool `json:"worse"`
}

// confidence is the level of intervals of levels.
const confidence = 0.95

// Of looks at runs, in whatever order they are given. The error is a
// *runs.DifferenceError where two did not measure the same, and a *runs.DuplicateError
// where they are one.
func Of(all []*runs.Run) (*Trend, error) {
	if len(all) < 2 {
		return nil, errors.New("a trend takes two runs at least")
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b *runs.Run) int { return a.Report.First.Compare(b.Report.First) })
	t := &Trend{Plan: all[0].Report.Name, Simulated: all[0].Report.Simulated()}
	for i, r := range all {
		if i > 0 {
			if err := runs.Alike(all[i-1], r); err != nil {
				return nil, err
			}
		}
		t.Runs = append(t.Runs, Run{
			Name: r.Name, First: r.Report.First, Runtime: r.Report.Host.Runtime.Name + " " + r.Report.Host.Runtime.Version,
			Harness: r.Report.Host.Version, NotForPublication: r.Report.Host.NotForPublication,
		})
	}
	for i, r := range all {
		t.add(i, r.Report)
	}
	for i := range t.Series {
		if err := t.Series[i].divide(); err != nil {
			return nil, fmt.Errorf("look for changes of %s of %s: %w", t.Series[i].Series, t.Series[i].Arm, err)
		}
	}
	return t, nil
}

// add takes a run's numbers in: of each comparison that its plan asks for the ratios and
// what both arms take.
func (t *Trend) add(run int, r *analysis.Report) {
	cell := r.PrimaryCell()
	if cell == nil {
		return
	}
	var arms []string
	for _, p := range r.Headlines() {
		for _, j := range p.Judgements {
			t.point(run, Series{Cell: cell.Cell, Arm: p.Of, To: p.To, Series: j.Series}, j.Ratio)
		}
		for _, name := range []string{p.Of, p.To} {
			if !slices.Contains(arms, name) {
				arms = append(arms, name)
			}
		}
	}
	for _, name := range arms {
		if a := cell.Arm(name); a != nil {
			t.point(run, Series{Cell: cell.Cell, Arm: name, Series: analysis.Series{Metric: analysis.CPUCores, Component: analysis.Total}}, a.Total.CPU)
			t.point(run, Series{Cell: cell.Cell, Arm: name, Series: analysis.Series{Metric: analysis.PSS, Component: analysis.Total}}, a.Total.PSS)
			t.point(run, Series{Cell: cell.Cell, Arm: name, Series: analysis.Series{Metric: analysis.ResponseP50}}, a.Response)
		}
	}
}

// point adds a number to its series; what is absent, or has no logarithm, is no point.
func (t *Trend) point(run int, of Series, e analysis.Estimate) {
	if e.Absent() || !(e.Value > 0) || math.IsInf(e.Value, 1) {
		return
	}
	i := slices.IndexFunc(t.Series, func(s Series) bool {
		return s.Cell == of.Cell && s.Arm == of.Arm && s.To == of.To && s.Series == of.Series
	})
	if i < 0 {
		i = len(t.Series)
		t.Series = append(t.Series, of)
	}
	t.Series[i].Points = append(t.Series[i].Points, Point{run, e.Value, e.Interval})
}

// divide finds the changes of a series.
func (s *Series) divide() error {
	logs := make([]float64, len(s.Points))
	for i, p := range s.Points {
		logs[i] = math.Log(p.Value)
	}
	at, chance := splits(logs)
	bounds := append(append([]int{0}, at...), len(logs))
	for i, first := range at {
		old, new := logs[bounds[i]:first], logs[first:bounds[i+2]]
		c := Change{Point: first, Run: s.Points[first].Run, P: chance[i]}
		difference := gonum.Mean(new, nil) - gonum.Mean(old, nil)
		c.Ratio = analysis.Estimate{Value: math.Exp(difference), N: len(old) + len(new)}
		c.Worse = difference > 0
		spread, err := stat.Shift(new, old).Estimate(confidence)
		switch {
		case err == nil:
			c.Ratio.Interval = &analysis.Interval{Lo: math.Exp(spread.CI.Lo), Hi: math.Exp(spread.CI.Hi)}
		case !errors.Is(err, stat.ErrConstant):
			return err
		}
		s.Changes = append(s.Changes, c)
	}
	return nil
}

// Level is the geometric mean of the points since the last change.
func (s *Series) Level() float64 {
	first := 0
	if n := len(s.Changes); n > 0 {
		first = s.Changes[n-1].Point
	}
	sum := 0.0
	for _, p := range s.Points[first:] {
		sum += math.Log(p.Value)
	}
	return math.Exp(sum / float64(len(s.Points)-first))
}
