package analysis_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/record"
)

// example is the example run of so many rounds and calls.
func example(t testing.TB, rounds, calls int) analysistest.Run {
	t.Helper()
	run, err := analysistest.Example(rounds, calls)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// headline is the run of so many rounds that asks what the preset quick asks.
func headline(t testing.TB, rounds int) analysistest.Run {
	t.Helper()
	run, err := analysistest.Headline(rounds)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func analyse(t testing.TB, in analysis.Input) *analysis.Report {
	t.Helper()
	r, err := in.Analyze()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// arm returns one arm in the cell of so many pods.
func arm(t testing.TB, r *analysis.Report, name string, pods int) *analysis.ArmResult {
	t.Helper()
	for i := range r.Cells {
		if r.Cells[i].Pods == pods {
			if a := r.Cells[i].Arm(name); a != nil {
				return a
			}
		}
	}
	t.Fatalf("the report has no arm %s at %d pods", name, pods)
	return nil
}

func total(m analysis.Metric) analysis.Series {
	return analysis.TotalOf(m)
}

func near(t testing.TB, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got-want) > relative*math.Abs(want) {
		t.Errorf("%s is %g, want %g to %g %%", what, got, want, 100*relative)
	}
}

// noteKinds are the kinds of the notes with these indices.
func noteKinds(r *analysis.Report, notes []int) []analysis.NoteKind {
	var kinds []analysis.NoteKind
	for _, i := range notes {
		kinds = append(kinds, r.Notes[i].Kind)
	}
	return kinds
}

func TestRecoversTruth(t *testing.T) {
	run := example(t, 300, 10)
	r := analyse(t, run.Input())
	// A lognormal factor with median 1 has this mean.
	bias := math.Exp((run.Drift*run.Drift + run.Noise*run.Noise) / 2)
	for _, pods := range []int{10, 35} {
		base := run.Truth["cadvisor"]
		for _, name := range []string{"cgroup", "cri-container-stats", "cri-pod-stats", "cadvisor"} {
			a, truth := arm(t, r, name, pods), run.Truth[name]
			var cpu, baseCPU, pss float64
			for _, c := range r.Parts {
				near(t, name+" CPU of "+string(c), a.Component(c).CPU.Value, bias*truth.CPU[c].At(pods), 0.02)
				cpu += truth.CPU[c].At(pods)
				baseCPU += base.CPU[c].At(pods)
				pss += truth.PSS[c].At(pods)
			}
			near(t, name+" total CPU", a.Total.CPU.Value, bias*cpu, 0.02)
			near(t, name+" total PSS", a.Total.PSS.Value, pss, 0.02)
			near(t, name+" node CPU", a.Component(bench.ComponentNode).CPU.Value, bias*truth.CPU[bench.ComponentNode].At(pods), 0.02)
			if a.Used != 300 || a.Total.CPU.N != 300 {
				t.Errorf("%s uses %d trials, its CPU %d, want 300", name, a.Used, a.Total.CPU.N)
			}
			c := a.Collectors[0]
			near(t, name+" p50", c.Service.P50.Value, truth.Service.At(pods), 0.03)
			if c.Calls != 3000 || c.Failed != 0 || c.Containers.Value != float64(pods) {
				t.Errorf("%s: %d calls, %d failed, %g containers", name, c.Calls, c.Failed, c.Containers.Value)
			}
			if name == "cadvisor" {
				continue
			}
			ratio := a.Compared(total(analysis.CPUCores))
			near(t, name+" ratio", ratio.Estimate.Value, cpu/baseCPU, 0.005)
			if ratio.Estimate.N != 300 || ratio.Possible != 300 || ratio.Dropped != nil {
				t.Errorf("%s pairs %d of %d rounds, dropped %v", name, ratio.Estimate.N, ratio.Possible, ratio.Dropped)
			}
			p50 := a.Compared(analysis.Series{Metric: analysis.ResponseP50}).Estimate
			near(t, name+" p50 ratio", p50.Value, (truth.Service.At(pods)+50e-6)/(base.Service.At(pods)+50e-6), 0.03)
			above := a.AboveIdle.CPU
			idle := arm(t, r, "idle", pods).Total.CPU.Value
			near(t, name+" above idle", above.Value, a.Total.CPU.Value-idle, 1e-9)
		}
	}
}

// The parts of a cost sum up to it, and what cannot be told is not estimated:
// sizes of answers have no interval.
func TestMeansAddUp(t *testing.T) {
	r := analyse(t, example(t, 7, 3).Input())
	for _, cell := range r.Cells {
		for _, a := range cell.Arms {
			cpu, pss := 0.0, 0.0
			for _, c := range r.Parts {
				cpu += a.Component(c).CPU.Value
				pss += a.Component(c).PSS.Value
			}
			near(t, a.Arm+" CPU", a.Total.CPU.Value, cpu, 1e-12)
			near(t, a.Arm+" PSS", a.Total.PSS.Value, pss, 1e-12)
			if a.Total.CPU.Interval == nil || a.Collectors[0].Bytes.Interval != nil {
				t.Errorf("%s: interval of CPU %v, of bytes %v", a.Arm, a.Total.CPU.Interval, a.Collectors[0].Bytes.Interval)
			}
		}
	}
}

func TestPermutation(t *testing.T) {
	trouble := example(t, 4, 5)
	trouble.Spoil = analysistest.Trouble
	for _, run := range []analysistest.Run{trouble, headline(t, 3)} {
		in := run.Input()
		in.Host.Simulated = false
		permute(t, in)
	}
}

func permute(t *testing.T, in analysis.Input) {
	t.Helper()
	want, err := json.Marshal(analyse(t, in))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		in.Trials = slices.Clone(in.Trials)
		random.Shuffle(len(in.Trials), func(i, j int) { in.Trials[i], in.Trials[j] = in.Trials[j], in.Trials[i] })
		got, err := json.Marshal(analyse(t, in))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Fatalf("the order of trials changes the report (-want +got):\n%s", diff)
		}
	}
}

