package runs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/judge"
)

// Nodes is what runs of one plan on several nodes say together: plain data.
type Nodes struct {
	Plan string `json:"plan"`
	// Baseline is the plan's name for it; reports may have a mode in front of it.
	Baseline  string  `json:"baseline"`
	Margin    float64 `json:"margin"`
	Level     float64 `json:"level"`
	Simulated bool    `json:"simulated,omitempty"`
	// KEP has what is said of each sentence of KEP-2371; empty but for the experiment
	// "kubelet".
	KEP []KEPVerdict `json:"kep_verdicts,omitempty"`
	// Groups has the runs of each runtime and its minor version apart.
	Groups []Group `json:"groups"`
	// Warnings are what a reader must know before he trusts a run.
	Warnings []string `json:"warnings,omitempty"`
	// Notes are footnotes; estimates and effects refer to them by index.
	Notes []string `json:"notes,omitempty"`
}

// A Group is the runs of one runtime.
type Group struct {
	// Runtime is its name and minor version: "containerd 2.4".
	Runtime string `json:"runtime"`
	// Baseline is what the reports of its runs call that of the plan.
	Baseline string       `json:"baseline"`
	Nodes    []Node       `json:"nodes"`
	Effects  []NodeEffect `json:"effects"`
	// Arms has the verdict on CPU and PSS together of each arm in the primary cell:
	// both must hold.
	Arms []ArmVerdict `json:"arms,omitempty"`
	// Without are arms that have no verdict on some of its nodes, and why: what the runtime
	// does not serve, and what is not true.
	Without []Without `json:"without,omitempty"`
}

// A Without is an arm of one run that was measured in vain.
type Without struct {
	Run string `json:"run"`
	Arm string `json:"arm"`
	// Unsupported is what it needs and the node does not have, Untrue why nothing can rest on
	// its answers; one of them is set.
	Unsupported string `json:"unsupported,omitempty"`
	Untrue      string `json:"untrue,omitempty"`
}

// without lists such arms of a run, in the order of the plan.
func without(r *Run) []Without {
	var out []Without
	for _, a := range r.Report.Arms {
		if a.Unsupported != "" {
			out = append(out, Without{Run: r.Name, Arm: a.Name, Unsupported: a.Unsupported})
			continue
		}
		for i := range r.Report.Cells {
			if result := r.Report.Cells[i].Arm(a.Name); result != nil && len(result.Untrue) > 0 {
				out = append(out, Without{Run: r.Name, Arm: a.Name, Untrue: result.Untrue[0]})
				break
			}
		}
	}
	return out
}

// An ArmVerdict is what can be said of an arm on nodes in general.
type ArmVerdict struct {
	Arm     string           `json:"arm"`
	To      string           `json:"to"`
	Verdict analysis.Verdict `json:"verdict,omitempty"`
}

// A Node is one node and its runs.
type Node struct {
	// Name is that of its first run.
	Name string   `json:"name"`
	Runs []Origin `json:"runs"`
	// Hash tells nodes apart: that of the host's name. Empty where host.json does not
	// say; then each run counts as a node of its own.
	Hash   string `json:"hostname_hash,omitempty"`
	CPU    string `json:"cpu,omitempty"`
	CPUs   string `json:"cpus,omitempty"`
	Memory string `json:"memory,omitempty"`
	Kernel string `json:"kernel,omitempty"`
	// Differences are what differs between its first run and the others.
	Differences []Difference `json:"differences,omitempty"`

	runs []*Run
}

