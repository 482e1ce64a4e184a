package table

import (
	"fmt"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/reports/format"
)

// whoPays shows: what each part of the node does while an arm reads, and where.
func whoPays(r *analysis.Report) Section {
	s := Section{ID: "profiles", Heading: "Who pays"}
	if len(r.Profiles) == 0 {
		return s
	}
	s.Lines = []string{
		"Each arm was run once more after all trials, and profiled. Who is profiled is slower: nothing else in this report is made of these figures.",
		"Started are the processes that a part and its children started in the window. What functions use is their own, and in brackets with all that they call.",
	}
	work := Table{
		Caption: "what each part does",
		Header:  []string{"arm", "part", "user\nmcores", "system\nmcores", "context switches\nper s", "reads\nper s", "processes started\nper s", "of them"},
		Prose:   true,
	}
	functions := Table{Caption: "where CPU time goes", Header: []string{"arm", "part", "CPU, mcores", "function"}, Prose: true, Aside: true}
	allocated := Table{Caption: "where memory is allocated", Header: []string{"arm", "part", "KiB per s", "function"}, Prose: true, Aside: true}
	for i := range r.Profiles {
		p := &r.Profiles[i]
		if p.Failed != "" {
			s.Lines = append(s.Lines, fmt.Sprintf("%s was not profiled: %s.", p.Arm, oneLine(p.Failed)))
		}
		for k := range p.Parts {
			part := &p.Parts[k]
			work.Rows = append(work.Rows, workOf(p, part))
			functions.Rows = append(functions.Rows, hot(p, part, part.CPU, format.Millicores)...)
			allocated.Rows = append(allocated.Rows, hot(p, part, part.Allocated, format.KiB)...)
		}
		for _, m := range p.Missing {
			s.Lines = append(s.Lines, fmt.Sprintf("Of %s there is no %s.", p.Arm, oneLine(m)))
		}
	}
	s.Tables = append(s.Tables, work)
	for _, t := range []Table{functions, allocated} {
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	if f := profileFiles(r); f > 0 {
		s.Lines = append(s.Lines, fmt.Sprintf("%d profiles are in %s below the records: go tool pprof -http=: FILE.", f, record.ProfilesDir))
	}
	return s
}

func workOf(p *analysis.Profile, part *analysis.ProfiledPart) Row {
	rate := func(v *float64) Cell {
		if v == nil {
			return Plain(format.Absent)
		}
		return Plain(format.One.Number(*v))
	}
	row := Row{
		Plain(p.Arm), Plain(string(part.Component)),
		Plain(format.Millicores.Number(part.User)), Plain(format.Millicores.Number(part.System)),
		rate(part.ContextSwitches), rate(part.Reads), Plain(format.Absent), Plain(""),
	}
	if part.Started == nil {
		return row
	}
	started, others := 0, 0
	var programs []string
	for i, s := range part.Started {
		started += s.Count
		if i < mostPrograms {
			programs = append(programs, fmt.Sprintf("%d %s", s.Count, s.Program))
		} else {
			others += s.Count
		}
	}
	if others > 0 {
		programs = append(programs, fmt.Sprintf("%d others", others))
	}
	row[6] = Plain(format.One.Number(float64(started) / p.Seconds))
	if started > 0 {
		row[7] = Plain(fmt.Sprintf("%s in %d calls", strings.Join(programs, ", "), p.Calls))
	}
	return row
}

// mostPrograms are named of those that a part started.
const mostPrograms = 3

// hot is a row for each function, of what it uses a second.
func hot(p *analysis.Profile, part *analysis.ProfiledPart, all []record.HotFunction, unit format.Unit) []Row {
	rows := make([]Row, len(all))
	for i, f := range all {
		rows[i] = Row{
			Plain(p.Arm), Plain(string(part.Component)),
			{Text: unit.Number(f.Flat / p.Seconds), Interval: "[" + unit.Number(f.Total/p.Seconds) + "]"},
			Plain(f.Function),
		}
	}
	return rows
}

// profileFiles counts the raw profiles.
func profileFiles(r *analysis.Report) int {
	n := 0
	for _, p := range r.Profiles {
		for _, part := range p.Parts {
			n += len(part.Files)
		}
	}
	return n
}
