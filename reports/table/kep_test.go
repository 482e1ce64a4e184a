package table_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/reports/table"
)

// kubelet is a made-up run of a kubelet, as if it had taken place or not.
func kubelet(t *testing.T, simulated bool) *table.Document {
	t.Helper()
	run, err := analysistest.Kubelet(3, "containerd", 0.8)
	if err != nil {
		t.Fatal(err)
	}
	run.Host.Simulated = simulated
	r, err := run.Input().Analyze()
	if err != nil {
		t.Fatal(err)
	}
	return table.New(r)
}

func section(t *testing.T, d *table.Document, id string) table.Section {
	t.Helper()
	for _, s := range d.Sections {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("no section %s", id)
	return table.Section{}
}

// The first table of a kubelet's report says what it says of the KEP.
func TestKEPSummary(t *testing.T) {
	first := section(t, kubelet(t, false), "summary").Tables[0]
	var got []string
	for _, row := range first.Rows {
		got = append(got, row[0].Text+": "+row[1].Text+" "+row[2].Text)
	}
	if len(got) != 4 || got[0] != "loss < 2 % to cAdvisor: NOT APPLICABLE " || !strings.HasSuffix(got[1], ": PASS B → D") || !strings.HasSuffix(got[3], ": INCONCLUSIVE B → D") {
		t.Errorf("rows %q", got)
	}
	if evidence := first.Rows[1][len(first.Rows[1])-1].Text; !strings.HasPrefix(evidence, "CPU 0.") || !strings.Contains(evidence, "; memory 0.") {
		t.Errorf("evidence %q", evidence)
	}
	not := section(t, kubelet(t, false), "summary").Sections[0].Lines
	if !slices.ContainsFunc(not, func(line string) bool { return strings.Contains(line, "memory over hours") }) {
		t.Errorf("what is not covered: %q", not)
	}
}

// A simulated run shows the tables and says nothing of the KEP.
func TestKEPSection(t *testing.T) {
	captions := func(d *table.Document) (out []string) {
		for _, table := range section(t, d, "kep").Tables {
			out = append(out, strings.Trim(strings.Fields(table.Caption)[0], ","))
		}
		return out
	}
	if diff := cmp.Diff([]string{"Every", "pods=35", "pods=110", "The", "Kubelet"}, captions(kubelet(t, false))); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"pods=35", "pods=110", "The", "Kubelet"}, captions(kubelet(t, true))); diff != "" {
		t.Errorf("tables of a simulated run (-want +got):\n%s", diff)
	}
	if r := table.New(&analysis.Report{}); len(r.Sections) > 0 && r.Sections[0].ID == "kep" {
		t.Error("a report without a kubelet has the section")
	}
}
