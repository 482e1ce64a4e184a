package table

import (
	"fmt"
	"strconv"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// most facts and characters of each that a report shows; host.json has all.
const (
	mostFacts = 200
	factWidth = 160
)

// features are what decides most about a node's numbers, as host.json names it.
func features() []struct{ label, name string } {
	return []struct{ label, name string }{
		{"system", "host.system"},
		{"distribution", "host.distribution"},
		{"kernel", "host.kernel.release"},
		{"cgroup", "host.cgroup.mode"},
		{"cgroup controllers", "host.cgroup.controllers"},
		{"CPU", "host.cpu.model"},
		{"CPUs", "host.cpu.count"},
		{"virtual machine", "host.cpu.virtual"},
		{"SMT", "host.cpu.smt"},
		{"governors", "host.cpu.governors"},
		{"turbo", "host.cpu.turbo"},
		{"isolated CPUs", "host.cpu.isolated"},
		{"memory", "host.memory.total_bytes"},
		{"swap", "host.memory.swap_bytes"},
		{"transparent huge pages", "host.memory.transparent_huge_pages"},
		{"clock source", "host.kernel.clocksource"},
		{"tick, Hz", "host.kernel.config.CONFIG_HZ"},
		{"time of interrupts is accounted", "host.kernel.config.CONFIG_IRQ_TIME_ACCOUNTING"},
		{"mitigations", "host.kernel.mitigations"},
		{"load before the run, 1 min", "host.load.1m"},
		{"steal before the run", "host.probe.steal_fraction"},
	}
}

// environment shows what host.json says.
func environment(r *analysis.Report) Section {
	s := Section{ID: "environment", Heading: "Environment", Background: true}
	if len(r.Host.Facts) == 0 {
		s.Lines = append(s.Lines, "host.json says nothing of the node.")
		return s
	}
	for _, f := range features() {
		if v := r.Host.Fact(f.name); v != "" {
			s.Facts = append(s.Facts, Fact{f.label, value(f.name, v)})
		}
	}
	if checks := preflight(r); len(checks.Rows) > 0 {
		s.Tables = []Table{checks}
	}
	all := Section{ID: "host", Heading: "All that host.json says", Reference: true}
	for _, f := range r.Host.Facts {
		if isText(f) {
			continue // a listing has it
		}
		if len(all.Facts) == mostFacts {
			all.Lines = append(all.Lines, fmt.Sprintf("More than %d facts: the rest is in host.json.", mostFacts))
			break
		}
		all.Facts = append(all.Facts, Fact{format.Shorten(f.Name, 60), format.Shorten(f.Value, factWidth)})
	}
	if len(s.Facts) == 0 { // a node that says nothing of what is looked for above
		s.Facts, s.Lines = all.Facts, append(s.Lines, all.Lines...)
		return s
	}
	s.Sections = []Section{all}
	return s
}

// value writes what host.json has in bytes in a unit that can be read.
func value(name, text string) string {
	switch name {
	case "host.memory.total_bytes", "host.memory.swap_bytes":
		if bytes, err := strconv.ParseUint(text, 10, 64); err == nil {
			return format.MiB.Number(float64(bytes)) + " " + format.MiB.Name
		}
	}
	return format.Shorten(text, factWidth)
}

// preflight is what was looked at before the run.
func preflight(r *analysis.Report) Table {
	t := Table{Caption: "Checks before the run", Header: []string{"check", "result", "detail"}, Prose: true, Aside: true}
	for _, c := range r.Host.Preflight {
		cell := Plain(c.Status)
		switch c.Status {
		case "ok":
			cell.Tone = Good
		case "fail":
			cell.Tone = Bad
		case "warn":
			cell.Tone = Open
		}
		t.Rows = append(t.Rows, Row{Plain(format.Shorten(c.Name, 60)), cell, Plain(format.Shorten(c.Detail, factWidth))})
	}
	return t
}
