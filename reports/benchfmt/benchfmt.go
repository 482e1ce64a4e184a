// Package benchfmt writes a report in the Go benchmark format, which benchstat and
// much else reads:
//
//	benchstat -col /collector report.bench
//
// A line is one arm in one round, which is one trial. Arms are told apart by their
// interval too (/interval=): what a call costs depends on how much of the floor it
// carries. To compare arms that read at different intervals all the same, by
// cpu-ns/s, which is what a node pays:
//
//	benchstat -col /collector -ignore /interval report.bench
//
// The key collector holds the arm's name. Of an arm with several collectors, what
// is each one's own stands in lines of its own, with the key of.
//
//	ns/op          median service time of the calls in the window
//	cpu-ns/op      CPU time of the report's total (agent, runtime, shims) over answers
//	cpu-ns/s       the same over the window: cores
//	pss-bytes      memory of the same at its end
//	answer-B/op    size of an answer
//	containers/op  containers in an answer: who reads fewer is cheaper
//
// Package openmetrics has the estimates with their intervals. This one makes no
// estimate and knows no verdict: benchstat makes its own, without the pairing by
// rounds that the report's rest on, and the file says so.
package benchfmt

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	xbenchfmt "golang.org/x/perf/benchfmt"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/origin"
)

// caveat is a configuration key and not a comment, so that benchstat shows it.
const caveat = "benchstat ignores that arms are paired by round: its p-values are not those of the report"

// A unit is one column of values.
type unit struct {
	name   string
	metric analysis.Metric
	scale  float64 // from the base unit
	better string  // "lower", or empty where less may also mean that less was read
}

// callUnits are each collector's own, armUnits those of the arm as a whole.
func callUnits() []unit {
	return []unit{
		{"ns/op", analysis.ServiceP50, 1e9, "lower"},
		{"answer-B/op", analysis.AnswerBytes, 1, ""},
		{"containers/op", analysis.AnswerContainers, 1, ""},
	}
}

func armUnits() []unit {
	return []unit{
		{"cpu-ns/s", analysis.CPUCores, 1e9, "lower"},
		{"pss-bytes", analysis.PSS, 1, "lower"},
		{"reads/s", analysis.ReadCalls, 1, "lower"},
	}
}

// Write writes the report. The first arm of each cell is the baseline, which
// benchstat then compares the others with.
func Write(w io.Writer, r *analysis.Report) error {
	buffered := bufio.NewWriter(w)
	f := &file{report: r, out: xbenchfmt.NewWriter(buffered), config: config(r), cpus: origin.CPUs(r)}
	if err := f.write(buffered); err != nil {
		return fmt.Errorf("write the report in the Go benchmark format: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write the report in the Go benchmark format: %w", err)
	}
	return nil
}

// config are the lines above the benchmarks. Those of this run alone are comments:
// benchstat makes a table of its own for each configuration, and two runs could
// not be compared.
func config(r *analysis.Report) []xbenchfmt.Config {
	pairs := origin.Setting(r)
	if mark := origin.Mark(&r.Host); mark != "" {
		pairs = append(pairs, origin.Pair{Key: "mark", Value: mark})
	}
	pairs = append(pairs, origin.Pair{Key: "caveat", Value: caveat})
	out := make([]xbenchfmt.Config, len(pairs))
	for i, p := range pairs {
		out[i] = xbenchfmt.Config{Key: p.Key, Value: []byte(p.Value), File: true}
	}
	return out
}

type file struct {
	report *analysis.Report
	out    *xbenchfmt.Writer
	config []xbenchfmt.Config
	cpus   int
}

