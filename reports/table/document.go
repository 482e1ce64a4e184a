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

	d.Sections = []Section{headline(r)}
	d.Sections = append(d.Sections, section(r, "Latency", latency), section(r, "Service time and answers", answers),
		section(r, "CPU by component", cpu), section(r, "Memory by component", memory), trials(r), reading(r))
	d.Sections = append(d.Sections, environment(r), reproduce(r))
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
		Header:  []string{"arm", "interval\ns", "window\ns", "trials", "used", "void", "void because of (trials): the first, or unsupported"},
		Prose:   true,
	}
	for _, a := range r.Arms {
		void := a.Trials.Tried - a.Trials.Used
		var why []string
		for _, v := range a.Trials.Void {
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
		t.Rows = append(t.Rows, Row{
			plain(a.Name), plain(format.Count(a.Trials.Interval.Seconds())), plain(format.Count(a.Trials.Window.Seconds())),
			plain(strconv.Itoa(a.Trials.Tried)), plain(strconv.Itoa(a.Trials.Used)), plain(strconv.Itoa(void)), plain(strings.Join(why, "; ")),
		})
	}
	return Section{Heading: "Trials", Tables: []Table{t}}
}

// reading says what the numbers are.
func reading(r *analysis.Report) Section {
	lines := []string{
		fmt.Sprintf("Intervals are two-sided at %s. \"%s\" is absent: not measured, or not to be told; it is never zero.", format.Percent(r.Level), format.Absent),
		"CPU and memory: mean over trials, Student's t. The trial is the unit: n is the number of trials used.",
		"Memory is PSS. CPU is user and system time from process clocks or cgroups, over the length of the window.",
		"Latency: response time, from when a call was due to when its answer stood decoded, over all calls of the trials used. Failed calls rank above every answer.",
		"Latency intervals are those of order statistics. Calls that follow each other are alike, so ranks go by the effective number of calls, given for p50, not by their count.",
		"Ratios: geometric mean over pairs of trials of the same round, Student's t on logarithms. Differences: mean over such pairs.",
		"Void trials broke a guard that was set beforehand and never enter a number; they are run again as the plan allows.",
	}
	if len(r.Parts) > 0 {
		lines = append(lines, "Total is "+strings.Join(names(r.Parts), " + ")+".")
	}
	if r.Idle != "" {
		lines = append(lines, fmt.Sprintf("The idle arm %s wakes up and reads nothing: its latency is that of a clock, its cost that of the node with agents that do nothing.", r.Idle))
	}
	return Section{Heading: "How to read", Lines: lines}
}

func names(parts []bench.Component) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = string(p)
	}
	return out
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
