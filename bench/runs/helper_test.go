package runs

import (
	"fmt"
	"slices"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/plan"
)

// nightly is a plan as a nightly job would have it, but with windows of one call.
const nightly = `
name: nightly
experiment: api
seed: 1
pods: [%s]
rounds: {min: %d, max: %d}
interval: 1s
window: 1s
warm_up: 0s
arms: [idle, cgroup, cri-pod-stats, cri-container-stats, cadvisor]
baseline: cadvisor
idle: idle
margin: 5%%
`

func planOf(t testing.TB, source string, args ...any) *plan.Plan {
	t.Helper()
	p, err := plan.Decode("nightly.yaml", fmt.Appendf(nil, source, args...), plan.Names{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// costs has what every arm really costs, times a factor by arm and component. Slow is
// a factor on all times, which is what a slower node is.
type costs struct {
	of   func(arm string, c bench.Component) float64
	slow float64
}

// made is a made-up run of ten rounds, without drift from round to round.
func made(p *plan.Plan, seed uint64, c costs) analysistest.Run {
	truth := make(map[string]analysistest.Truth)
	if c.slow == 0 {
		c.slow = 1
	}
	for i, a := range p.Arms {
		t := analysistest.Truth{
			CPU: make(map[bench.Component]analysistest.Line), PSS: make(map[bench.Component]analysistest.Line),
			Service: analysistest.Line{Fixed: 0.002 * c.slow, PerPod: 0.0001 * c.slow}, Bytes: analysistest.Line{PerPod: 900},
		}
		for _, part := range []bench.Component{bench.ComponentAgent, bench.ComponentRuntime, bench.ComponentShims} {
			factor := 1.0
			if c.of != nil {
				factor = c.of(a.Name, part)
			}
			t.CPU[part] = analysistest.Line{Fixed: 0.01 * float64(i+1) * factor * c.slow}
			t.PSS[part] = analysistest.Line{Fixed: 4e7 * factor}
		}
		truth[a.Name] = t
	}
	return analysistest.Run{Plan: p, Truth: truth, Noise: 0.03, Jitter: 0.05, Seed: seed}
}

// worse is a factor on what the runtime costs in one arm.
func worse(name string, factor float64) costs {
	return costs{of: func(arm string, c bench.Component) float64 {
		if arm == name && c == bench.ComponentRuntime {
			return factor
		}
		return 1
	}}
}

// runOf makes a run as from a real node; edit, if set, changes its records.
func runOf(t testing.TB, name string, run analysistest.Run, edit ...func(*analysis.Input)) *Run {
	t.Helper()
	in := run.Input()
	in.Host.Simulated = false
	in.Host.Runtime = analysis.Runtime{Name: "containerd", Version: "2.4.2"}
	for _, f := range edit {
		f(&in)
	}
	r, err := New(name, in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func compared(t testing.TB, old, new *Run, o Options) *Comparison {
	t.Helper()
	c, err := Compare(old, new, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// endpoint returns an endpoint of the first cell.
func endpoint(t testing.TB, c *Comparison, arm string, s analysis.Series) *Endpoint {
	t.Helper()
	i := slices.IndexFunc(c.Endpoints, func(e Endpoint) bool { return e.Arm == arm && e.Series == s && e.Over == "" })
	if i < 0 {
		t.Fatalf("%s of %s was not compared: %+v", s, arm, c.Unmatched)
	}
	return &c.Endpoints[i]
}

// setFact changes a fact of the host.
func setFact(name, value string) func(*analysis.Input) {
	return func(in *analysis.Input) {
		in.Host.Facts = slices.DeleteFunc(slices.Clone(in.Host.Facts), func(f analysis.Fact) bool { return f.Name == name })
		in.Host.Facts = append(in.Host.Facts, analysis.Fact{Name: name, Value: value})
	}
}
