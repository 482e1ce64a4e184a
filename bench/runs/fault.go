package runs

import (
	"cmp"
	"fmt"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
)

// A FaultKind says what an arm does not do.
type FaultKind string

// The kinds.
const (
	Unsupported FaultKind = "unsupported"        // the node cannot run the arm
	NoAnswer    FaultKind = "no-answer"          // every call fails
	FailedCalls FaultKind = "failed-calls"       // some calls fail
	Missing     FaultKind = "missing-containers" // last answers lack containers that run
)

// A Fault is what an arm does not do, or not always, whatever it costs. Those of
// neither run are not listed.
type Fault struct {
	Kind FaultKind `json:"kind"`
	Arm  string    `json:"arm"`
	// Cell and Collector are empty for an arm that is unsupported.
	Cell      *bench.Cell `json:"cell,omitempty"`
	Collector string      `json:"collector,omitempty"`
	Old       Share       `json:"old"`
	New       Share       `json:"new"`
	// P is the p-value of Fisher's test that it happens more often now; 1 where no
	// test is needed. Adjusted is P after Holm, over all that can raise an alarm.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	Verdict  Verdict `json:"verdict,omitempty"`
	// Certain says that no test is needed: it never did, and now always does.
	Certain bool   `json:"certain,omitempty"`
	Detail  string `json:"detail,omitempty"`

	gain   float64 // p-value of happening less often
	better bool    // certain, the other way round
}

// A Share is in how many trials something happened, and how many things in them.
type Share struct {
	Affected int `json:"affected"`
	Of       int `json:"of"`
	// Count is how many calls failed or containers were missing, Calls how many calls
	// there were.
	Count int `json:"count"`
	Calls int `json:"calls,omitempty"`
}

// incidents of one collector of an arm in a cell.
type incidents struct {
	failed, missing Share
	first           string // the first error
}

// count goes through the trials that the report uses.
func (r *Run) count(trials []bench.Trial) {
	r.incidents = make(map[reader]incidents)
	type at struct {
		reader
		turn
	}
	failed, missing := make(map[at]int), make(map[at]int)
	var order []at
	for i := range trials {
		t := &trials[i]
		if !r.uses(t) {
			continue
		}
		for k := range t.Agents {
			a := &t.Agents[k]
			who := reader{t.Cell, r.label(t.Arm.Name), a.Collector}
			where := at{who, turn{t.Sweep, t.Round}}
			if _, seen := failed[where]; !seen {
				order = append(order, where)
			}
			n := r.incidents[who]
			n.failed.Calls += len(a.Calls)
			if i := slices.IndexFunc(a.Calls, func(c bench.Call) bool { return c.Err != "" }); i >= 0 && n.first == "" {
				n.first = a.Calls[i].Err
			}
			r.incidents[who] = n
			failed[where] += a.Calls.Failed()
			missing[where] += len(a.Missing)
		}
	}
	for _, where := range order {
		n := r.incidents[where.reader]
		n.failed.add(failed[where])
		n.missing.add(missing[where])
		r.incidents[where.reader] = n
	}
}

func (s *Share) add(count int) {
	s.Of++
	s.Count += count
	if count > 0 {
		s.Affected++
	}
}

// uses says that a trial is one that the report rests on.
func (r *Run) uses(t *bench.Trial) bool {
	a := r.arm(t.Cell, r.label(t.Arm.Name))
	if a == nil || !t.Usable() {
		return false
	}
	_, found := slices.BinarySearchFunc(a.Trials, t, func(id analysis.TrialID, t *bench.Trial) int {
		return cmp.Or(cmp.Compare(id.Sweep, t.Sweep), cmp.Compare(id.Round, t.Round), cmp.Compare(id.Attempt, t.Attempt))
	})
	return found
}

// faults finds what either run does not do.
func (b *builder) faults() error {
	for _, a := range b.old.Report.Arms {
		i := slices.IndexFunc(b.new.Report.Arms, func(n analysis.Arm) bool { return n.Name == a.Name })
		if i < 0 {
			continue
		}
		if err := b.faultsOf(a, b.new.Report.Arms[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) faultsOf(old, new analysis.Arm) error {
	if (old.Unsupported == "") != (new.Unsupported == "") {
		f := Fault{Kind: Unsupported, Arm: old.Name, P: 1, gain: 1, Certain: true, Detail: old.Unsupported + new.Unsupported}
		f.better = old.Unsupported != ""
		b.c.Faults = append(b.c.Faults, f)
	}
	for i := range b.old.Report.Cells {
		cell := b.old.Report.Cells[i].Cell
		for _, collector := range old.Collectors {
			who := reader{cell, old.Name, collector}
			was, inOld := b.old.incidents[who]
			is, inNew := b.new.incidents[who]
			if !inOld || !inNew {
				continue
			}
			if err := b.faultsIn(who, was, is); err != nil {
				return fmt.Errorf("%s of %s in %s: %w", collector, old.Name, cell, err)
			}
		}
	}
	return nil
}

func (b *builder) faultsIn(who reader, was, is incidents) error {
	for _, kind := range []struct {
		kind     FaultKind
		old, new Share
		detail   string
	}{
		{FailedCalls, was.failed, is.failed, cmp.Or(is.first, was.first)},
		{Missing, was.missing, is.missing, ""},
	} {
		if kind.old.Affected+kind.new.Affected == 0 {
			continue
		}
		t, err := stat.Fisher(kind.new.Affected, kind.new.Of, kind.old.Affected, kind.old.Of)
		if err != nil {
			return err
		}
		f := Fault{
			Kind: kind.kind, Arm: who.arm, Cell: &who.cell, Collector: who.collector,
			Old: kind.old, New: kind.new, P: t.PGreater, gain: t.PLess, Detail: kind.detail,
		}
		if f.Kind == FailedCalls && silent(f.Old) != silent(f.New) {
			// No chance makes every call fail that did not: no test is needed.
			f.Kind, f.Certain, f.better = NoAnswer, true, silent(f.Old)
		}
		b.c.Faults = append(b.c.Faults, f)
	}
	return nil
}

// silent says that no call gave an answer.
func silent(s Share) bool { return s.Calls > 0 && s.Count == s.Calls }

// settle gives a fault its verdict.
func (f *Fault) settle(alarm, gain float64, simulated bool) {
	f.Adjusted = alarm
	switch {
	case simulated:
	case f.Certain && f.better, !f.Certain && gain < alpha:
		f.Verdict = Improved
	case f.Certain, alarm < alpha:
		f.Verdict = Regressed
	}
}
