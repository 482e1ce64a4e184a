package table

import (
	"strconv"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// cgroupFiles is what package agreement calls the direct readings.
const cgroupFiles = "cgroup"

// leastCompared is of how many pods or containers there is a comparison.
const leastCompared = 3

// agreements is how values agree, by the checks that hold for the cell that is shown
// first.
func agreements(r *analysis.Report) Section {
	s := Section{ID: "agreement", Heading: "Agreement"}
	cgroup := func(level agreement.Level) func(*agreement.Comparison) bool {
		return func(c *agreement.Comparison) bool { return c.Against == cgroupFiles && c.Level == level }
	}
	for _, t := range []struct {
		what  string
		keep  func(*agreement.Comparison) bool
		aside bool
	}{
		{"containers against the cgroup files", cgroup(agreement.Containers), false},
		{"pods against the cgroup files", cgroup(agreement.Pods), true},
		{"against each other, where no cgroup file says it", func(c *agreement.Comparison) bool { return c.Against != cgroupFiles }, true},
	} {
		if table := agreed(r, t.what, t.keep); len(table.Rows) > 0 {
			table.Aside = t.aside
			s.Tables = append(s.Tables, table)
		}
	}
	if len(s.Tables) > 0 {
		s.Lines = []string{
			"Each pod or container counts once, with the growth of its counter or the mean of its gauge (Bland and Altman, on ratios). Values agree if the whole interval of the bias lies in the band, and the limits of agreement, which hold for single containers, in five times the band; they differ if the interval lies outside. Else agreement is not shown, though the interval may hold zero.",
		}
	}
	return s
}

// agreed has a row for each comparison that is to be kept.
func agreed(r *analysis.Report, what string, keep func(*agreement.Comparison) bool) Table {
	t := Table{
		Header: []string{"collector", "state", "quantity", "of", "against", "n", "bias, %\n[95 %]", "limits of\nagreement, %", "band\n± %", "result"},
	}
	first := shown(r)
	for k := range r.Checks {
		check := &r.Checks[k]
		if check.Source == nil || !holdsFor(check.Cell, first) {
			continue
		}
		t.Caption = check.Cell.String() + ": " + what
		for i := range check.Source.Agreement {
			c := &check.Source.Agreement[i]
			if c.N < leastCompared || !keep(c) {
				continue
			}
			row := Row{
				Plain(check.Collector), Plain(check.State), Plain(quantity(c.Metric)), {}, {}, Plain(strconv.Itoa(c.N)),
				Plain(format.Absent), Plain(format.Absent), Plain(format.Hundredths.Number(c.Band)), Plain(string(c.Verdict)),
			}
			if c.Against != cgroupFiles {
				row[3], row[4] = Plain(string(c.Level)+"s"), Plain(c.Against)
			}
			if c.Bias > 0 {
				row[6] = Cell{Text: format.Hundredths.Number(c.Bias - 1), Interval: format.Hundredths.Interval(c.BiasLo-1, c.BiasHi-1)}
				row[7] = Plain(format.Hundredths.Interval(c.Lower-1, c.Upper-1))
			}
			row[9].Tone = map[agreement.Verdict]Tone{agreement.Agrees: Good, agreement.Differs: Bad, agreement.Unclear: Open}[c.Verdict]
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// quantity is what tables call a metric that is compared: the names that Prometheus
// has are wider than a terminal.
func quantity(metric string) string {
	name, ok := map[string]string{
		bench.CPUUsage.Name: "CPU time", bench.MemoryWorkingSet.Name: "working set", bench.MemoryUsage.Name: "memory",
		bench.MemoryRSS.Name: "RSS", bench.PageFaults.Name: "page faults", bench.ProcessCount.Name: "processes",
		bench.FSUsage.Name: "disk", bench.FSInodesUsed.Name: "inodes", bench.NetworkReceived.Name: "bytes received", bench.NetworkSent.Name: "bytes sent",
	}[metric]
	if !ok {
		return format.Shorten(metric, 24)
	}
	return name
}
