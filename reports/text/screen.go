package text

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/answer"
	"cri-stats-bench/reports/format"
)

// The measures of the answer, in columns and lines.
const (
	// Width is how wide the answer is where nobody says how wide the terminal is.
	Width = 100
	// Narrow is the least that it is laid out for.
	Narrow = 80
	// Height is the most lines of the answer: one screen.
	Height = 40
)

// Write writes the answer on one screen. Everything that came from a node is escaped.
func Write(w io.Writer, r *analysis.Report) error { return WriteScreen(w, r, Width) }

// WriteScreen writes the answer in at most Height lines of at most so many columns, but
// never for less than Narrow. What does not fit is shortened: first what is said around
// the comparisons, then the comparisons themselves.
func WriteScreen(w io.Writer, r *analysis.Report, width int) error {
	out := bufio.NewWriter(w)
	for _, line := range screen(answer.New(r), min(max(width, Narrow), Width)) {
		fmt.Fprintln(out, line)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the answer as text: %w", err)
	}
	return nil
}

// A budget is how much of an answer is laid out.
type budget struct {
	// words is the most lines of a paragraph, rows the most rows of a grid.
	words, rows int
	// picture and tall: draw the ratios, and give each endpoint a line.
	picture, tall bool
	// comparisons is the most of them.
	comparisons int
}

// mainRows is how many rows the grid has at least that a run was made for.
const mainRows = 6

// budgets go from all to little; the last one fits always.
func budgets() []budget {
	const all = 1 << 20
	return []budget{
		{6, all, true, true, all}, {4, 8, true, true, all}, {3, 5, true, true, all}, {3, 4, false, true, all},
		{2, 3, false, true, all}, {2, 2, false, true, all}, {2, 0, false, true, all},
		{4, 8, false, false, all}, {2, 3, false, false, all}, {1, 0, false, false, all}, {1, 0, false, false, 6},
	}
}

// screen lays the answer out as fully as fits.
func screen(a *answer.Answer, width int) []string {
	var lines []string
	for _, b := range budgets() {
		s := &sheet{width: width, budget: b}
		s.answer(a)
		if lines = s.lines; len(lines) <= Height {
			break
		}
	}
	return lines[:min(len(lines), Height)]
}

// A sheet is lines that are being laid out.
type sheet struct {
	budget
	width int
	lines []string
}

func (s *sheet) add(line string) {
	s.lines = append(s.lines, clip(strings.TrimRight(line, " "), s.width))
}

func (s *sheet) answer(a *answer.Answer) {
	s.paragraph("", a.Title, min(2, s.words))
	for i, mark := range a.Marks {
		if i == 4 {
			s.add(fmt.Sprintf("... and %d more such notes (report --full)", len(a.Marks)-i))
			break
		}
		s.paragraph("", mark, min(2, s.words))
	}
	for _, k := range a.Sentences[:min(len(a.Sentences), 6)] {
		text := strings.ToUpper(k.Result)
		if k.Why != "" {
			text += " (" + k.Why + ")"
		}
		most := 1
		if len(a.Sentences) == 1 {
			most = 3
		}
		s.paragraph(k.Of+", "+k.Name+": ", text, most)
	}
	s.add("")
	if a.Question == "" {
		s.paragraph("", a.Sentence, 2)
	}
	s.compared(a)
	if s.picture {
		s.forest(a.Comparisons)
	}
	s.add("")
	var left []string
	for _, f := range a.Facts {
		rows := s.rows
		if f.Main {
			rows = max(rows, mainRows)
		}
		if rows == 0 && len(f.Grid.Rows) > 0 {
			left = append(left, f.Label)
			continue
		}
		s.paragraph(f.Label+": ", f.Text, s.words)
		s.grid(f.Grid, rows)
	}
	if len(left) > 0 {
		s.add("Left out here: " + strings.Join(left, ", ") + " (report --full).")
	}
}