// A NodeEffect is one endpoint of an arm in a cell against another one, on all nodes of
// a group.
type NodeEffect struct {
	Cell   bench.Cell      `json:"cell"`
	Arm    string          `json:"arm"`
	To     string          `json:"to"`
	Series analysis.Series `json:"series"`
	// Primary: CPU or PSS total of the headline.
	Primary bool `json:"primary,omitempty"`
	// Ratios has one ratio per node, in the order of the group's nodes, each with the
	// 90 % interval that verdicts rest on; absent where the node has none.
	Ratios []analysis.Estimate `json:"ratios"`
	// Ratio is the mean over nodes, weighted by what is known of each, with a 90 %
	// interval for nodes in general. N counts nodes. Of one node it is that node's.
	Ratio analysis.Estimate `json:"ratio"`
	// Prediction is where the true ratio of one more node lies (90 %); nil for fewer
	// than three nodes.
	Prediction *analysis.Interval `json:"prediction,omitempty"`
	// Tau is the standard deviation of the logarithms of true ratios between nodes, I2
	// the share of their spread that chance does not explain, P the chance of as much
	// spread if the nodes did not differ. Absent (nil) for one node.
	Tau *float64 `json:"tau_log,omitempty"`
	I2  *float64 `json:"i2,omitempty"`
	P   *float64 `json:"p_heterogeneity,omitempty"`
	// Verdict rests on Ratio. Only CPU and PSS in the primary cell have one, and only
	// where no run withholds its own.
	Verdict analysis.Verdict `json:"verdict,omitempty"`

	withheld bool
}

// Join pools runs of one plan on several nodes, with the node as a random effect:
// the plan's margin is then held against nodes in general and not against these. It
// returns a *DifferenceError where two runs are not of one plan.
func Join(all []*Run) (*Nodes, error) {
	if len(all) == 0 {
		return nil, errors.New("join runs: there are none")
	}
	if err := distinct(all); err != nil {
		return nil, err
	}
	first := all[0]
	var warnings []string
	for _, r := range all[1:] {
		differences := slices.Concat(
			reality(first, r), planDifferences(first, r, planFacts()), planDifferences(first, r, verdictFacts()),
			axisDifferences(first, r), armDifferences(first, r), kubeletDifferences(first, r),
		)
		if err := refuse(first, r, differences); err != nil {
			return nil, err
		}
		for _, d := range differences {
			if d.Weight == Warns {
				warnings = append(warnings, fmt.Sprintf("%s and %s are not alike: %s", first.Name, r.Name, d))
			}
		}
	}
	if first.Plan.Baseline == "" {
		return nil, fmt.Errorf("join runs: the plan of %s has no baseline, so that there is no ratio to join", first.Name)
	}
	j := &joiner{out: &Nodes{
		Plan: first.Report.Name, Baseline: first.Plan.Baseline, Margin: first.Report.Margin,
		Level: verdictLevel, Simulated: first.Report.Simulated(), Warnings: warnings,
	}}
	for _, r := range all {
		j.out.Warnings = append(j.out.Warnings, r.concerns()...)
	}
	for _, runs := range byRuntime(all) {
		if err := j.group(runs); err != nil {
			return nil, fmt.Errorf("join %d runs on %s: %w", len(runs), runs[0].minor(), err)
		}
	}
	j.sentences(all)
	return j.out, nil
}

// Count counts the nodes. One that ran several runtimes is one node.
func (n *Nodes) Count() int {
	count := 0
	known := make(map[string]bool)
	for _, g := range n.Groups {
		for _, node := range g.Nodes {
			if node.Hash == "" || !known[node.Hash] {
				known[node.Hash] = true
				count++
			}
		}
	}
	return count
}

// distinct refuses to count one run twice.
func distinct(all []*Run) error {
	for i, r := range all {
		for _, other := range all[:i] {
			if r.same(other) {
				return &DuplicateError{other.Name, r.Name}
			}
		}
	}
	return nil
}

// armDifferences lists arms that are not the same in two plans. Names are those of the
// plans: reports of one plan may call an arm A.gate-off and B.gate-off.
func armDifferences(old, new *Run) []Difference {
	names := func(r *Run) string {
		var out []string
		for _, a := range r.Plan.Arms {
			out = append(out, a.Name)
		}
		slices.Sort(out)
		return strings.Join(out, ", ")
	}
	out := differ(nil, "plan: arms", names(old), names(new), Refuses)
	for _, a := range old.Plan.Arms {
		for _, b := range new.Plan.Arms {
			if a.Name != b.Name {
				continue
			}
			if why := unlike(a, b); why != "" {
				out = append(out, Difference{"plan: arm " + a.Name, "as planned", why, Refuses})
			}
		}
	}
	return out
}

