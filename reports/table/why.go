package table

import (
	"fmt"
	"strconv"
	"time"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/reports/format"
)

// Where the sentences stand that a run is held against.
const (
	kep2371 = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/2371-cri-pod-container-stats"
	kep2040 = "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/2040-kubelet-cri"
)

// why says what asks for the measurement, and what made it.
func why(r *analysis.Report) Section {
	lines := []string{
		"Kubernetes moves pod and container stats from cAdvisor to the container runtime: the kubelet's feature gate PodAndContainerStatsFromCRI is beta in 1.37 and goes on by default in 1.38. KEP-2371 sets two service level indicators:",
		"“Minimal (< 2%) of performance hit between CPU and memory between CRI and kubelet (if previously using cAdvisor stats provider).”",
		"“Reduction of CPU and memory usage between kubelet and CRI (if previously using CRI stats provider).”",
		"KEP-2040 lists the risk “CRI stats performance may be worse compared to cadvisor” with the mitigation “Measure performance and share report with community”.",
	}
	if r.Experiment == "api" {
		lines = append(lines, "Those sentences are about kubelet and runtime together. The experiment api measures by itself each way of reading that a kubelet may take, and with it what their sum is made of.")
	}
	return Section{
		ID: "why", Heading: "Why, and who ran it", Background: true, Lines: lines,
		Facts: made(r),
		Links: []Link{
			{"KEP-2371, cAdvisor-less, CRI-full Container and Pod Stats", kep2371},
			{"KEP-2040, Kubelet CRI support", kep2040},
		},
	}
}

// made says who ran what, and when.
func made(r *analysis.Report) []Fact {
	facts := []Fact{
		{"run by", "not on record: whoever publishes this says who they are, and what they have to gain from the result"},
	}
	if !r.First.IsZero() {
		facts = append(facts, Fact{"run", fmt.Sprintf("%s to %s UTC", r.First.UTC().Format(time.DateTime), r.Last.UTC().Format(time.DateTime))})
	}
	if r.End != "" {
		facts = append(facts, Fact{"over because", r.End})
	}
	for _, f := range []struct{ label, name string }{
		{"revision", "host.harness.revision"}, {"differs from the revision", "host.harness.modified"}, {"built with", "host.harness.go_version"},
	} {
		if v := r.Host.Fact(f.name); v != "" {
			facts = append(facts, Fact{f.label, format.Shorten(v, 80)})
		}
	}
	return facts
}

// reproduce says how to get these numbers again.
func reproduce(r *analysis.Report) Section {
	version := r.Host.Version
	if version == "" {
		version = "unknown"
	}
	mode := r.Mode
	if mode == "" {
		mode = plan.Turns
	}
	s := Section{
		ID: "reproduce", Heading: "How to reproduce", Background: true,
		Lines: []string{
			"plan.json beside trials.jsonl is a plan file: run it with the same version on a node of the same kind. The same records give the same report, byte by byte, on any machine.",
			"Each line of trials.jsonl has a checksum; a damaged line is named and never used. A run of another node is a contribution: publish its whole folder.",
		},
		Listings: []Listing{{Text: "cri-stats-bench run --plan plan.json\ncri-stats-bench report --format text DIR"}},
		Facts: []Fact{
			{"plan", r.Name}, {"plan hash", r.Hash}, {"seed", strconv.FormatUint(r.Seed, 10)},
			{"mode", string(mode)}, {"version", version},
		},
	}
	if d := r.Last.Sub(r.First); d > 0 {
		s.Facts = append(s.Facts, Fact{"took", d.Round(time.Second).String() + " between the first and the last window"})
	}
	return s
}
