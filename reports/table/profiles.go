package table

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cri-stats-bench/bench"
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
	files := 0
	for i := range r.Profiles {
		p := &r.Profiles[i]
		if p.Failed != "" {
			s.Lines = append(s.Lines, fmt.Sprintf("%s was not profiled: %s.", p.Arm, oneLine(p.Failed)))
			continue
		}
		for k := range p.Parts {
			part := &p.Parts[k]
			work.Rows = append(work.Rows, workOf(p, part))
			functions.Rows = append(functions.Rows, hot(p, part.Component, part.CPU, format.Millicores)...)
			allocated.Rows = append(allocated.Rows, hot(p, part.Component, part.Allocated, format.KiB)...)
			files += len(part.Files)
		}
		for _, m := range p.Missing {
			s.Lines = append(s.Lines, fmt.Sprintf("Of %s there is no %s.", p.Arm, oneLine(m)))
		}
	}
	s.Tables = slices.DeleteFunc([]Table{work, functions, allocated}, func(t Table) bool { return len(t.Rows) == 0 })
	if files > 0 {
		s.Lines = append(s.Lines, fmt.Sprintf("%d profiles are in %s below the records: go tool pprof -http=: FILE.", files, record.ProfilesDir))
	}
	return s
}

func workOf(p *analysis.Profile, part *record.ProfiledPart) Row {
	row := Row{
		Plain(p.Arm), Plain(string(part.Component)),
		Plain(format.Millicores.Number(part.User / p.Seconds)), Plain(format.Millicores.Number(part.System / p.Seconds)),
		Plain(format.Absent), Plain(format.Absent), Plain(format.Absent), Plain(""),
	}
	for i, q := range []bench.Quantity{bench.ContextSwitches, bench.ReadCalls} {
		if v, ok := p.Costs[part.Component][q]; ok {
			row[4+i] = Plain(format.One.Number(v / p.Seconds))
		}
	}
	if part.Started == nil {
		return row
	}
	started, others := 0, 0
	var programs []string
	most := func(a, b string) int {
		return cmp.Or(cmp.Compare(part.Started[b], part.Started[a]), cmp.Compare(a, b))
	}
	for i, program := range slices.SortedFunc(maps.Keys(part.Started), most) {
		n := part.Started[program]
		if started += n; i < mostPrograms {
			programs = append(programs, fmt.Sprintf("%d %s", n, program))
		} else {
			others += n
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
func hot(p *analysis.Profile, part bench.Component, all []record.HotFunction, unit format.Unit) []Row {
	rows := make([]Row, len(all))
	for i, f := range all {
		rows[i] = Row{
			Plain(p.Arm), Plain(string(part)),
			{Text: unit.Number(f.Flat / p.Seconds), Interval: "[" + unit.Number(f.Total/p.Seconds) + "]"},
			Plain(f.Function),
		}
	}
	return rows
}
