package analysis

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

// A Mode is who makes the stats of pods on a node, and who else works for them. It
// follows from the runtime, the gate PodAndContainerStatsFromCRI and the version of
// the kubelet (pkg/kubelet/cadvisor/util.go, UsingLegacyCadvisorStats; the pull
// request kubernetes/kubernetes#140429 for the difference of 1.37).
type Mode string

// The modes.
const (
	// ModeA, legacy cAdvisor: CRI-O with the gate off.
	ModeA Mode = "A"
	// ModeB, partial CRI: containerd with the gate off. The kubelet asks the runtime
	// and cAdvisor, and joins the answers.
	ModeB Mode = "B"
	// ModeC, CRI with cAdvisor still at work: the gate on before kubelet 1.37, whose
	// cAdvisor keeps house of all containers although nobody reads what it finds.
	ModeC Mode = "C"
	// ModeD, CRI alone: the gate on from kubelet 1.37 on.
	ModeD Mode = "D"
)

// String says what the mode is, in a few words.
func (m Mode) String() string {
	switch m {
	case ModeA:
		return "A (cAdvisor alone)"
	case ModeB:
		return "B (partial CRI: CRI and cAdvisor at once)"
	case ModeC:
		return "C (CRI, and cAdvisor's housekeeping goes on)"
	case ModeD:
		return "D (CRI alone)"
	}
	return "unknown"
}

// A KubeletInfo is what host.json says of the kubelet.
type KubeletInfo struct {
	Version string `json:"version,omitempty"`
	// Provider is what it said in kubelet_metrics_provider, which it has from 1.37 on.
	Provider string `json:"provider,omitempty"`
}

// criOnly is the first minor version whose cAdvisor rests with the gate on.
const criOnly = 37

// restsCadvisor says whether the kubelet is one that does not run cAdvisor's
// housekeeping with the gate on; known is false where it cannot be told.
func (k KubeletInfo) restsCadvisor() (rests, known bool) {
	if k.Provider != "" {
		return true, true
	}
	major, rest, _ := strings.Cut(strings.TrimPrefix(k.Version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(minor)
	if major != "1" || err != nil {
		return false, false
	}
	return n >= criOnly, true
}

// modeOf returns the mode of a node in a state, "" where it cannot be told.
func (h HostInfo) modeOf(state string) Mode {
	runtime := strings.ReplaceAll(strings.ToLower(h.Runtime.Name), "-", "")
	switch state {
	case bench.GateOff:
		switch {
		case runtime == "crio":
			return ModeA
		case runtime != "":
			return ModeB
		}
	case bench.GateOn:
		switch rests, known := h.Kubelet.restsCadvisor(); {
		case known && rests:
			return ModeD
		case known:
			return ModeC
		}
	}
	return ""
}

// PlanName returns what the plan calls an arm of the report: its name without the
// mode that [Input.Analyze] puts in front.
func (k *KubeletReport) PlanName(arm string) string {
	if k == nil || k.Modes[arm] == "" {
		return arm
	}
	return strings.TrimPrefix(arm, string(k.Modes[arm])+".")
}

// labelled returns the input with the mode in front of the name of each arm whose
// mode is known, "B.gate-off", so that every table and figure names it. The plan and
// the records stay as they are.
func (in Input) labelled() (Input, map[string]Mode) {
	modes := make(map[string]Mode)
	for _, a := range in.Plan.Arms {
		if mode := in.Host.modeOf(a.Treatment); mode != "" {
			modes[a.Name] = mode
		}
	}
	for _, t := range in.Trials {
		if mode := in.Host.modeOf(t.State); mode != "" && t.Arm.Treatment == "" {
			modes[t.Arm.Name] = mode
		}
	}
	name := func(arm string) string {
		if mode := modes[arm]; mode != "" {
			return string(mode) + "." + arm
		}
		return arm
	}
	p := *in.Plan
	p.Baseline, p.Idle = name(p.Baseline), name(p.Idle)
	p.Comparisons, p.Also = renamed(p.Comparisons, name), renamed(p.Also, name)
	p.Arms = slices.Clone(p.Arms)
	for i := range p.Arms {
		p.Arms[i].Name = name(p.Arms[i].Name)
	}
	in.Plan = &p
	in.Trials = slices.Clone(in.Trials)
	for i := range in.Trials {
		in.Trials[i].Arm.Name = name(in.Trials[i].Arm.Name)
	}
	out := make(map[string]Mode)
	for _, arm := range slices.Sorted(maps.Keys(modes)) {
		out[name(arm)] = modes[arm]
	}
	return in, out
}

func renamed(all []plan.Comparison, name func(string) string) []plan.Comparison {
	out := slices.Clone(all)
	for i := range out {
		out[i].Of, out[i].To = name(out[i].Of), name(out[i].To)
	}
	return out
}
