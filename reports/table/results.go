package table

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// results has two tables per cell, which fit one screen: what arms cost, and how
// that compares. Below them each endpoint has a section of its own.
func results(r *analysis.Report) Section {
	s := Section{ID: "results", Heading: "Results"}
	for _, i := range r.RunNotes {
		s.Lines = append(s.Lines, fmt.Sprintf("Note: %s.", oneLine(r.Notes[i].Text)))
	}
	for i := range r.Cells {
		c := &r.Cells[i]
		s.Tables = append(s.Tables, aside(r, c, costs(r, c)))
		if r.Baseline != "" {
			s.Tables = append(s.Tables, aside(r, c, ratios(r, c)))
		}
	}
	s.Sections = []Section{
		endpoint(r, "latency", "Latency", analysis.ResponseP50, latency),
		endpoint(r, "cpu", "CPU", analysis.CPUCores, cpu),
		endpoint(r, "memory", "Memory", analysis.PSS, memory),
		scaling(r),
		answered(r),
	}
	return s
}

// aside marks a table that is not of the cell that is shown first.
func aside(r *analysis.Report, cell *analysis.Cell, t Table) Table {
	first := shown(r)
	t.Aside = first != nil && first.Cell != cell.Cell
	return t
}

// endpoint is one endpoint: what the run says of it in a sentence, and a table per
// cell.
func endpoint(r *analysis.Report, id, heading string, m analysis.Metric, table func(*analysis.Report, *analysis.Cell) Table) Section {
	s := Section{ID: id, Heading: heading}
	if text := sentence(r, m); text != "" {
		s.Lines = []string{text}
	}
	for i := range r.Cells {
		t := aside(r, &r.Cells[i], table(r, &r.Cells[i]))
		s.Tables = append(s.Tables, t)
	}
	return s
}

// A ratioOf is one rival of the baseline in one endpoint.
type ratioOf struct {
	name string
	*analysis.Judgement
}

// endpointRatios are the ratios of all rivals in one endpoint of a cell.
func endpointRatios(cell *analysis.Cell, m analysis.Metric) []ratioOf {
	var out []ratioOf
	add := func(name string, j *analysis.Judgement) {
		if j != nil && !j.Ratio.Absent() {
			out = append(out, ratioOf{name, j})
		}
	}
	for i := range cell.Arms {
		a := &cell.Arms[i]
		if m != analysis.ResponseP50 {
			add(a.Arm, a.Judged(total(m)))
			continue
		}
		for _, c := range a.Collectors {
			name := a.Arm
			if len(a.Collectors) > 1 {
				name = c.Collector + " in " + a.Arm
			}
			add(name, latencyOf(a, c.Collector))
		}
	}
	return out
}

// sentence says of an endpoint in the primary cell how far the arms reach, and how
// many of them have which verdict. It is empty where nothing was compared.
func sentence(r *analysis.Report, m analysis.Metric) string {
	cell := primary(r)
	if cell == nil || r.Baseline == "" {
		return ""
	}
	all := endpointRatios(cell, m)
	if len(all) == 0 {
		return ""
	}
	least, most := all[0], all[0]
	counts := make(map[analysis.Verdict]int)
	for _, x := range all {
		if x.Ratio.Value < least.Ratio.Value {
			least = x
		}
		if x.Ratio.Value > most.Ratio.Value {
			most = x
		}
		counts[x.Verdict]++
	}
	text := fmt.Sprintf("At %s, ", cellName(r, cell.Cell))
	what := map[analysis.Metric]string{analysis.CPUCores: "CPU time", analysis.PSS: "memory (PSS)", analysis.ResponseP50: "median latency"}[m]
	if len(all) == 1 {
		text += fmt.Sprintf("%s takes %s the %s of %s", most.name, times(most), what, r.Baseline)
	} else {
		text += fmt.Sprintf("arms take from %s (%s) to %s (%s) the %s of %s", times(least), least.name, times(most), most.name, what, r.Baseline)
	}
	text += fmt.Sprintf(" (%s intervals)", format.Percent(r.VerdictLevel))
	var verdicts []string
	for _, v := range verdictOrder() {
		if counts[v] == 0 || r.Simulated() {
			continue
		}
		name := string(v)
		if v == analysis.NoVerdict {
			name = noVerdict
		}
		verdicts = append(verdicts, fmt.Sprintf("%s %d", name, counts[v]))
	}
	switch {
	case len(verdicts) == 0:
	case len(all) == 1 && most.Verdict != analysis.NoVerdict:
		text += ": " + string(most.Verdict)
	default:
		text += fmt.Sprintf("; of %d: %s", len(all), strings.Join(verdicts, ", "))
	}
	return text + "."
}

// times writes a ratio: "1.02 [1.01, 1.03] times", marked where it is one of
// overheads.
func times(x ratioOf) string {
	c := number(format.One, x.Ratio)
	text := strings.TrimSpace(c.Text+" "+c.Interval) + " times"
	if x.Kind == analysis.OverheadRatio {
		text = "net " + text
	}
	return text
}

// verdictOrder is from the best to the worst.
func verdictOrder() []analysis.Verdict {
	return []analysis.Verdict{analysis.Better, analysis.NonInferior, analysis.Inconclusive, analysis.Inferior, analysis.NoVerdict}
}

// answered says how whole answers are.
func answered(r *analysis.Report) Section {
	s := Section{ID: "answers", Heading: "Answers"}
	failed, calls, missing := 0, 0, 0
	var lacking []string
	for i := range r.Cells {
		for _, a := range r.Cells[i].Arms {
			for _, c := range a.Collectors {
				failed, calls, missing = failed+c.Failed, calls+c.Calls, missing+c.Missing
				if c.Missing > 0 || c.Failed > 0 {
					lacking = append(lacking, a.Arm+" at "+cellName(r, r.Cells[i].Cell))
				}
			}
		}
		s.Tables = append(s.Tables, aside(r, &r.Cells[i], answers(r, &r.Cells[i])))
	}
	if calls == 0 {
		return s
	}
	text := fmt.Sprintf("%d of %d calls failed; %d containers of ours were missing from last answers", failed, calls, missing)
	if len(lacking) > 0 {
		text += ": " + strings.Join(few(lacking), "; ")
	}
	s.Lines = []string{text + "."}
	return s
}

// few cuts a list of places.
func few(places []string) []string {
	if len(places) <= mostPlaces+1 {
		return places
	}
	return append(places[:mostPlaces:mostPlaces], fmt.Sprintf("and %d more places", len(places)-mostPlaces))
}

// oneLine takes the line breaks out of what a node said.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cellName names a cell by its density where that is all that differs.
func cellName(r *analysis.Report, c bench.Cell) string {
	for _, other := range r.Cells {
		if other.Profile != c.Profile || other.ContainersPerPod != c.ContainersPerPod {
			return c.String()
		}
	}
	return fmt.Sprintf("pods=%d", c.Pods)
}
