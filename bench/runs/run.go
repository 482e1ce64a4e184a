package runs

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
)

// A Run is one run: its plan, its host, its report, and what went wrong in it.
type Run struct {
	// Name is how reports call it: the name of its folder.
	Name string
	Plan *plan.Plan
	// Report is the analysis of the run by itself.
	Report *analysis.Report
	// Damage names the records that could not be read.
	Damage []string

	// labels are what the report calls arms, by the names that the plan has for them.
	labels    map[string]string
	incidents map[reader]incidents
	print     uint64
}

// A reader is one collector of an arm in a cell.
type reader struct {
	cell           bench.Cell
	arm, collector string
}

// Open reads a run's folder and analyses it. Damaged records are not used; they are
// in Damage.
func Open(dir string) (*Run, error) {
	records, err := record.Open(dir)
	if err != nil {
		return nil, err
	}
	in, err := analysis.NewInput(records)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return New(name(dir), in)
}

// name is a folder's own name, also of "." and "out/".
func name(dir string) string {
	if whole, err := filepath.Abs(dir); err == nil {
		dir = whole
	}
	return filepath.Base(dir)
}

// New analyses records that are in memory already.
func New(name string, in analysis.Input) (*Run, error) {
	r, err := in.Analyze()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	run := &Run{Name: name, Plan: in.Plan, Report: r, Damage: in.Damage, labels: make(map[string]string), print: fingerprint(in.Trials)}
	for _, a := range r.Arms {
		run.labels[r.Kubelet.PlanName(a.Name)] = a.Name
	}
	run.count(in.Trials)
	return run, nil
}

// An Origin says where a run comes from.
type Origin struct {
	Name    string           `json:"name"`
	Plan    string           `json:"plan"`
	Hash    string           `json:"plan_hash"`
	Version string           `json:"harness_version,omitempty"`
	Runtime analysis.Runtime `json:"runtime"`
	Kubelet string           `json:"kubelet_version,omitempty"`
	First   time.Time        `json:"first"`
	Last    time.Time        `json:"last"`
	// Tried counts all trials, Used those that count, Void those
	// that broke a guard.
	Tried int `json:"tried"`
	Used  int `json:"used"`
	Void  int `json:"void"`
	// NotForPublication gives the reasons why its numbers must not be published.
	NotForPublication []string `json:"not_for_publication,omitempty"`
	// Damage names its records that could not be read.
	Damage []string `json:"damage,omitempty"`
}

func (r *Run) origin() Origin {
	o := Origin{
		Name: r.Name, Plan: r.Report.Name, Hash: r.Report.Hash, Version: r.Report.Host.Version, Runtime: r.Report.Host.Runtime,
		Kubelet: r.Report.Host.Kubelet.Version, First: r.Report.First, Last: r.Report.Last, NotForPublication: r.Report.Host.NotForPublication, Damage: r.Damage,
	}
	for _, a := range r.Report.Arms {
		o.Tried += a.Trials.Tried
		o.Used += a.Trials.Used
	}
	for _, c := range r.Report.Cells {
		for _, a := range c.Arms {
			o.Void += a.Void
		}
	}
	return o
}

// A DuplicateError says that two folders hold the same run.
type DuplicateError struct{ One, Other string }

// Error names both.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("%s and %s are the same run", e.One, e.Other)
}

// same says that two folders hold the same run: the same calls at the same instants.
func (r *Run) same(other *Run) bool { return r.print != 0 && r.print == other.print }

// fingerprint is a number that two runs do not share: of when its trials began, and
// of how long each call took to the nanosecond.
func fingerprint(trials []bench.Trial) uint64 {
	h := fnv.New64a()
	var buffer []byte
	for i := range trials {
		buffer = binary.BigEndian.AppendUint64(buffer[:0], uint64(trials[i].Start.UnixNano()))
		for _, a := range trials[i].Agents {
			for _, c := range a.Calls {
				buffer = binary.BigEndian.AppendUint64(buffer, uint64(c.Service))
			}
		}
		h.Write(buffer) // never fails
	}
	return h.Sum64()
}

// cell returns a cell of the report, nil if the run has none such.
func (r *Run) cell(c bench.Cell) *analysis.Cell {
	for i := range r.Report.Cells {
		if r.Report.Cells[i].Cell == c {
			return &r.Report.Cells[i]
		}
	}
	return nil
}

// arm returns the arm's result in a cell, nil if there is none.
func (r *Run) arm(c bench.Cell, name string) *analysis.ArmResult {
	cell := r.cell(c)
	if cell == nil {
		return nil
	}
	return cell.Arm(name)
}

// label is what the report calls an arm of the plan: "B.gate-off" is gate-off in
// mode B.
func (r *Run) label(arm string) string { return cmp.Or(r.labels[arm], arm) }

// planned returns an arm of the report as the plan has it; false if it has none such.
func (r *Run) planned(name string) (bench.Arm, bool) {
	for _, a := range r.Plan.Arms {
		if r.label(a.Name) == name {
			return a, true
		}
	}
	return bench.Arm{}, false
}

// concerns are what a reader must know before he trusts a run.
func (r *Run) concerns() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, r.Name+": "+fmt.Sprintf(format, args...)) }
	for _, c := range r.Report.SelfChecks {
		if c.Failed {
			add("%s differs from itself (%s in %s): its numbers cannot be trusted", c.Of, c.Series, c.Cell)
		}
	}
	for _, c := range r.Report.Controls {
		if c.Found.Interval != nil && !c.Detected {
			add("a planted difference was not found (%s in %s)", c.Series, c.Cell)
		}
	}
	if n := len(r.Damage); n > 0 {
		add("damaged records that are not used: %d", n)
	}
	for _, i := range r.Report.RunNotes {
		if n := r.Report.Notes[i]; n.Kind == analysis.NoteUnfinished {
			add("%s", n.Text)
		}
	}
	return out
}

// unsupported says that the node cannot run an arm.
func (r *Run) unsupported(name string) bool {
	return slices.ContainsFunc(r.Report.Arms, func(a analysis.Arm) bool { return a.Name == name && a.Unsupported != "" })
}
