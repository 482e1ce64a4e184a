package table

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/answer"
	"cri-stats-bench/reports/format"
)

// verdicts is the table of one cell: all pairs of arms that are compared, each in windows
// of equal length.
func verdicts(r *analysis.Report, cell *analysis.Cell) Table {
	t := Table{
		Caption: caption(cell, fmt.Sprintf("ratios of totals, round by round, and verdicts at a margin of %s", format.Percent(r.Margin))),
		Header: []string{
			"arm\n· to", "CPU and PSS\ntogether", "CPU\n" + verdictLevel(r), "PSS\n" + verdictLevel(r), "own p50\n" + verdictLevel(r), "read calls\n" + level(r),
		},
	}
	for i := range cell.Pairings {
		p := &cell.Pairings[i]
		if i == 0 || cell.Pairings[i-1].Of != p.Of {
			t.Rows = append(t.Rows, append(Row{Plain(p.Of)}, make(Row, len(t.Header)-1)...))
		}
		both := Cell{Text: Word(p.Together), Tone: ToneOf(p.Together)}
		if len(p.Withheld) > 0 {
			both.Tone = Open
		}
		t.Rows = append(t.Rows, Row{
			Plain("· " + p.To), both, said(r, p.Judged(analysis.TotalOf(analysis.CPUCores))), said(r, p.Judged(analysis.TotalOf(analysis.PSS))),
			said(r, p.Judged(analysis.Series{Metric: analysis.ResponseP50})), Measured(format.One, p.Compared(analysis.TotalOf(analysis.ReadCalls)).Estimate),
		})
	}
	return t
}

// said writes a verdict above the ratio that it rests on.
func said(r *analysis.Report, j *analysis.Judgement) Cell {
	if j == nil {
		return Plain(format.Absent)
	}
	ratio := Measured(format.One, j.Ratio)
	if j.Verdict == analysis.NoVerdict {
		return ratio
	}
	word, beside := answer.Says(r, j)
	return Cell{Text: word + beside, Interval: strings.TrimSpace(ratio.Text + " " + ratio.Interval), Notes: ratio.Notes, Tone: ToneOf(j.Verdict)}
}

// ToneOf is what a verdict means for whoever would change to the arm.
func ToneOf(v analysis.Verdict) Tone {
	switch v {
	case analysis.Better, analysis.NonInferior:
		return Good
	case analysis.Inferior:
		return Bad
	case analysis.Inconclusive:
		return Open
	}
	return ""
}

// Word is what tables call a verdict.
func Word(v analysis.Verdict) string { return answer.Word(v) }

// found writes the smallest loss that the run could have found, in percent.
func found(j *analysis.Judgement) string {
	switch {
	case j.Detectable <= 0:
		return format.Absent
	case j.Detectable > 10:
		return ">1000"
	}
	return format.Hundredths.Number(j.Detectable)
}

// settled writes how many rounds would settle a verdict that is open, "" if it is not.
func settled(j *analysis.Judgement) string {
	switch {
	case j.Verdict != analysis.Inconclusive:
		return ""
	case j.Settles == 0:
		return "never"
	}
	return format.Rounds(j.Settles)
}
