package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// kepSummary is what a run of a kubelet says of the sentences of the KEP in the
// primary cell, and of those that it cannot speak to.
func kepSummary(r *analysis.Report) []Table {
	if r.Kubelet == nil || r.Simulated() { // of which there is no verdict
		return nil
	}
	var first []analysis.KEPVerdict
	for _, v := range r.Kubelet.Verdicts {
		if v.Primary || v.Cell == nil {
			first = append(first, v)
		}
	}
	return []Table{KEPTable("What the run says of KEP-2371", first)}
}

// kepNotCovered is what no verdict on a sentence speaks of.
func kepNotCovered(r *analysis.Report) []string {
	if r.Kubelet == nil {
		return nil
	}
	for _, v := range r.Kubelet.Verdicts {
		if len(v.NotCovered) > 0 {
			return []string{"Sentences of the KEP beyond these limits. Not covered: " + strings.Join(v.NotCovered, "; ") + "."}
		}
	}
	return nil
}

// KEPTable has one row per line of a verdict.
func KEPTable(caption string, lines []analysis.KEPVerdict) Table {
	t := Table{
		Caption: caption, Prose: true,
		Header: []string{"sentence of the KEP", "verdict", "modes", "cell", "rounds\n(of so many\nto settle it)", "evidence: ratio gate on : off [90 %]\n(what as many rounds can find)"},
	}
	for _, v := range lines {
		result := v.Result
		if result == "" {
			result = format.Absent
		}
		row := Row{Plain(v.Sentence.Name), {Text: string(result), Tone: kepTone(v.Result)}, {}, {}, {}, Plain(kepEvidence(&v))}
		if v.Cell != nil {
			row[2] = Plain(string(v.From) + " → " + string(v.To))
			row[3] = Plain(fmt.Sprintf("%d %s, %s", v.Cell.Pods, v.Cell.Profile, v.Load))
			row[4] = kepRounds(&v)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func kepTone(r analysis.Result) Tone {
	switch r {
	case analysis.Pass:
		return Good
	case analysis.Fail:
		return Bad
	case analysis.Unsettled:
		return Open
	}
	return ""
}

// kepEvidence is what the parts of a line say; of parts that hold and have no ratio
// nothing.
func kepEvidence(v *analysis.KEPVerdict) string {
	if v.Cell == nil {
		return v.Why
	}
	var parts []string
	for _, p := range v.Parts {
		text := p.Name
		switch i := p.Ratio.Interval; {
		case i != nil:
			text += " " + format.One.Number(p.Ratio.Value) + " " + format.One.Interval(i.Lo, i.Hi)
			if p.Detectable > 0 {
				text += " (" + relative(p.Detectable) + ")"
			}
		case p.Result == analysis.Pass:
			continue
		case !p.Ratio.Absent():
			text += " " + format.One.Number(p.Ratio.Value) + ", " + p.Says
		default:
			text += ": " + p.Says
		}
		if p.Result != "" && p.Result != analysis.Pass {
			text += " (" + string(p.Result) + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// kepRounds says how many rounds a line rests on, and how many would settle it.
func kepRounds(v *analysis.KEPVerdict) Cell {
	var c Cell
	most, settles := 0, 0
	for _, p := range v.Parts {
		most, settles = max(most, p.Ratio.N), max(settles, p.Settles)
	}
	if most > 0 {
		c.Text = strconv.Itoa(most)
	}
	if settles > 0 && v.Result == analysis.Unsettled {
		c.Text += fmt.Sprintf(" of %s", format.Rounds(settles))
	}
	return c
}

// kep is the section of a run of a kubelet: every sentence in every cell, the
// endpoints as scraped, and the kubelet's own account.
func kep(r *analysis.Report) Section {
	s := Section{ID: "kep", Heading: "The sentences of KEP-2371"}
	if r.Kubelet == nil {
		return Section{}
	}
	if !r.Simulated() {
		quoted := make(map[string]bool)
		for _, v := range r.Kubelet.Verdicts {
			if !quoted[v.Sentence.ID] {
				quoted[v.Sentence.ID] = true
				s.Lines = append(s.Lines, fmt.Sprintf("%s: “%s” (%s)", v.Sentence.Name, v.Sentence.Text, v.Sentence.Where))
			}
		}
		s.Tables = append(s.Tables, KEPTable("Every sentence in every cell; those beside the primary cell are adjusted (Holm)", r.Kubelet.Verdicts))
	}
	for i := range r.Cells {
		s.Tables = append(s.Tables, aside(r, &r.Cells[i], scrapes(r, &r.Cells[i])))
	}
	s.Tables = append(s.Tables, operations(r), accounts(r))
	s.Tables = slices.DeleteFunc(s.Tables, func(t Table) bool { return len(t.Rows) == 0 })
	return s
}

// scrapes shows the endpoints of a cell as production would have seen them.
func scrapes(r *analysis.Report, cell *analysis.Cell) Table {
	t := Table{
		Caption: caption(cell, fmt.Sprintf("endpoints as scraped; lost is what failed or took %v, Prometheus' time-out", analysis.ScrapeTimeout)),
		Header:  []string{"arm\n· endpoint", "calls", "failed", "lost", "p50, ms\n" + level(r), "max, ms", "answer,\nKiB", "series", "con-\ntainers", "names", "missing\nnames"},
	}
	arm := ""
	for _, s := range r.Kubelet.Scrapes {
		a := cell.Arm(s.Arm)
		if s.Cell != cell.Cell || a == nil {
			continue
		}
		if s.Arm != arm {
			arm = s.Arm
			t.Rows = append(t.Rows, append(Row{Plain(arm)}, make(Row, len(t.Header)-1)...))
		}
		row := Row{Plain("· " + s.Collector), Plain(strconv.Itoa(s.Calls)), Plain(strconv.Itoa(s.Failed)), Plain(strconv.Itoa(s.Lost))}
		if s.Lost > 0 {
			row[3].Tone = Bad
		}
		for _, c := range a.Collectors {
			if c.Collector == s.Collector {
				row = append(row, Measured(format.Milliseconds, c.Response.P50), bare(format.Milliseconds, c.Response.Max), bare(format.KiB, c.Bytes), count(c.Samples), count(c.Containers))
			}
		}
		t.Rows = append(t.Rows, append(row, Plain(strconv.Itoa(s.Names)), Plain(strconv.Itoa(len(s.Missing)))))
	}
	return t
}

// operations is the kubelet's own account of its calls to the runtime.
func operations(r *analysis.Report) Table {
	t := Table{
		Caption: "The kubelet's calls to the runtime in the windows, by its own histograms (kubelet_runtime_operations_duration_seconds), which its stats provider goes past",
		Header:  []string{"operation", "cell", "arm", "per minute", "mean, ms", "errors"},
	}
	for _, o := range r.Kubelet.Operations {
		t.Rows = append(t.Rows, Row{
			Plain(o.Operation), Plain(cellName(r, o.Cell)), Plain(o.Arm),
			Plain(format.One.Number(o.PerMinute)), Plain(format.Milliseconds.Number(o.Seconds)), Plain(strconv.Itoa(o.Errors)),
		})
	}
	return t
}

// accounts sets what was metered by one road beside the other.
func accounts(r *analysis.Report) Table {
	t := Table{
		Caption: "Kubelet, and runtime with its shims, by two roads: process clocks and PSS, and the account of the cgroup",
		Header:  []string{"component", "cell", "arm", "CPU by clocks,\nmcores", "CPU by cgroup,\nmcores", "cgroup : clocks", "PSS, MiB", "cgroup's memory,\nMiB", "trials"},
	}
	for _, a := range r.Kubelet.Accounts {
		ratio := format.Absent
		if a.ClockCPU > 0 && a.CgroupCPU > 0 {
			ratio = format.One.Number(a.CgroupCPU / a.ClockCPU)
		}
		t.Rows = append(t.Rows, Row{
			Plain(string(a.Component)), Plain(cellName(r, a.Cell)), Plain(a.Arm),
			metered(format.Millicores, a.ClockCPU), metered(format.Millicores, a.CgroupCPU), Plain(ratio),
			metered(format.MiB, a.PSS), metered(format.MiB, a.CgroupMemory), Plain(strconv.Itoa(a.Trials)),
		})
	}
	return t
}

// metered writes a mean that is 0 where it was not metered.
func metered(u format.Unit, v float64) Cell {
	if v == 0 {
		return Plain(format.Absent)
	}
	return Plain(u.Number(v))
}
