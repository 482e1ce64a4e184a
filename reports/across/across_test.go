package across

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/reports/html"
	"cri-stats-bench/reports/markdown"
	"cri-stats-bench/reports/table"
	"cri-stats-bench/reports/text"
)

// runOf makes a run of the example; edit changes its records.
func runOf(t *testing.T, name string, seed uint64, edit ...func(*analysis.Input)) *runs.Run {
	t.Helper()
	example, err := analysistest.Example(12, 6)
	if err != nil {
		t.Fatal(err)
	}
	example.Seed, example.Drift = seed, 0.01
	example.Plan.Margin = 0.05
	in := example.Input()
	in.Host.Simulated = false
	in.Host.Runtime = analysis.Runtime{Name: "containerd", Version: "2.4.2"}
	for _, f := range edit {
		f(&in)
	}
	r, err := runs.New(name, in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// costly makes an arm cost the runtime more.
func costly(arm string, factor float64) func(*analysis.Input) {
	return func(in *analysis.Input) {
		for i := range in.Trials {
			if t := &in.Trials[i]; t.Arm.Name == arm {
				t.Costs[bench.ComponentRuntime][bench.CPUSeconds] *= factor
			}
		}
	}
}

func fact(name, value string) func(*analysis.Input) {
	return func(in *analysis.Input) {
		in.Host.Facts = slices.DeleteFunc(in.Host.Facts, func(f analysis.Fact) bool { return f.Name == name })
		in.Host.Facts = append(in.Host.Facts, analysis.Fact{Name: name, Value: value})
	}
}

// hostile is a text that tries to break out of a page.
const hostile = "a|b\n# heading <img src=x onerror=alert(1)> [link](https://example.com) \x1b[2J\u202e"

// trouble is a comparison in which everything goes wrong once.
func trouble(t *testing.T) *runs.Comparison {
	t.Helper()
	old := runOf(t, "old", 1, func(in *analysis.Input) { in.Host.NotForPublication = []string{"2 CPUs"} })
	new := runOf(t, "new", 2, costly("cri-pod-stats", 2), costly("cri-container-stats", 0.5), fact("host.kernel", hostile),
		func(in *analysis.Input) {
			in.Damage = []string{"trials.jsonl:3: checksum"}
			in.Trials = slices.DeleteFunc(in.Trials, func(t bench.Trial) bool { return t.Arm.Name == "cadvisor" && t.Cell.Pods == 10 })
			for i := range in.Trials {
				t := &in.Trials[i]
				switch {
				case t.Arm.Name == "cri-pod-metrics":
					t.Unsupported, t.Agents, t.Costs = "ListPodSandboxMetrics "+hostile, nil, nil
				case t.Arm.Name == "cri-pod-stats" && t.Cell.Pods == 35:
					t.Agents[0].Calls[0] = bench.Call{Err: hostile}
				case t.Arm.Name == "cgroup":
					for k := range t.Agents[0].Calls {
						t.Agents[0].Calls[k].Service = t.Agents[0].Calls[k].Service * 3 / 2
					}
				}
			}
		})
	return compared(t, old, new)
}

func compared(t *testing.T, old, new *runs.Run) *runs.Comparison {
	t.Helper()
	c, err := runs.Compare(old, new, runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func nodes(t *testing.T, edit ...func(*analysis.Input)) *runs.Nodes {
	t.Helper()
	on := func(node string, seed uint64, factor float64) *runs.Run {
		return runOf(t, "on-"+node, seed, slices.Concat(edit, []func(*analysis.Input){fact("host.hostname_hash", node), fact("host.cpu.model", hostile), costly("cri-pod-stats", factor)})...)
	}
	n, err := runs.Join([]*runs.Run{on("a", 1, 1), on("b", 2, 1.1), on("b", 3, 1.12), on("c", 4, 1.3)})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func simulated(in *analysis.Input) { in.Host.Simulated = true }

// dump writes a document line by line, for golden files that no drawing changes.
func dump(d *table.Document) string {
	var out strings.Builder
	line := func(format string, args ...any) {
		out.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
	}
	line("%s [%s]", d.Title, d.Mark)
	for _, l := range slices.Concat(d.Why, d.Lead) {
		line("%s", l)
	}
	var all []table.Section
	for _, s := range d.Sections {
		all = append(append(all, s), s.Sections...)
	}
	for _, s := range all {
		line("\n## %s (%s)", s.Heading, s.ID)
		for _, l := range s.Lines {
			line("%s", l)
		}
		for _, n := range s.Numbers {
			line("%s: %s %s (%s) %s", n.Label, n.Value, n.Interval, n.Says, n.Tone)
		}
		for _, t := range s.Tables {
			line("\n%s", t.Caption)
			line("%s", strings.ReplaceAll(strings.Join(t.Header, " | "), "\n", " "))
			for _, r := range t.Rows {
				var cells []string
				for _, c := range r {
					text := strings.TrimSpace(c.Text + " " + c.Interval)
					if len(c.Notes) > 0 {
						text += fmt.Sprint(c.Notes)
					}
					if c.Tone != "" {
						text += " {" + string(c.Tone) + "}"
					}
					cells = append(cells, strings.Trim(strconv.QuoteToGraphic(text), `"`))
				}
				line("%s", strings.Join(cells, " | "))
			}
		}
	}
	line("")
	for i, n := range d.Footnotes {
		line("[%d] %s", i+1, n)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	same := func(t *testing.T) *table.Document {
		return Comparison(compared(t, runOf(t, "old", 1), runOf(t, "new", 2)))
	}
	for name, document := range map[string]func(*testing.T) *table.Document{
		"same":    same,
		"trouble": func(t *testing.T) *table.Document { return Comparison(trouble(t)) },
		"simulated": func(t *testing.T) *table.Document {
			return Comparison(compared(t, runOf(t, "old", 1, simulated), runOf(t, "new", 2, simulated, costly("cri-pod-stats", 2))))
		},
		"kep":             func(t *testing.T) *table.Document { return Nodes(kep(t)) },
		"kep-nodes":       func(t *testing.T) *table.Document { return Nodes(kepNodes(t)) },
		"nodes":           func(t *testing.T) *table.Document { return Nodes(nodes(t)) },
		"nodes-simulated": func(t *testing.T) *table.Document { return Nodes(nodes(t, simulated)) },
		"node": func(t *testing.T) *table.Document {
			n, err := runs.Join([]*runs.Run{runOf(t, "alone", 1)})
			if err != nil {
				t.Fatal(err)
			}
			return Nodes(n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := document(t)
			check(t, d)
			testfile.Golden(t, filepath.Join("testdata", name+".txt"), dump(d))
		})
	}
}

// check holds what is true of every document: what it says can be drawn, its rows
// are whole, its footnotes exist, and a simulated one has no verdict.
func check(t *testing.T, d *table.Document) {
	t.Helper()
	ids := make(map[string]bool)
	for _, s := range d.Sections {
		if s.ID == "" || ids[s.ID] {
			t.Errorf("section %s has the name %q", s.Heading, s.ID)
		}
		ids[s.ID] = true
		for _, tab := range s.Tables {
			for _, r := range tab.Rows {
				if len(r) != len(tab.Header) {
					t.Errorf("%s: a row of %d cells below %d headers", tab.Caption, len(r), len(tab.Header))
				}
				for _, c := range r {
					for _, n := range c.Notes {
						if n < 1 || n > len(d.Footnotes) {
							t.Errorf("%s: footnote %d of %d", tab.Caption, n, len(d.Footnotes))
						}
					}
				}
			}
		}
	}
	for name, draw := range map[string]func(io.Writer, *table.Document) error{"text": text.WriteDocument, "markdown": markdown.WriteDocument, "html": html.WriteDocument} {
		var drawn bytes.Buffer
		if err := draw(&drawn, d); err != nil {
			t.Error(err)
		}
		if bad := regexp.MustCompile(`NaN|\bInf\b|%!|<nil>|\x1b|\x{202e}`).FindString(drawn.String()); bad != "" {
			t.Errorf("as %s it holds %q", name, bad)
		}
	}
	words := regexp.MustCompile(`Regressed|Improved|Same|Inconclusive|NonInferior|Better|Inferior`)
	if strings.Contains(d.Mark, table.Simulated) {
		for _, s := range d.Sections {
			if s.ID != "reading" && words.MatchString(dump(&table.Document{Sections: []table.Section{s}})) {
				t.Errorf("a simulated document gives a verdict in section %s", s.ID)
			}
		}
	}
}

// What is written as JSON can be read back, and absent numbers are null.
func TestWriteJSON(t *testing.T) {
	var out bytes.Buffer
	if err := WriteJSON(&out, trouble(t)); err != nil {
		t.Fatal(err)
	}
	var c runs.Comparison
	if err := json.Unmarshal(out.Bytes(), &c); err != nil || c.Verdict != runs.Regressed || len(c.Faults) == 0 || len(c.Unmatched) == 0 {
		t.Errorf("%v: %s, %d faults, %d unmatched", err, c.Verdict, len(c.Faults), len(c.Unmatched))
	}
	if err := WriteJSON(&out, make(chan int)); err == nil {
		t.Error("what has no JSON was written")
	}
}
