package text

import (
	"math"
	"strings"

	"cri-stats-bench/reports/answer"
	"cri-stats-bench/reports/format"
)

// The picture of CPU ratios: a logarithmic scale from a half to four.
const (
	leastRatio, mostRatio = 0.5, 4.0
	scaleWidth            = 46
)

// forest draws the CPU ratios of all comparisons, if any has an interval.
func (s *sheet) forest(all []answer.Comparison) {
	var drawn []string
	for _, c := range all {
		if len(c.Rows) == 0 || c.Rows[0].Estimate.Interval == nil {
			continue
		}
		e := c.Rows[0].Estimate
		drawn = append(drawn, bar(e.Interval.Lo, e.Value, e.Interval.Hi)+"  "+format.Plain(c.Name))
	}
	if len(drawn) == 0 {
		return
	}
	s.add("")
	s.add(axis("0.5", "1", "2", "4") + "  CPU new/old, [--o--] 90 %")
	for _, line := range drawn {
		s.add(line)
	}
}

// place is where a ratio stands on the scale.
func place(ratio float64) int {
	x := math.Log(ratio/leastRatio) / math.Log(mostRatio/leastRatio)
	return int(math.Round(math.Max(0, math.Min(1, x)) * (scaleWidth - 1)))
}

// axis writes the labels of the scale where they stand.
func axis(labels ...string) string {
	row := []rune(strings.Repeat(" ", scaleWidth))
	for i, label := range labels {
		at := i * (scaleWidth - 1) / (len(labels) - 1)
		at = min(at, scaleWidth-len(label))
		copy(row[at:], []rune(label))
	}
	return string(row)
}

// bar draws one, with a mark where the ratio is 1. An interval that is narrower than the
// drawing shows as its middle alone, what lies beyond the scale as an arrow.
func bar(lo, value, hi float64) string {
	row := []rune(strings.Repeat(" ", scaleWidth))
	row[place(1)] = '|'
	from, to := place(lo), place(hi)
	for i := from; i <= to; i++ {
		row[i] = '-'
	}
	row[from], row[to] = '[', ']'
	at := place(value)
	if to-from >= 2 {
		at = min(max(at, from+1), to-1)
	} else {
		row[from], row[to] = ' ', ' '
		row[place(1)] = '|'
	}
	row[at] = 'o'
	if lo < leastRatio {
		row[0] = '<'
	}
	if hi > mostRatio {
		row[scaleWidth-1] = '>'
	}
	return string(row)
}
