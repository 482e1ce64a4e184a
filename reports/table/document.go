package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/reports/format"
)

// The marks of a document.
const (
	Simulated         = "SIMULATED"           // the run measured no node
	NotForPublication = "NOT FOR PUBLICATION" // host.json says why
)

// New lays out a report.
func New(r *analysis.Report) *Document {
	d := &Document{Title: "cri-stats-bench: " + r.Name}
	var marks []string
	if r.Simulated() {
		marks = append(marks, Simulated)
		d.Lead = append(d.Lead, "SIMULATED: nothing was measured on a node. The numbers show the form of a report and nothing else.")
	}
	if len(r.Host.NotForPublication) > 0 {
		marks = append(marks, NotForPublication)
		d.Lead = append(d.Lead, "Not for publication: "+strings.Join(r.Host.NotForPublication, "; ")+".")
	}
	d.Mark = strings.Join(marks, ", ")
	if r.Description != "" {
		d.Lead = append(d.Lead, r.Description)
	}
	d.Lead = append(d.Lead, subject(r))

	for _, section := range []Section{
		verdict(r), headline(r), scaling(r), sensitivity(r), quality(r),
		section(r, "Latency", latency), section(r, "Service time and answers", answers),
		section(r, "CPU by component", cpu), section(r, "Memory by component", memory),
		perCell(r, "Overhead", []string{
			"What arms cost more than the idle arm in the same round or cycle. Up to the detection limit, three standard errors of the idle arm, it cannot be told from noise, and there is no ratio.",
		}, overheads),
		perCell(r, "Exploratory", []string{
			"Where differences come from. These have no verdict; ~ marks those that the signed-rank test cannot tell from 1 (q of Benjamini and Hochberg at least 5 %).",
		}, exploratory),
		perCell(r, "Statistics", nil, statistics),
		trials(r), reading(r), environment(r), reproduce(r),
	} {
		if len(section.Tables)+len(section.Lines)+len(section.Facts) > 0 {
			d.Sections = append(d.Sections, section)
		}
	}
	for i, n := range r.Notes {
		d.Footnotes = append(d.Footnotes, footnote(r, i, n))
	}
	return d
}

// subject is one line on what was read, how often, and when.
func subject(r *analysis.Report) string {
	runtime := strings.TrimSpace(r.Host.Runtime.Name + " " + r.Host.Runtime.Version)
	if runtime == "" {
		runtime = "runtime unknown"
	}
	used, tried := 0, 0
	for _, a := range r.Arms {
		used += a.Trials.Used + a.Slices.Used
		tried += a.Trials.Tried + a.Slices.Tried
	}
	line := fmt.Sprintf("%s. %d trials, %d of them used.", runtime, tried, used)
	if !r.First.IsZero() {
		line += " From " + r.First.UTC().Format(time.DateTime) + " to " + r.Last.UTC().Format(time.DateTime) + " UTC."
	}
	return line
}

// section has one table per cell.
func section(r *analysis.Report, heading string, table func(*analysis.Report, *analysis.Cell) Table) Section {
	s := Section{Heading: heading}
	for i := range r.Cells {
		s.Tables = append(s.Tables, table(r, &r.Cells[i]))
	}
	return s
}

// headline has two tables per cell, which fit one screen: what arms cost, and
// how that compares.
func headline(r *analysis.Report) Section {
	s := Section{Heading: "Result"}
	for _, i := range r.RunNotes {
		s.Lines = append(s.Lines, fmt.Sprintf("Note: %s.", r.Notes[i].Text))
	}
	for i := range r.Cells {
		s.Tables = append(s.Tables, costs(r, &r.Cells[i]))
		if r.Baseline != "" {
			s.Tables = append(s.Tables, ratios(r, &r.Cells[i]))
		}
	}
	return s
}