// Twice the cost is twice the estimate, and no other ratio.
func TestScale(t *testing.T) {
	run := example(t, 5, 3)
	plain := analyse(t, run.Input())
	run.Spoil = func(t *bench.Trial) {
		for _, cost := range t.Costs {
			cost[bench.CPUSeconds] *= 2
		}
	}
	doubled := analyse(t, run.Input())
	a, b := arm(t, plain, "cri-pod-stats", 35), arm(t, doubled, "cri-pod-stats", 35)
	near(t, "CPU", b.Total.CPU.Value, 2*a.Total.CPU.Value, 1e-12)
	near(t, "upper end", b.Total.CPU.Interval.Hi, 2*a.Total.CPU.Interval.Hi, 1e-9)
	x, y := a.Compared(total(analysis.CPUCores)).Estimate, b.Compared(total(analysis.CPUCores)).Estimate
	near(t, "ratio", y.Value, x.Value, 1e-12)
	near(t, "lower end of the ratio", y.Interval.Lo, x.Interval.Lo, 1e-9)
}

// To compare a with b is the inverse of comparing b with a.
func TestRatioInversion(t *testing.T) {
	run := example(t, 6, 3)
	forth := arm(t, analyse(t, run.Input()), "cgroup", 10).Compared(total(analysis.CPUCores)).Estimate
	run.Plan.Baseline = "cgroup"
	back := arm(t, analyse(t, run.Input()), "cadvisor", 10).Compared(total(analysis.CPUCores)).Estimate
	near(t, "ratio", forth.Value, 1/back.Value, 1e-9)
	near(t, "interval", forth.Interval.Lo, 1/back.Interval.Hi, 1e-9)
}

// JSON holds no number where there is none, and nothing that JSON cannot hold.
func TestJSON(t *testing.T) {
	run := example(t, 3, 3)
	run.Spoil = analysistest.Trouble
	r := analyse(t, run.Input())
	for _, r := range []*analysis.Report{r, analyse(t, headline(t, 3).Input())} {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back analysis.Report
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(*r, back); diff != "" {
			t.Errorf("after a round trip (-want +got):\n%s", diff)
		}
	}
	absent, err := json.Marshal(arm(t, r, "cgroup", 10).Total.CPU)
	if want := `{"value":null,"n":0}`; err != nil || string(absent) != want {
		t.Errorf("an absent estimate is %s (%v), want %s", absent, err, want)
	}
}

func TestRecords(t *testing.T) {
	run := example(t, 2, 3)
	in := run.Input()
	dir := t.TempDir() + "/run"
	host := json.RawMessage(`{"simulated":true,"not_for_publication":["2 CPUs"],"version":"v1","runtime":{"name":"fake","version":"2"},"host":{"cpus":2}}`)
	w, err := record.Create(dir, run.Plan, host)
	if err != nil {
		t.Fatal(err)
	}
	for i := range in.Trials {
		if err := w.Append(&in.Trials[i]); err != nil {
			t.Fatal(err)
		}
	}
	const because = "every cell has all its rounds"
	if err := errors.Join(w.End(because), w.Close()); err != nil {
		t.Fatal(err)
	}
	records, err := record.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := analysis.Analyze(records)
	if err != nil {
		t.Fatal(err)
	}
	want := analyse(t, in)
	want.End = because
	want.Host = analysis.HostInfo{
		Simulated: true, NotForPublication: []string{"2 CPUs"}, Version: "v1", Runtime: analysis.Runtime{Name: "fake", Version: "2"},
		Facts: []analysis.Fact{{Name: "host.cpus", Value: "2"}, {Name: "runtime.name", Value: "fake"}, {Name: "runtime.version", Value: "2"}},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("from disk (-want +got):\n%s", diff)
	}

	records.Damage = append(records.Damage, record.Damage{File: "trials.jsonl", Line: 17, Reason: "blank line"})
	r, err = analysis.Analyze(records)
	if err != nil {
		t.Fatal(err)
	}
	if text := r.Notes[r.RunNotes[0]].Text; text != "not used: trials.jsonl:17: blank line" {
		t.Errorf("the damage is told as %q", text)
	}
}
