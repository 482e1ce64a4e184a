package across

import (
	"fmt"
	"slices"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// kepSummary is what the runs say of every sentence of the KEP in the primary cell.
// A runtime that says nothing there is shown with what it says in other cells.
func kepSummary(n *runs.Nodes) table.Section {
	if len(n.KEP) == 0 || n.Simulated { // of which there is no verdict
		return table.Section{}
	}
	var first []runs.KEPVerdict
	for _, v := range n.KEP {
		instead := !slices.ContainsFunc(n.KEP, func(o runs.KEPVerdict) bool {
			return o.Primary && o.Sentence.ID == v.Sentence.ID && o.Runtime == v.Runtime
		})
		if v.Primary || instead {
			first = append(first, v)
		}
	}
	return table.Section{
		ID: "kep-summary", Heading: "What the runs say of KEP-2371", Lines: kepRule(n),
		Tables:   []table.Table{kepTable("Each sentence by runtime", first)},
		Sections: []table.Section{{ID: "kep-not-covered", Heading: "What this does not cover", Lines: kepNotCovered(n, first)}},
	}
}

// kepRule says how runs are put together, if there is anything to put together.
func kepRule(n *runs.Nodes) []string {
	if !slices.ContainsFunc(n.KEP, func(v runs.KEPVerdict) bool { return len(v.Runs()) > 1 }) {
		return nil
	}
	return []string{"A sentence is said of nodes in general only as the weakest of what is said of each: PASS if every run on every node passes, FAIL if any fails, else INCONCLUSIVE. Runs of one node are shown each, and are one node."}
}

// kepNotCovered is what verdicts do not speak of, and of which nodes they do.
func kepNotCovered(n *runs.Nodes, shown []runs.KEPVerdict) []string {
	var alone, limits []string
	for _, g := range n.Groups {
		if len(g.Nodes) == 1 {
			alone = append(alone, format.OrAbsent(g.Runtime))
		}
	}
	of := make(map[string][]string) // who has which limits
	for _, v := range shown {
		for _, r := range v.Runs() {
			if len(r.Verdict.NotCovered) == 0 {
				continue
			}
			text, who := strings.Join(r.Verdict.NotCovered, "; "), fmt.Sprintf("%s on %s", v.Sentence.Name, format.OrAbsent(v.Runtime))
			if of[text] == nil {
				limits = append(limits, text)
			}
			if !slices.Contains(of[text], who) {
				of[text] = append(of[text], who)
			}
		}
	}
	var out []string
	for _, text := range limits {
		who := "No verdict"
		if len(limits) > 1 {
			who = strings.Join(of[text], ", ") + ": no verdict"
		}
		out = append(out, who+" covers "+text+".")
	}
	if len(alone) > 0 {
		out = append(out, "Other nodes: "+strings.Join(alone, " and ")+" ran on one node each, and what is said of it holds for that node alone.")
	}
	return out
}

// kepLines is every sentence in every cell, with what the KEP says.
func kepLines(n *runs.Nodes) table.Section {
	if n.Simulated {
		return table.Section{}
	}
	s := table.Section{ID: "kep", Heading: "The sentences of KEP-2371"}
	quoted := make(map[string]bool)
	for _, v := range n.KEP {
		if !quoted[v.Sentence.ID] {
			quoted[v.Sentence.ID] = true
			s.Lines = append(s.Lines, fmt.Sprintf("%s: “%s” (%s)", v.Sentence.Name, v.Sentence.Text, v.Sentence.Where))
		}
	}
	s.Tables = []table.Table{kepTable("Every sentence in every cell; those beside the primary cell are adjusted within their run (Holm)", n.KEP)}
	return s
}

// kepTable is the table of one run, with the runtime beside the sentence. Where there
// are several runs, each has a row below what they say together.
func kepTable(caption string, verdicts []runs.KEPVerdict) table.Table {
	t := table.KEPTable(caption, nil)
	t.Header = slices.Insert(t.Header, 1, "runtime")
	add := func(name, runtime string, v *analysis.KEPVerdict) table.Row {
		row := slices.Insert(table.KEPTable("", []analysis.KEPVerdict{*v}).Rows[0], 1, table.Plain(runtime))
		row[0] = table.Plain(name)
		t.Rows = append(t.Rows, row)
		return row
	}
	for i := range verdicts {
		v := &verdicts[i]
		switch all := v.Runs(); len(all) {
		case 0:
			add(v.Sentence.Name, v.Runtime, &analysis.KEPVerdict{Result: v.Result, Why: v.Why})
			continue
		case 1:
			add(v.Sentence.Name, v.Runtime, &all[0].Verdict)
			continue
		}
		row := add(v.Sentence.Name, v.Runtime, together(v))
		row[len(row)-1] = table.Plain(ofHowMany(v))
		for _, n := range v.Nodes {
			for k, r := range n.Runs {
				where := ""
				if k > 0 {
					where = "(same node)"
				}
				add("· "+r.Run, where, &r.Verdict)
			}
		}
	}
	return t
}

// together is the line of all runs: its modes are those of any run that speaks.
func together(v *runs.KEPVerdict) *analysis.KEPVerdict {
	out := &analysis.KEPVerdict{Result: v.Result, Cell: v.Cell, Load: v.Load}
	for _, r := range v.Runs() {
		if r.Verdict.Cell != nil {
			out.From, out.To = r.Verdict.From, r.Verdict.To
		}
	}
	return out
}

// ofHowMany says what the result of several runs is.
func ofHowMany(v *runs.KEPVerdict) string {
	nodes, of := len(v.Nodes), len(v.Runs())
	switch {
	case nodes == of:
		return "the weakest of " + count(nodes, "node")
	case nodes > 1:
		return fmt.Sprintf("the weakest of %s on %s", count(of, "run"), count(nodes, "node"))
	}
	return fmt.Sprintf("the weakest of %s on one node", count(of, "run"))
}
