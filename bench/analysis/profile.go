package analysis

import (
	"cmp"
	"slices"

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
	Failed string         `json:"failed,omitempty"`
	Parts  []ProfiledPart `json:"parts,omitempty"`
	// Missing says what could not be read and why.
	Missing []string `json:"missing,omitempty"`
}

// A ProfiledPart is one component of a profile. What was not metered is nil.
type ProfiledPart struct {
	Component bench.Component `json:"component"`
	// User and System are CPU time in cores, with that of children that ended.
	User   float64 `json:"user_cores"`
	System float64 `json:"system_cores"`
	// ContextSwitches and Reads are per second.
	ContextSwitches *float64 `json:"context_switches_per_second,omitempty"`
	Reads           *float64 `json:"reads_per_second,omitempty"`
	// Started are the processes that it started, by program; nil where the kernel does not
	// tell.
	Started []Started `json:"started"`
	// CPU has functions by CPU time in seconds over the window, Allocated by memory in bytes.
	CPU       []record.HotFunction `json:"cpu,omitempty"`
	Allocated []record.HotFunction `json:"allocated,omitempty"`
	Files     []string             `json:"files,omitempty"`
}

// A Started is how often a component started a program.
type Started struct {
	Program string `json:"program"`
	Count   int    `json:"count"`
}

// profiles takes over what was profiled.
func (b *builder) profiles() {
	for i := range b.input.Profiles {
		p := &b.input.Profiles[i]
		out := Profile{Cell: p.Trial.Cell, Arm: p.Trial.Arm.Name, Seconds: p.Trial.Length.Seconds(), Containers: p.Trial.Containers, Missing: p.Missing}
		switch {
		case p.Trial.Unsupported != "":
			out.Failed = p.Trial.Unsupported
		case len(p.Parts) == 0 && len(p.Trial.Void) > 0:
			out.Failed = p.Trial.Void[0].Detail
		case out.Seconds <= 0:
			out.Failed = "nothing was measured"
		default:
			for _, a := range p.Trial.Agents {
				out.Calls += len(a.Calls) - a.Calls.Failed()
			}
			for _, part := range p.Parts {
				out.Parts = append(out.Parts, profiledPart(&part, &p.Trial))
			}
		}
		b.report.Profiles = append(b.report.Profiles, out)
	}
}

func profiledPart(p *record.ProfiledPart, t *bench.Trial) ProfiledPart {
	seconds := t.Length.Seconds()
	out := ProfiledPart{
		Component: p.Component, User: p.User / seconds, System: p.System / seconds,
		CPU: p.CPU, Allocated: p.Allocated, Files: p.Files,
	}
	rate := func(q bench.Quantity) *float64 {
		v, ok := t.Costs[p.Component][q]
		if !ok {
			return nil
		}
		v /= seconds
		return &v
	}
	out.ContextSwitches, out.Reads = rate(bench.ContextSwitches), rate(bench.ReadCalls)
	if p.Started == nil {
		return out
	}
	out.Started = []Started{}
	for program, count := range p.Started {
		out.Started = append(out.Started, Started{program, count})
	}
	slices.SortFunc(out.Started, func(a, b Started) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Program, b.Program))
	})
	return out
}