func (f *file) write(comments io.Writer) error {
	for _, p := range origin.Occasion(f.report) {
		// A "#" begins no key, so readers skip the line.
		fmt.Fprintf(comments, "# %s: %s\n", p.Key, p.Value)
	}
	for _, u := range slices.Concat(callUnits(), armUnits()) {
		if u.better == "" {
			continue
		}
		m := &xbenchfmt.UnitMetadata{UnitMetadataKey: xbenchfmt.UnitMetadataKey{Unit: u.name, Key: "better"}, OrigUnit: u.name, Value: u.better}
		if err := f.out.Write(m); err != nil {
			return err
		}
	}
	for i := range f.report.Cells {
		cell := &f.report.Cells[i]
		for _, baseline := range []bool{true, false} { // what benchstat compares the others with stands first
			for k := range cell.Arms {
				if a := &cell.Arms[k]; (a.Arm == f.report.Baseline) == baseline {
					if err := f.arm(cell, a); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// A turns is the trials of one arm in one cell.
type turns struct {
	cell  *analysis.Cell
	arm   *analysis.ArmResult
	tally analysis.Tally
}

// arm writes the rounds of one arm in one cell.
func (f *file) arm(cell *analysis.Cell, a *analysis.ArmResult) error {
	t := &turns{cell: cell, arm: a}
	if i := slices.IndexFunc(f.report.Arms, func(arm analysis.Arm) bool { return arm.Name == a.Arm }); i >= 0 {
		t.tally = f.report.Arms[i].Trials
	}
	for _, round := range rounds(a.Trials, a.Columns) {
		if err := f.round(t, round); err != nil {
			return err
		}
	}
	return nil
}

// round writes the line of the arm and, if it has several collectors, theirs.
func (f *file) round(t *turns, r round) error {
	calls := 1
	if t.tally.Interval > 0 {
		calls = int(t.tally.Window / t.tally.Interval)
	}
	total := r.values(armUnits(), analysis.Series{Component: analysis.Total})
	if len(t.arm.Collectors) == 1 {
		own := r.values(callUnits(), analysis.Series{Collector: t.arm.Collectors[0].Collector})
		return f.line(f.name(t, ""), calls, append(own, total...))
	}
	if err := f.line(f.name(t, ""), calls, total); err != nil {
		return err
	}
	for _, c := range t.arm.Collectors {
		own := r.values(callUnits(), analysis.Series{Collector: c.Collector})
		if err := f.line(f.name(t, c.Collector), calls, own); err != nil {
			return err
		}
	}
	return nil
}

// line writes one benchmark line, none where nothing was measured.
func (f *file) line(name string, iterations int, values []xbenchfmt.Value) error {
	if len(values) == 0 {
		return nil
	}
	return f.out.Write(&xbenchfmt.Result{Config: f.config, Name: xbenchfmt.Name(name), Iters: max(iterations, 1), Values: values})
}

// name puts what varies into keys. The interval comes last: it ends in a letter, so
// that nothing but the number of CPUs can be taken for that.
func (f *file) name(t *turns, collector string) string {
	var out strings.Builder
	out.WriteString("Collect")
	key := func(name, value string) { out.WriteString("/" + name + "=" + escape(value)) }
	key("experiment", f.report.Experiment)
	key("collector", t.arm.Arm)
	if collector != "" {
		key("of", collector)
	}
	key("pods", strconv.Itoa(t.cell.Pods))
	key("containers", strconv.Itoa(t.cell.ContainersPerPod))
	key("profile", t.cell.Profile)
	key("interval", t.tally.Interval.String())
	if f.cpus > 0 {
		fmt.Fprintf(&out, "-%d", f.cpus)
	}
	return out.String()
}

// escape keeps a text one part of one name: blanks end names and slashes parts.
// It writes them as URLs do, so that different texts stay different.
func escape(s string) string {
	return strings.NewReplacer("%", "%25", "/", "%2F", " ", "%20").Replace(origin.Name(s))
}

// A round is what was observed of one trial.
type round map[analysis.Series]float64

// rounds puts observations together, in the order of trials.
func rounds(trials []analysis.TrialID, columns []analysis.Column) []round {
	out := make([]round, len(trials))
	for i := range out {
		out[i] = make(round)
	}
	for _, c := range columns {
		for _, o := range c.Observations {
			out[o.Trial][c.Series] = o.Value
		}
	}
	return out
}

// values returns what was observed of a series in each unit.
func (r round) values(units []unit, of analysis.Series) []xbenchfmt.Value {
	var out []xbenchfmt.Value
	for _, u := range units {
		of.Metric = u.metric
		observed, ok := r[of]
		if !ok {
			continue
		}
		// A tenth of a nanosecond or byte is less than any source tells.
		if v := math.Round(observed*u.scale*10) / 10; !math.IsNaN(v) && !math.IsInf(v, 0) {
			out = append(out, xbenchfmt.Value{Value: v, Unit: u.name})
		}
	}
	return out
}