// compared adds the comparisons.
func (s *sheet) compared(a *answer.Answer) {
	if a.Question == "" {
		return
	}
	s.paragraph("", a.Question, min(2, s.words))
	if s.tall {
		s.row("", fmt.Sprintf("%8s %8s  %-20s  %s", "old", "new", "ratio [90 %]", "verdict"))
	}
	for i := range a.Comparisons {
		if i == s.comparisons {
			s.add(fmt.Sprintf("... and %d more comparisons (report --full)", len(a.Comparisons)-i))
			break
		}
		s.comparison(&a.Comparisons[i])
	}
}

// comparison adds one arm instead of another.
func (s *sheet) comparison(c *answer.Comparison) {
	if s.tall {
		s.add(format.Plain(c.Name))
		for _, r := range c.Rows {
			ratio := strings.TrimSpace(r.Ratio + " " + r.Interval)
			s.row("   "+r.What+", "+r.Unit, fmt.Sprintf("%8s %8s  %-20s  %s", r.Old, r.New, ratio, loud(r)))
		}
		if c.Why != "" {
			s.paragraph("   no verdict: ", c.Why, min(2, s.words))
		}
		return
	}
	var parts []string
	for _, r := range c.Rows {
		text := strings.TrimSpace(r.What + " " + r.Ratio + " " + r.Interval)
		if r.Verdict != analysis.NoVerdict || r.Estimate.Absent() {
			text += " " + loud(r)
		}
		parts = append(parts, text)
	}
	if c.Why != "" {
		parts = append(parts, "no verdict: "+c.Why)
	}
	s.paragraph(c.Name+": ", strings.Join(parts, ", "), min(3, s.words+1))
}

// loud is a verdict as one sees it from afar.
func loud(r answer.Row) string {
	if r.Verdict == analysis.NoVerdict {
		return r.Says()
	}
	return strings.ToUpper(r.Word) + r.Beside
}

// paragraph adds a text in at most so many lines; what does not fit is cut.
func (s *sheet) paragraph(label, text string, most int) {
	if label+text == "" {
		return
	}
	indent := label[:len(label)-len(strings.TrimLeft(label, " "))]
	all := lines(format.Plain(label+text), s.width-2-len(indent))
	if len(all) > most {
		all = all[:most]
		last := []rune(all[most-1])
		all[most-1] = string(last[:min(len(last), s.width-6-len(indent))]) + " ..."
	}
	for i, line := range all {
		if i > 0 {
			line = "  " + line
		}
		s.add(indent + line)
	}
}

// grid adds a small table; one that is wider than the screen becomes a paragraph for each
// row.
func (s *sheet) grid(g answer.Grid, most int) {
	rows := g.Rows[:min(len(g.Rows), most)]
	if len(rows) == 0 {
		return
	}
	widths := make([]int, len(g.Header))
	whole := append([][]string{g.Header}, rows...)
	total := 0
	for column := range widths {
		for _, row := range whole {
			widths[column] = max(widths[column], len([]rune(format.Plain(row[column]))))
		}
		total += widths[column] + 2
	}
	// Names give way to numbers.
	if over := total - s.width; over > 0 {
		if widths[0] -= over; widths[0] < 12 {
			for _, row := range rows {
				s.paragraph("  ", row[0]+": "+strings.Join(row[1:], ", "), 2)
			}
			s.more(len(g.Rows) - len(rows))
			return
		}
	}
	for _, row := range whole {
		var line strings.Builder
		fmt.Fprintf(&line, "  %-*s", widths[0], format.Shorten(format.Plain(row[0]), widths[0]))
		for column := 1; column < len(row); column++ {
			fmt.Fprintf(&line, "  %*s", widths[column], format.Plain(row[column]))
		}
		s.add(line.String())
	}
	s.more(len(g.Rows) - len(rows))
}

func (s *sheet) more(rows int) {
	if rows > 0 {
		s.add(fmt.Sprintf("  ... and %d more (report --full)", rows))
	}
}

// labelWidth is where the numbers of a comparison begin.
const labelWidth = 20

func (s *sheet) row(label, cells string) {
	s.add(fmt.Sprintf("%-*s%s", labelWidth, format.Plain(label), format.Plain(cells)))
}

func clip(line string, width int) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}