// minor names the runtime and its minor version: patches are pooled, and what
// differs between them is in the spread between nodes.
func (r *Run) minor() string {
	parts := strings.SplitN(strings.TrimPrefix(r.Report.Host.Runtime.Version, "v"), ".", 3)
	return strings.TrimSpace(r.Report.Host.Runtime.Name + " " + strings.Join(parts[:min(2, len(parts))], "."))
}

func byRuntime(all []*Run) [][]*Run {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b *Run) int { return cmp.Compare(a.minor(), b.minor()) })
	var out [][]*Run
	for i, r := range sorted {
		if i == 0 || r.minor() != sorted[i-1].minor() {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r)
	}
	return out
}

// A joiner makes Nodes.
type joiner struct{ out *Nodes }

// add adds a footnote to a list of them, each once.
func (j *joiner) add(to []int, text string) []int {
	i := slices.Index(j.out.Notes, text)
	if i < 0 {
		i = len(j.out.Notes)
		j.out.Notes = append(j.out.Notes, text)
	}
	if slices.Contains(to, i) {
		return to
	}
	return append(to, i)
}

// group joins the runs of one runtime.
func (j *joiner) group(all []*Run) error {
	g := Group{Runtime: all[0].minor(), Baseline: all[0].Report.Baseline}
	for _, r := range all {
		// A runtime may have no shims, so totals are held against those of the same one.
		if err := refuse(all[0], r, meteredDifference(all[0], r)); err != nil {
			return err
		}
		hash := r.Report.Host.Fact("host.hostname_hash")
		i := slices.IndexFunc(g.Nodes, func(n Node) bool { return hash != "" && n.Hash == hash })
		if i < 0 {
			i = len(g.Nodes)
			g.Nodes = append(g.Nodes, Node{
				Name: r.Name, Hash: hash, CPU: r.Report.Host.Fact("host.cpu.model"), CPUs: cmp.Or(r.Report.Host.Fact("host.cpu.count"), r.Report.Host.Fact("host.cpus")),
				Memory: gibibytes(r), Kernel: cmp.Or(r.Report.Host.Fact("host.kernel.release"), r.Report.Host.Fact("host.kernel")),
			})
		} else {
			g.Nodes[i].Differences = append(g.Nodes[i].Differences, hostDifferences(g.Nodes[i].runs[0], r)...)
		}
		g.Without = append(g.Without, without(r)...)
		g.Nodes[i].Runs, g.Nodes[i].runs = append(g.Nodes[i].Runs, r.origin()), append(g.Nodes[i].runs, r)
	}
	for _, k := range effectsOf(all) {
		e, err := j.effect(k, g.Nodes)
		if err != nil {
			return fmt.Errorf("%s of %s in %s: %w", k.series, k.of, k.cell, err)
		}
		g.Effects = append(g.Effects, *e)
	}
	g.Arms = armVerdicts(g.Effects)
	j.out.Groups = append(j.out.Groups, g)
	return nil
}

// armVerdicts takes the worst verdict of the primary endpoints of each comparison.
func armVerdicts(effects []NodeEffect) []ArmVerdict {
	var out []ArmVerdict
	for _, e := range effects {
		if !e.Primary {
			continue
		}
		i := slices.IndexFunc(out, func(a ArmVerdict) bool { return a.Arm == e.Arm && a.To == e.To })
		if i < 0 {
			out = append(out, ArmVerdict{e.Arm, e.To, e.Verdict})
		} else {
			out[i].Verdict = judge.Together(out[i].Verdict, e.Verdict)
		}
	}
	return out
}
