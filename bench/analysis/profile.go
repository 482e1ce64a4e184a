package analysis

import (
	"cri-stats-bench/bench"
	"cri-stats-bench/bench/record"
)

// A Profile is what the parts of the node did in a trial of its own of one arm. No other
// figure of the report is made of it: who is profiled is slower.
type Profile struct {
	Cell bench.Cell `json:"cell"`
	Arm  string     `json:"arm"`
	// Seconds is how long the window was, Calls how many of all collectors were answered
	// inside, Containers how many ran.
	Seconds    float64 `json:"seconds"`
	Calls      int     `json:"calls"`
	Containers int     `json:"containers"`
	// Failed says why nothing was profiled; empty if something was.
	Failed string `json:"failed,omitempty"`
	// Parts and Costs are sums over the window, Missing is what could not be read and why.
	Parts   []record.ProfiledPart `json:"parts,omitempty"`
	Costs   bench.Costs           `json:"costs,omitempty"`
	Missing []string              `json:"missing,omitempty"`
}

// profiles takes over what was profiled.
func (in Input) profiles() []Profile {
	var out []Profile
	for _, p := range in.Profiles {
		t := p.Trial
		of := Profile{Cell: t.Cell, Arm: t.Arm.Name, Seconds: t.Length.Seconds(), Containers: t.Containers, Parts: p.Parts, Costs: t.Costs, Missing: p.Missing}
		for i := range t.Agents {
			of.Calls += len(t.Agents[i].Calls) - t.Agents[i].Calls.Failed()
		}
		switch {
		case t.Unsupported != "":
			of.Failed = t.Unsupported
		case len(p.Parts) == 0 && len(t.Void) > 0:
			of.Failed = t.Void[0].Detail
		case t.Length <= 0:
			of.Failed = "nothing was measured"
		}
		out = append(out, of)
	}
	return out
}
