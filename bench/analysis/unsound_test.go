package analysis_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/record"
)

// verdicts counts the verdicts of a report.
func verdicts(r *analysis.Report) int {
	n := 0
	for _, c := range r.Cells {
		for _, p := range c.Pairings {
			for _, j := range p.Judgements {
				if j.Verdict != analysis.NoVerdict {
					n++
				}
			}
		}
	}
	return n
}

// Records that are not as they were written have no verdict, whatever is left of them; the
// torn end of a run that was killed takes none.
func TestUnsound(t *testing.T) {
	records, err := record.Open("../../cmd/cri-stats-bench/testdata/records/precise")
	if err != nil {
		t.Fatal(err)
	}
	analysed := func(change func(*record.Run)) *analysis.Report {
		t.Helper()
		run := *records
		run.Trials = slices.Clone(records.Trials)
		change(&run)
		in, err := analysis.NewInput(&run)
		if err != nil {
			t.Fatal(err)
		}
		r, err := in.Analyze()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := analysed(func(*record.Run) {}); verdicts(r) == 0 || len(r.Unsound) > 0 {
		t.Fatalf("whole: %d verdicts, unsound %v", verdicts(r), r.Unsound)
	}
	torn := record.Damage{File: record.TrialsFile, Line: 9, Torn: true, Reason: "torn"}
	if r := analysed(func(r *record.Run) { r.Damage, r.End = []record.Damage{torn}, nil }); verdicts(r) == 0 || len(r.Unsound) > 0 {
		t.Errorf("killed: %d verdicts, unsound %v", verdicts(r), r.Unsound)
	}
	// One that was killed while it profiled has ended, and its profiles decide nothing.
	profile := record.Damage{File: record.ProfilesFile, Line: 2, Torn: true, Reason: "torn"}
	if r := analysed(func(r *record.Run) { r.Damage = []record.Damage{profile} }); verdicts(r) == 0 || len(r.Unsound) > 0 {
		t.Errorf("killed while it profiled: %d verdicts, unsound %v", verdicts(r), r.Unsound)
	}
	// Where truth is asked for, checks that are not there have failed; where it is not, none
	// was made.
	missing := analysed(func(r *record.Run) { r.Checks = nil })
	if verdicts(missing) > 0 || len(missing.Headlines()[0].Withheld) == 0 || !strings.Contains(missing.Headlines()[0].Withheld[0], "no check of them is in the records") {
		t.Errorf("without checks: %d verdicts, withheld %v", verdicts(missing), missing.Headlines()[0].Withheld)
	}
	unsound := func(what, want string, change func(*record.Run)) {
		t.Helper()
		r := analysed(change)
		if verdicts(r) > 0 || len(r.Unsound) != 1 || !strings.Contains(r.Unsound[0], want) {
			t.Errorf("%s: %d verdicts, unsound %v", what, verdicts(r), r.Unsound)
		}
		for _, p := range r.Headlines() {
			if len(p.Withheld) == 0 {
				t.Errorf("%s: %s to %s does not say why it has no verdict", what, p.Of, p.To)
			}
		}
	}
	unsound("torn in a run that ended", "torn", func(r *record.Run) { r.Damage = []record.Damage{torn} })
	unsound("no host", "host.json: SHA-256", func(r *record.Run) {
		r.Host, r.Damage = nil, []record.Damage{{File: record.HostFile, Reason: "SHA-256 1, want 2"}}
	})
	unsound("twice", "is there twice", func(r *record.Run) { r.Trials = append(r.Trials, r.Trials[3]) })
	unsound("of another plan", "is not in the plan", func(r *record.Run) {
		stranger := r.Trials[0]
		stranger.Arm = bench.Arm{Name: "stranger"}
		r.Trials = append(r.Trials, stranger)
	})
	// Order is the seed's: who changes places is found, though each trial is the plan's.
	unsound("another order", "is not where the plan's seed puts it", func(r *record.Run) {
		r.Trials[0].Position, r.Trials[1].Position = r.Trials[1].Position, r.Trials[0].Position
	})
	// On an emulated machine nothing is damaged, and no time means anything.
	emulated := analysed(func(r *record.Run) {
		r.Host = bytes.Replace(r.Host, []byte(`"model":`), []byte(`"emulated": "QEMU TCG", "model":`), 1)
	})
	if verdicts(emulated) > 0 || len(emulated.Unsound) > 0 || !strings.Contains(strings.Join(emulated.Headlines()[0].Withheld, "; "), "emulated (QEMU TCG)") {
		t.Errorf("emulated: %d verdicts, unsound %v, withheld %v", verdicts(emulated), emulated.Unsound, emulated.Headlines()[0].Withheld)
	}
	run := *records
	run.Plan, run.Damage = nil, []record.Damage{{File: record.PlanFile, Reason: "SHA-256 1, want 2"}}
	if _, err := analysis.NewInput(&run); err == nil || !strings.Contains(err.Error(), "plan.json: SHA-256 1, want 2") {
		t.Errorf("without a plan: %v", err)
	}
}
