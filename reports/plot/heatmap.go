package plot

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// heatMap shows the ratios of all cells at once, arm by density: whether what holds
// in the primary cell holds everywhere.
//
// Note: density by interval between calls would be a second choice. An arm has one
// interval in a run, so that one run has no such map.
func (s *studio) heatMap() {
	var cells []*analysis.Cell
	for i := range s.report.Cells {
		cells = append(cells, &s.report.Cells[i])
	}
	var arms []string
	for _, a := range s.report.Arms {
		if slices.ContainsFunc(cells, func(c *analysis.Cell) bool { return s.inHeat(c, a.Name, analysis.CPUCores) != nil }) {
			arms = append(arms, a.Name)
		}
	}
	if len(cells) < 2 || len(arms) == 0 {
		return
	}
	r := s.report
	e := s.easel()
	names := vg.Length(0)
	for _, a := range arms {
		names = max(names, e.fonts.width(short(a, nameLength), smallSize, false))
	}
	names = min(names, 168)
	t := table.Table{Caption: "Ratios to " + short(r.Baseline, nameLength), Header: []string{"arm", "endpoint"}}
	for _, c := range cells {
		t.Header = append(t.Header, s.place(c.Cell)+"\n["+format.Percent(r.VerdictLevel)+"]")
	}
	for _, m := range []struct {
		metric analysis.Metric
		title  string
	}{{analysis.CPUCores, "CPU"}, {analysis.PSS, "Memory (PSS)"}} {
		e.heading(m.title + ", ratio to " + short(r.Baseline, nameLength))
		s.heat(e, cells, arms, names, m.metric)
		for _, a := range arms {
			row := table.Row{plain(short(a, nameLength)), plain(endpoint(total(m.metric)))}
			for _, c := range cells {
				j := s.inHeat(c, a, m.metric)
				if j == nil {
					j = &analysis.Judgement{}
				}
				ratio := cell(format.One, j.Ratio)
				if j.Kind == analysis.OverheadRatio && positive(j.Ratio) {
					ratio.Text = "net " + ratio.Text
				}
				row = append(row, ratio)
			}
			t.Rows = append(t.Rows, row)
		}
		e.down(10)
	}
	e.heatKey()
	s.hang("heat-map", "Ratios in every cell", fmt.Sprintf(
		"CPU time and PSS of %s over those of %s, by arm and cell. Blue costs less, orange more, as deep as the ratio is far from 1 (log scale, full at 4 and 1/4). Bold: the %s interval does not hold 1; \"-\" has no ratio; * is a ratio of what is above the idle arm.",
		parts(r), short(r.Baseline, nameLength), format.Percent(r.VerdictLevel)), t, e)
}

func (s *studio) inHeat(c *analysis.Cell, arm string, m analysis.Metric) *analysis.Judgement {
	if a := c.Arm(arm); a != nil {
		return a.Judged(total(m))
	}
	return nil
}

// heat draws one map.
func (s *studio) heat(e *easel, cells []*analysis.Cell, arms []string, names vg.Length, m analysis.Metric) {
	left := margin + names + 8
	width := (pageWidth - margin - left) / vg.Length(len(cells))
	const height = 22
	s.columns(e, cells, left, width)
	for _, arm := range arms {
		e.text(margin, e.y+15, e.fit(short(arm, nameLength), names, smallSize, false), smallSize, false, ink)
		for i, c := range cells {
			x := left + width*vg.Length(i)
			text, bold := format.Absent, false
			fill, letters := grid.faint(0.5), muted
			if j := s.inHeat(c, arm, m); j != nil && positive(j.Ratio) {
				bold = j.Ratio.Interval != nil && (j.Ratio.Interval.Lo > 1 || j.Ratio.Interval.Hi < 1)
				text = e.ratioIn(width-5, j, bold)
				fill, letters = warmth(math.Log(j.Ratio.Value) / math.Log(4))
			}
			e.draw(shape{path: rectangle(x+1, e.y+1, width-2, height-2), fill: fill})
			e.aligned(x+width/2, e.y+15, text, smallSize, bold, letters, centered)
		}
		e.down(height)
	}
}

// ratioIn writes a ratio with as many digits as fit.
func (e *easel) ratioIn(width vg.Length, j *analysis.Judgement, bold bool) string {
	star := ""
	if j.Kind == analysis.OverheadRatio {
		star = "*"
	}
	text := format.One.Number(j.Ratio.Value) + star
	for digits := 2; digits > 0 && e.fonts.width(text, smallSize, bold) > width; digits-- {
		text = strconv.FormatFloat(j.Ratio.Value, 'g', digits, 64) + star
	}
	return e.fit(text, width, smallSize, bold)
}

// columns writes the densities above a map, and what else differs above them.
func (s *studio) columns(e *easel, cells []*analysis.Cell, left, width vg.Length) {
	var upper string
	from := 0
	upperOf := func(c *analysis.Cell) string {
		text := ""
		for _, other := range cells {
			if other.Profile != c.Profile {
				text = short(c.Profile, 16)
			}
		}
		for _, other := range cells {
			if other.ContainersPerPod != c.ContainersPerPod {
				return text + fmt.Sprintf(" %d/pod", c.ContainersPerPod)
			}
		}
		return text
	}
	wrote := false
	for i := 0; i <= len(cells); i++ {
		if i < len(cells) && i > 0 && upperOf(cells[i]) == upper {
			continue
		}
		if i > 0 && upper != "" {
			span := width * vg.Length(i-from)
			e.aligned(left+width*vg.Length(from)+span/2, e.y+11, e.fit(upper, span-2, smallSize, false), smallSize, false, muted, centered)
			wrote = true
		}
		if i < len(cells) {
			upper, from = upperOf(cells[i]), i
		}
	}
	if wrote {
		e.down(15)
	}
	e.text(margin, e.y+11, "pods", smallSize, false, muted)
	for i, c := range cells {
		e.aligned(left+width*(vg.Length(i)+0.5), e.y+11, fmt.Sprint(c.Pods), smallSize, false, muted, centered)
	}
	e.down(16)
}

// warmth is the fill of a ratio, from -1 (a quarter and less) to 1 (four times and
// more), and that of letters on it.
func warmth(share float64) (fill, letters paint) {
	share = math.Max(-1, math.Min(1, share))
	neutral := solid(0xf1f3f5, 0x2a3138)
	end := solid(0x2f7fbf, 0x286ca4)
	if share > 0 {
		end = solid(0xd9822b, 0xa35312)
	}
	return blend(neutral, end, 0.85*math.Abs(share)), ink
}

// heatKey explains the colours.
func (e *easel) heatKey() {
	steps := []float64{0.25, 0.5, 0.8, 1, 1.25, 2, 4}
	labels := []string{"≤ ¼", "½", "0.8", "1", "1.25", "2", "≥ 4"}
	width := (pageWidth - 2*margin) / vg.Length(len(steps))
	for i, v := range steps {
		x := margin + width*vg.Length(i)
		fill, letters := warmth(math.Log(v) / math.Log(4))
		e.draw(shape{path: rectangle(x, e.y, width, 18), fill: fill})
		e.aligned(x+width/2, e.y+13, labels[i], smallSize, false, letters, centered)
	}
	e.down(20)
	e.remark("costs less than the baseline ← → costs more")
}
