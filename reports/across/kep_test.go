package across

import (
	"slices"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/runs"
)

// kubelet is a made-up run of a kubelet on a node, of which the gate on costs so much.
func kubelet(t *testing.T, name, runtime, node string, ratio float64, seed uint64, edit ...func(*analysis.Input)) *runs.Run {
	t.Helper()
	run, err := analysistest.Kubelet(3, runtime, ratio)
	if err != nil {
		t.Fatal(err)
	}
	run.Host.Simulated = false
	run.Seed, run.Plan.Seed = seed, seed
	in := run.Input()
	for _, f := range append(edit, fact("host.hostname_hash", node)) {
		f(&in)
	}
	r, err := runs.New(name, in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func joined(t *testing.T, all ...*runs.Run) *runs.Nodes {
	t.Helper()
	n, err := runs.Join(all)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// kep is a run on each runtime of one node, as for the whole of the KEP.
func kep(t *testing.T, edit ...func(*analysis.Input)) *runs.Nodes {
	return joined(t, kubelet(t, "on-containerd", "containerd", "a", 0.8, 1, edit...), kubelet(t, "on-crio", "cri-o", "a", 1.01, 2, edit...))
}

// kepNodes is several nodes, one of them with two runs, and one that has nothing in
// the primary cell.
func kepNodes(t *testing.T) *runs.Nodes {
	void := func(in *analysis.Input) {
		for i := range in.Trials {
			if in.Trials[i].Cell.Pods == 110 {
				in.Trials[i].Void = []bench.Void{{Reason: bench.VoidSteal}}
			}
		}
	}
	hurt := func(in *analysis.Input) { in.Host.Kubelet.Version = hostile }
	return joined(t,
		kubelet(t, "on-a", "containerd", "a", 0.8, 1), kubelet(t, "again", "containerd", "a", 0.9, 2), kubelet(t, "on-b", "containerd", "b", 1.2, 3, hurt),
		kubelet(t, "on-c", "containerd", "c", 0.8, 4, void))
}

// The first section says of each sentence what each runtime says of it, and nothing
// of a runtime that cannot speak to it.
func TestKEPSummary(t *testing.T) {
	d := Nodes(kep(t))
	first := d.Sections[0].Tables[0]
	var got []string
	for _, row := range first.Rows {
		got = append(got, row[0].Text+", "+row[1].Text+", "+row[3].Text)
		if evidence := row[len(row)-1].Text; !strings.Contains(evidence, "[") && !strings.Contains(evidence, "expected metrics") && !strings.Contains(evidence, "agreement") {
			t.Errorf("the evidence of %s is %q", row[0].Text, evidence)
		}
	}
	want := []string{
		"loss < 2 % to cAdvisor, cri-o 1.0, A → D", "less than partial CRI, containerd 1.0, B → D", "better than CRI+cAdvisor, containerd 1.0, B → D",
		"same numbers, containerd 1.0, B → D", "same numbers, cri-o 1.0, A → D",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if not := d.Sections[0].Sections[0].Lines; len(not) != 2 || !strings.HasPrefix(not[0], "No verdict covers memory over hours") || !strings.HasPrefix(not[1], "Other nodes: ") {
		t.Errorf("not covered: %q", not)
	}
	if d := Nodes(kep(t, simulated)); strings.HasPrefix(d.Sections[0].ID, "kep") || strings.Contains(dump(d), "PASS") {
		t.Error("simulated runs say something of the KEP")
	}
	// Without its primary line, a runtime is shown with what it has.
	n := kep(t)
	for i := range n.KEP {
		n.KEP[i].Primary = n.KEP[i].Primary && n.KEP[i].Runtime != "cri-o 1.0"
	}
	shown := 0
	for _, row := range Nodes(n).Sections[0].Tables[0].Rows {
		if row[1].Text == "cri-o 1.0" {
			shown++
		}
	}
	if shown != 6 { // two cells, of the one sentence under two loads
		t.Errorf("%d lines of a runtime without a primary one", shown)
	}
	if s := kepSummary(&runs.Nodes{}); len(s.Tables) > 0 {
		t.Error("runs without a kubelet have a table of sentences")
	}
}

// Each run of several has a row of its own, below what they say together.
func TestKEPTogether(t *testing.T) {
	f := func(n *runs.Nodes, want ...string) {
		t.Helper()
		var got []string
		for _, row := range Nodes(n).Sections[0].Tables[0].Rows {
			if name := row[0].Text; name == "less than partial CRI" || len(got) > 0 && strings.HasPrefix(name, "· ") {
				got = append(got, name+" "+row[1].Text+" "+row[2].Text)
			} else if len(got) > 0 {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	f(kepNodes(t), "less than partial CRI containerd 1.0 FAIL", "· on-a  PASS", "· again (same node) PASS", "· on-b  FAIL", "· on-c  NOT APPLICABLE")
	for _, of := range []struct {
		nodes []runs.KEPNode
		want  string
	}{
		{[]runs.KEPNode{{Runs: make([]runs.KEPRun, 1)}, {Runs: make([]runs.KEPRun, 1)}}, "the weakest of 2 nodes"},
		{[]runs.KEPNode{{Runs: make([]runs.KEPRun, 2)}, {Runs: make([]runs.KEPRun, 1)}}, "the weakest of 3 runs on 2 nodes"},
		{[]runs.KEPNode{{Runs: make([]runs.KEPRun, 2)}}, "the weakest of 2 runs on one node"},
	} {
		if got := ofHowMany(&runs.KEPVerdict{Nodes: of.nodes}); got != of.want {
			t.Errorf("got %q, want %q", got, of.want)
		}
	}
}
