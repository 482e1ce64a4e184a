package runs

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
)

// Every field of a plan and of an arm is compared, or there is a reason why not.
func TestNothingIsForgotten(t *testing.T) {
	f := func(of any, names []string, reasons map[string]string) {
		t.Helper()
		typ := reflect.TypeOf(of)
		for i := range typ.NumField() {
			name := typ.Field(i).Name
			key := strings.ToLower(strings.NewReplacer("WarmUp", "warm_up", "MaxDuration", "max_duration").Replace(name))
			compared := slices.ContainsFunc(names, func(n string) bool { return n == key || strings.HasPrefix(n, key+".") })
			if _, why := reasons[name]; compared == why {
				t.Errorf("%s.%s: compared %v, a reason why not %v", typ.Name(), name, compared, why)
			}
		}
	}
	var names []string
	for _, facts := range [][]planFact{planFacts(), verdictFacts()} {
		for _, fact := range facts {
			names = append(names, fact.name)
		}
	}
	f(plan.Plan{}, names, map[string]string{
		"Description": "text for readers", "Seed": "each night has its own", "Warnings": "not part of the plan",
		"Pods": "cells are matched", "ContainersPerPod": "cells are matched", "Profiles": "cells are matched",
		"Arms": "arms are matched", "Interval": "each arm has it", "Window": "each arm has it", "WarmUp": "each arm has it",
	})
	f(bench.Arm{}, []string{"collectors", "interval", "intervals", "window", "warm_up", "treatment", "clients"}, map[string]string{"Name": "arms are matched by it"})
}

func TestDifferences(t *testing.T) {
	base := func() *plan.Plan { return planOf(t, nightly, "10", 3, 3) }
	old := runOf(t, "old", made(base(), 1, costs{}), setFact("runtime.config", "[a]\n  image = \"127.0.0.1:123/x\"\n"))
	// refused is what stands in the error, listed what is told and does not stand in
	// the way.
	f := func(what string, edit func(*plan.Plan), host func(*analysis.Input), refused, listed string, weight Weight) {
		t.Helper()
		p := base()
		if edit != nil {
			edit(p)
		}
		if host == nil {
			host = func(*analysis.Input) {}
		}
		new := runOf(t, "new", made(p, 2, costs{}), setFact("runtime.config", "[a]\nimage = \"127.0.0.1:9/x\""), host)
		c, err := Compare(old, new, Options{})
		var different *DifferenceError
		switch {
		case refused != "":
			if !errors.As(err, &different) || !strings.Contains(err.Error(), refused) {
				t.Errorf("%s: %v, want an error with %q", what, err, refused)
			}
			if _, err := Compare(old, new, Options{Anyway: true}); err != nil {
				t.Errorf("%s, anyway: %v", what, err)
			}
		case err != nil:
			t.Errorf("%s: %v", what, err)
		case listed == "" && len(c.Differences) > 0:
			t.Errorf("%s: %v", what, c.Differences)
		case listed != "" && !slices.ContainsFunc(c.Differences, func(d Difference) bool { return d.String() == listed && d.Weight == weight }):
			t.Errorf("%s: %v, want %s %s", what, c.Differences, weight, listed)
		}
	}
	f("nothing", nil, nil, "", "", "")
	f("a seed", func(p *plan.Plan) { p.Seed = 99 }, nil, "", "", "")
	f("more rounds", func(p *plan.Plan) { p.Rounds = plan.Rounds{Min: 4, Max: 4} }, nil, "", "plan: rounds: 3 to 3, then 4 to 4", Tells)
	f("looser guards", func(p *plan.Plan) { p.Guards.Steal = 0.5 }, nil, "", "plan: guards: {Steal:0.005 Foreign:0.05 Harness:0.01 Lateness:0.1}, then {Steal:0.5 Foreign:0.05 Harness:0.01 Lateness:0.1}", Warns)
	f("another experiment", func(p *plan.Plan) { p.Experiment = "kubelet" }, nil, "plan: experiment: api, then kubelet", "", "")
	f("busier pods that do not run", func(p *plan.Plan) { p.Active.CPU = 1 }, nil, "", "", "")
	f("another kernel", nil, setFact("host.kernel", "6.13.0"), "", "host.kernel: 6.12.0, then 6.13.0", Warns)
	f("more CPUs", nil, setFact("host.cpus", "8"), "host.cpus: 2, then 8", "", "")
	f("another node", nil, setFact("host.hostname_hash", "abc"), "", "host.hostname_hash: not told, then abc", Warns)
	f("more memory", nil, setFact("host.memory.total_bytes", "8589934000"), "", "host.memory: not told, then 8 GiB", Warns)
	f("another harness", nil, func(in *analysis.Input) { in.Host.Version = "v9" }, "", "harness version: v0.0.0-test, then v9", Warns)
	f("another runtime", nil, func(in *analysis.Input) { in.Host.Runtime.Name = "cri-o" }, "", "runtime: containerd, then cri-o", Warns)
	f("another version of it", nil, func(in *analysis.Input) { in.Host.Runtime.Version = "2.4.3" }, "", "runtime version: 2.4.2, then 2.4.3", Tells)
	f("a config on another port", nil, setFact("runtime.config", "# of today\n[a]\n  image = \"127.0.0.1:456/x\"\n"), "", "", "")
	f("a config with another line", nil, setFact("runtime.config", "[a]\n  image = \"127.0.0.1:456/x\"\n  b = 2\n"), "", "runtime.config: not told, then b = 2", Warns)
	f("what a run has by itself", nil, setFact("host.load.1m", "3"), "", "", "")
}

// An arm that is not the same in two plans is not compared, and says so.
func TestArmDifference(t *testing.T) {
	p := planOf(t, nightly, "10", 3, 3)
	old := &Run{Name: "old", Plan: p}
	f := func(edit func(a *bench.Arm), want string) {
		t.Helper()
		other := *p
		other.Arms = slices.Clone(p.Arms)
		edit(&other.Arms[2])
		if got := armDifference(old, &Run{Name: "new", Plan: &other}, "cri-pod-stats"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(func(*bench.Arm) {}, "")
	f(func(a *bench.Arm) { a.Collectors = []string{"a", "b"} }, "collectors: cri-pod-stats, then a+b")
	f(func(a *bench.Arm) { a.Interval, a.Window = 2*time.Second, time.Minute }, "interval: 1s, then 2s; window: 1s, then 1m0s")
	f(func(a *bench.Arm) { a.WarmUp = time.Second }, "warm_up: 0s, then 1s")
	f(func(a *bench.Arm) { a.Treatment = "cri" }, "treatment: not told, then cri")
	f(func(a *bench.Arm) { a.Intervals = map[string]time.Duration{"b": time.Second, "a": 1} }, "intervals: map[], then map[a:1ns b:1s]")
	f(func(a *bench.Arm) { a.Name = "another" }, "")
}