// trials says how the trials of each arm went.
func trials(r *analysis.Report) Section {
	t := Table{
		Caption: "All cells",
		Header:  []string{"arm", "interval\ns", "window\ns", "tried", "used", "void", "void because of (trials): the first, or unsupported"},
		Prose:   true,
	}
	for _, a := range r.Arms {
		t.Rows = append(t.Rows, tally(a, a.Name, a.Trials))
		if a.Slices.Tried > 0 {
			t.Rows = append(t.Rows, tally(a, "· slices", a.Slices))
		}
	}
	return Section{Heading: "Trials", Tables: []Table{t}}
}

// tally is the row of an arm's trials in one regime.
func tally(a analysis.Arm, name string, c analysis.Tally) Row {
	void := c.Tried - c.Used
	var why []string
	for _, v := range c.Void {
		text := fmt.Sprintf("%s (%d)", v.Reason, v.Trials)
		if v.Example != "" {
			text += ": " + format.Shorten(v.Example, 80)
		}
		why = append(why, text)
	}
	switch {
	case a.Unsupported != "":
		void = 0
		why = append(why, "unsupported: "+a.Unsupported)
	case void > 0 && len(why) == 0:
		why = append(why, "repeated")
	}
	return Row{
		plain(name), plain(format.Count(c.Interval.Seconds())), plain(format.Count(c.Window.Seconds())),
		plain(strconv.Itoa(c.Tried)), plain(strconv.Itoa(c.Used)), plain(strconv.Itoa(void)), plain(strings.Join(why, "; ")),
	}
}

// most facts and characters of each that a report shows; host.json has all.
const (
	mostFacts = 100
	factWidth = 160
)

// environment shows what host.json says.
func environment(r *analysis.Report) Section {
	s := Section{Heading: "Environment"}
	for i, f := range r.Host.Facts {
		if i == mostFacts {
			s.Lines = append(s.Lines, fmt.Sprintf("%d more are in host.json.", len(r.Host.Facts)-mostFacts))
			break
		}
		s.Facts = append(s.Facts, Fact{format.Shorten(f.Name, 60), format.Shorten(f.Value, factWidth)})
	}
	if len(r.Host.Facts) == 0 {
		s.Lines = append(s.Lines, "host.json says nothing of the node.")
	}
	return s
}

// reproduce says what made these numbers.
func reproduce(r *analysis.Report) Section {
	version := r.Host.Version
	if version == "" {
		version = "unknown"
	}
	mode := r.Mode
	if mode == "" {
		mode = plan.Turns
	}
	return Section{
		Heading: "How to reproduce",
		Lines: []string{
			"plan.json beside trials.jsonl is a plan file: run it with the same version on a node of the same kind.",
			"The same records give the same report, byte by byte.",
		},
		Facts: []Fact{
			{"plan", r.Name}, {"plan hash", r.Hash}, {"seed", strconv.FormatUint(r.Seed, 10)},
			{"mode", string(mode)}, {"version", version},
		},
	}
}

// mostPlaces is how many places a footnote names.
const mostPlaces = 3

// footnote writes a note and where it holds.
func footnote(r *analysis.Report, index int, n analysis.Note) string {
	text := format.Shorten(n.Text, 300)
	if n.Varies {
		text += " (figures vary)"
	}
	if slices.Contains(r.RunNotes, index) || len(n.Places) == 0 {
		return text
	}
	var places []string
	for i, p := range n.Places {
		if i == mostPlaces && len(n.Places) > mostPlaces+1 {
			places = append(places, fmt.Sprintf("and %d more places", len(n.Places)-mostPlaces))
			break
		}
		place := p.Arm + " at " + cellName(r, p.Cell)
		if p.Of > 0 {
			place += fmt.Sprintf(" in %d of %d trials", p.Trials, p.Of)
		}
		places = append(places, place)
	}
	return text + ": " + strings.Join(places, "; ")
}

// cellName names a cell by its density where that is all that differs.
func cellName(r *analysis.Report, c bench.Cell) string {
	for _, other := range r.Cells {
		if other.Profile != c.Profile || other.ContainersPerPod != c.ContainersPerPod {
			return c.String()
		}
	}
	return fmt.Sprintf("pods=%d", c.Pods)
}
