package plot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// beyond is more than any node costs: scales of such numbers would overflow.
const beyond = 1e100

// given says that an estimate is a number that can be drawn.
func given(e analysis.Estimate) bool {
	return !e.Absent() && math.Abs(e.Value) < beyond // not true of NaN
}

// positive says that it can stand on a logarithmic axis.
func positive(e analysis.Estimate) bool { return given(e) && e.Value > 1/beyond }

// inUnit is an interval as an axis has it, nil where there is none.
func inUnit(i *analysis.Interval, u format.Unit) *analysis.Interval {
	if i == nil || math.IsNaN(i.Lo) || math.IsNaN(i.Hi) {
		return nil
	}
	return &analysis.Interval{Lo: i.Lo / u.Size, Hi: i.Hi / u.Size}
}

// primary is the cell that pictures of one cell show: the report's primary cell, or
// the one of the most pods.
func (s *renderer) primary() *analysis.Cell {
	var best *analysis.Cell
	for i := range s.report.Cells {
		c := &s.report.Cells[i]
		if s.report.Primary != nil && c.Cell == *s.report.Primary {
			return c
		}
		if best == nil || c.Pods > best.Pods {
			best = c
		}
	}
	return best
}

// place names a cell for readers, by what differs between cells and the density.
func (s *renderer) place(c bench.Cell) string {
	text := fmt.Sprintf("%d pods", c.Pods)
	for _, other := range s.report.Cells {
		if other.ContainersPerPod != c.ContainersPerPod {
			text += fmt.Sprintf(" of %d containers", c.ContainersPerPod)
			break
		}
	}
	for _, other := range s.report.Cells {
		if other.Profile != c.Profile {
			return text + ", " + short(c.Profile, 16)
		}
	}
	return text
}

// A ladder is cells that differ by density alone, ascending.
type ladder []*analysis.Cell

// ladders are those with at least two densities, that of the primary cell first.
func (s *renderer) ladders() []ladder {
	var out []ladder
	for i := range s.report.Cells {
		c := &s.report.Cells[i]
		at := slices.IndexFunc(out, func(l ladder) bool {
			return l[0].Profile == c.Profile && l[0].ContainersPerPod == c.ContainersPerPod
		})
		if at < 0 {
			at = len(out)
			out = append(out, nil)
		}
		out[at] = append(out[at], c)
	}
	for _, l := range out {
		slices.SortFunc(l, func(a, b *analysis.Cell) int { return cmp.Compare(a.Pods, b.Pods) })
	}
	first := s.primary()
	slices.SortStableFunc(out, func(a, b ladder) int {
		has := func(l ladder) int {
			if slices.Contains(l, first) {
				return 0
			}
			return 1
		}
		return has(a) - has(b)
	})
	return slices.DeleteFunc(out, func(l ladder) bool { return len(l) < 2 })
}

func (l ladder) pods() []int {
	out := make([]int, len(l))
	for i, c := range l {
		out[i] = c.Pods
	}
	return out
}

// named says which ladder it is, where there is more than one: ", active".
func (s *renderer) named(l ladder) string {
	_, rest, _ := strings.Cut(s.place(l[0].Cell), " pods")
	if strings.HasPrefix(rest, " of") {
		rest = ", pods" + rest
	}
	return rest
}

// A line is one arm, or one collector of an arm with several, in pictures of calls.
type line struct {
	arm, collector string
	name           string
	look           look
}

// lines are all arms by collector, but those whose latency is that of a clock.
func (s *renderer) lines() []line {
	var out []line
	for _, a := range s.report.Arms {
		if a.Name == s.report.Idle || slices.Equal(a.Collectors, []string{bench.IdleCollector}) {
			continue
		}
		for i, c := range a.Collectors {
			if c == bench.IdleCollector {
				continue
			}
			l := line{arm: a.Name, collector: c, name: short(a.Name, nameLength), look: s.looks[a.Name].with(i)}
			if len(a.Collectors) > 1 {
				l.name = short(c, nameLength) + " in " + short(a.Name, nameLength)
			}
			out = append(out, l)
		}
	}
	return out
}

func (k line) of(c *analysis.Cell) *analysis.CollectorResult {
	a := c.Arm(k.arm)
	if a == nil {
		return nil
	}
	for i := range a.Collectors {
		if a.Collectors[i].Collector == k.collector {
			return &a.Collectors[i]
		}
	}
	return nil
}

// without says which arms have no number in any of the cells, and why.
func (s *renderer) without(cells []*analysis.Cell, has func(*analysis.ArmResult) bool) string {
	var names []string
	for _, arm := range s.report.Arms {
		if slices.ContainsFunc(cells, func(c *analysis.Cell) bool { a := c.Arm(arm.Name); return a != nil && has(a) }) {
			continue
		}
		why := "no number"
		if arm.Unsupported != "" {
			why = "not supported here"
		} else if arm.Trials.Used == 0 {
			why = "no trial counts"
		}
		names = append(names, short(arm.Name, nameLength)+" ("+why+")")
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) > 6:
		names = append(names[:5], fmt.Sprintf("and %d more", len(names)-5))
	}
	return " Not drawn: " + strings.Join(names, ", ") + "."
}

// trials writes how many trials numbers rest on: "n = 3 to 12".
func trials(n []int) string {
	if len(n) == 0 {
		return "no trials"
	}
	lo, hi := slices.Min(n), slices.Max(n)
	if lo == hi {
		return fmt.Sprintf("n = %d", lo)
	}
	return fmt.Sprintf("n = %d to %d", lo, hi)
}
