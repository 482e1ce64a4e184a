package plan_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/plan"
)

// catalog has the names that the program's own catalog has.
var catalog = plan.Names{
	Collectors: []bench.CollectorSpec{
		{Name: "idle"}, {Name: "cgroup"}, {Name: "cri-version"},
		{Name: "cri-container-stats"}, {Name: "cri-pod-stats"}, {Name: "cri-pod-metrics"},
		{Name: "cri-stream-container-stats"}, {Name: "cri-stream-pod-stats"}, {Name: "cri-stream-pod-metrics"},
		{Name: "control"}, {Name: "cadvisor", OwnClock: true}, {Name: "cadvisor-1s", OwnClock: true}, {Name: "cadvisor-metrics", OwnClock: true},
		{Name: "cadvisor-ondemand"}, {Name: "cri-v1alpha2-container-stats"}, {Name: "cri-v1alpha2-pod-stats"},
		{Name: "kubelet-summary", OwnClock: true}, {Name: "kubelet-resource", OwnClock: true}, {Name: "kubelet-cadvisor", OwnClock: true},
	},
	Profiles:   []string{"idle", "active", "files", bench.ProfileExited, bench.ProfileNested, bench.ProfileNetworked, bench.ProfileImage, bench.ProfileChurn},
	Treatments: []string{bench.GateOff, bench.GateOn},
}

const s = time.Second

type duration = time.Duration

func TestDecode(t *testing.T) {
	f := func(in string, want plan.Plan) {
		t.Helper()
		got, err := plan.Decode("some/dir/mine.yaml", []byte(in), catalog)
		if err != nil {
			t.Fatalf("Decode: %v", err)
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("Decode(%s): diff (-want +got):\n%s", in, diff)
		}
	}
	arm := func(name string, interval, window, warmUp time.Duration) bench.Arm {
		return bench.Arm{Name: name, Collectors: strings.Split(name, "+"), Interval: interval, Window: window, WarmUp: warmUp}
	}
	usual := plan.Plan{
		Name: "mine", Experiment: "api", Mode: plan.Turns,
		Pods: []int{10}, ContainersPerPod: []int{1}, Profiles: []string{"idle"}, Sweep: plan.Up,
		Rounds: plan.Rounds{Min: 10, Max: 10}, Interval: 10 * s, Window: 120 * s, WarmUp: 40 * s, Timeout: 30 * s,
		Margin: 0.02, Guards: bench.Limits{Steal: 0.005, Foreign: 0.05, Harness: 0.01, Lateness: 0.1}, Truth: agreement.Required, Retries: 2, Settle: 10 * s,
		Active: plan.Active{CPU: 0.01, Memory: 16 << 20},
	}

	least := usual
	least.Arms = []bench.Arm{arm("cgroup", 10*s, 120*s, 40*s)}
	f("pods: 10\narms: cgroup\n", least)

	full := plan.Plan{
		Name: "all-keys", Description: "two\nlines", Experiment: "api", Seed: 1<<64 - 1, Mode: plan.Turns,
		Pods: []int{0, 10, 35}, ContainersPerPod: []int{1, 3}, Profiles: []string{"active", "idle"}, Sweep: plan.UpDown,
		Rounds: plan.Rounds{Min: 3, Max: 5}, Interval: s, Window: 5 * s, WarmUp: s, Timeout: 2 * s,
		Arms: []bench.Arm{
			arm("idle", s, 5*s, s),
			arm("cgroup+cri-pod-stats", s, 5*s, s),
			{Name: "slow", Collectors: []string{"cadvisor", "cri-pod-stats"}, Interval: 2 * s, Window: 20 * s, WarmUp: 0},
			arm("cri-pod-metrics", 5*s, 5*s, 5*s),
			{Name: "cri-pod-metrics-again", Collectors: []string{"cri-pod-metrics"}, Interval: 5 * s, Window: 5 * s, WarmUp: 5 * s},
			arm("cri-version", s, 5*s, s),
		},
		Baseline: "slow", Idle: "idle", Margin: 0.05,
		Comparisons: []plan.Comparison{{Of: "cgroup+cri-pod-stats", To: "idle", Says: "nothing"}},
		Also:        []plan.Comparison{{Of: "cri-version", To: "cgroup+cri-pod-stats"}, {Of: "cri-pod-metrics-again", To: "cri-pod-metrics"}},
		Guards:      bench.Limits{Steal: 0.02, Foreign: 0.1, Harness: 0.01, Lateness: 0.5}, Truth: plan.TruthOff,
		Retries: 0, MaxDuration: 10 * time.Hour, Settle: 0, Active: plan.Active{CPU: 0.25, Memory: 1 << 30},
	}
	f(`
name: "all-keys"
description: |
  two
  lines
experiment: api
seed: 18446744073709551615
mode: turns
pods: [35, 0, 10]       # in any order
containers_per_pod: [1, 3]
profiles: [active, idle]
sweep: up-down
rounds: {min: 3, max: 5}
interval: 1s
window: 5s
warm_up: 1s
timeout: 2s
arms:
  - idle
  - cgroup+cri-pod-stats
  - name: slow
    collectors: [cadvisor, cri-pod-stats]
    interval: 2s
    window: 20s
    warm_up: 0s
  - {name: cri-pod-metrics, interval: 5s, window: 5s, warm_up: 5s}
  - {name: cri-pod-metrics-again, collectors: cri-pod-metrics, interval: 5s, window: 5s, warm_up: 5s}
  - {collectors: [cri-version]}
baseline: slow
idle: idle
comparisons: [{of: cgroup+cri-pod-stats, to: idle, says: nothing}]
also: [{of: cri-version, to: cgroup+cri-pod-stats}, {of: cri-pod-metrics-again, to: cri-pod-metrics}]
margin: 5 %
guards: {steal: 2%, foreign_cpu: 0.1, lateness: "50%"}
truth: off
retries: 0
max_duration: 10h
settle: 0
active: {cpu: 250m, memory: 1Gi}
`, full)

	// The baseline and the idle arm have usual names.
	named := usual
	named.Rounds = plan.Rounds{Min: 7, Max: 7}
	named.Arms = []bench.Arm{arm("cadvisor", 10*s, 120*s, 40*s), arm("idle", 10*s, 120*s, 40*s)}
	named.Baseline, named.Idle = "cadvisor", "idle"
	f("pods: [10]\nrounds: 7\narms: [cadvisor, idle]\n", named)

	named.Baseline, named.Idle = "idle", ""
	f("pods: [10]\nrounds: 7\narms: [cadvisor, idle]\nbaseline: idle\n", named)

	parallel := usual
	parallel.Mode = plan.Parallel
	parallel.Rounds = plan.Rounds{Min: 10, Max: 40}
	parallel.Arms = []bench.Arm{{
		Name: "parallel", Collectors: []string{"cadvisor", "cri-pod-stats", "cgroup"},
		Interval: 10 * s, Window: 120 * s, WarmUp: 40 * s,
	}}
	f("pods: [10]\nmode: parallel\nrounds: {max: 40}\narms: [cadvisor+cri-pod-stats, cri-pod-stats, {name: cgroup, window: 2m}]\n", parallel)

	// JSON is YAML.
	f(`{"pods": [10], "arms": ["cgroup"]}`, least)
}

// TestDecodeErrors shows every message of the package; all of one file come at
// once.
func TestDecodeErrors(t *testing.T) {
	f := func(in string, want ...string) {
		t.Helper()
		p, err := plan.Decode("p.yaml", []byte(in), catalog)
		if p != nil || err == nil {
			t.Fatalf("Decode(%s): no error", in)
		}
		if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
			t.Errorf("Decode(%s): diff (-want +got):\n%s", in, diff)
		}
		var at *plan.Error
		if !errors.As(err, &at) || at.File != "p.yaml" || at.Line < 1 || at.Col < 1 {
			t.Errorf("Decode(%s): no *Error with a place in %#v", in, err)
		}
	}
	ok := "pods: [10]\narms: [cgroup]\n"

	// Many at once, each with its place.
	f(`
windw: 60
interval: 5
pods: [10, 35, 10]
profiles: [idel]
arms:
  - cri-pods-stats
  - pod-metrics
  - cadvisor+nothing-like-it
  - name: slow
    colectors: [cadvisor]
    window: 7
baseline: cadviser
`,
		`p.yaml:2:1: unknown key "windw" (did you mean "window"?)`,
		`p.yaml:3:11: interval: duration 5 needs a unit, e.g. "5s"`,
		`p.yaml:4:16: pods[2]: 10 stands twice`,
		`p.yaml:5:12: unknown profile "idel" (did you mean "idle"?)`,
		`p.yaml:7:5: unknown collector "cri-pods-stats" (did you mean "cri-pod-stats"?)`,
		`p.yaml:8:5: unknown collector "pod-metrics" (did you mean "cri-pod-metrics"?)`,
		`p.yaml:9:5: unknown collector "nothing-like-it" (known: idle, cgroup, cri-version, cri-container-stats, cri-pod-stats, cri-pod-metrics, `+
			`cri-stream-container-stats, cri-stream-pod-stats, cri-stream-pod-metrics, control, cadvisor, cadvisor-1s, cadvisor-metrics, cadvisor-ondemand, cri-v1alpha2-container-stats, cri-v1alpha2-pod-stats, kubelet-summary, kubelet-resource, kubelet-cadvisor)`,
		`p.yaml:10:5: unknown collector "slow" (known: idle, cgroup, cri-version, cri-container-stats, cri-pod-stats, cri-pod-metrics, `+
			`cri-stream-container-stats, cri-stream-pod-stats, cri-stream-pod-metrics, control, cadvisor, cadvisor-1s, cadvisor-metrics, cadvisor-ondemand, cri-v1alpha2-container-stats, cri-v1alpha2-pod-stats, kubelet-summary, kubelet-resource, kubelet-cadvisor)`,
		`p.yaml:11:5: unknown key "colectors" (did you mean "collectors"?)`,
		`p.yaml:12:13: arms[3].window: duration 7 needs a unit, e.g. "7s"`,
		`p.yaml:13:11: baseline "cadviser" is not among the arms (known: cri-pods-stats, pod-metrics, cadvisor+nothing-like-it, slow)`,
	)

	// What is not there.
	f("", `p.yaml:1:1: the plan is empty`)
	f("# only this\n", `p.yaml:1:1: the plan is empty`)
	f("name: x", `p.yaml:1:1: the plan has no pods: name at least one density`, `p.yaml:1:1: the plan has no arms`)
	f("pods: []\narms:\n", `p.yaml:1:7: pods is an empty list`, `p.yaml:2:1: "arms" has no value`)

	// What is not a plan.
	f("just text", `p.yaml:1:1: a plan must be a mapping of keys to values, is "just text"`)
	f("- a\n", `p.yaml:1:1: a plan must be a mapping of keys to values, is a list`)
	f("pods: [10\n", `p.yaml:1:7: sequence end token ']' not found`)
	f(ok+"---\n"+ok, `p.yaml:3:1: 2 documents in one file, a plan is one`)
	f(ok+"pods: [35]\n", `p.yaml:3:1: key "pods" stands twice, first on line 1`)
	f("pods: &x [10]\narms: *x\n",
		`p.yaml:1:7: pods: anchors, aliases and tags are not accepted in a plan; write the value out`,
		`p.yaml:2:7: arms: anchors, aliases and tags are not accepted in a plan; write the value out`)
	f(ok+"<<: {seed: 1}\n", `p.yaml:3:1: unknown key "<<" (known: name, description, experiment, hypothesis, seed, mode, pods, containers_per_pod, profiles, sweep, rounds, precision, slices, `+
		`interval, window, warm_up, timeout, treatments, arms, sums, baseline, idle, comparisons, also, margin, guards, truth, retries, max_duration, settle, active, churn, kubelet)`)

	// Values of the wrong kind or out of range.
	f(ok+"name: [a]\n", `p.yaml:3:7: name must be text, is a list`)
	f(ok+"name: 5\n", `p.yaml:3:7: name must be text, is "5"`)
	f(ok+"name: ''\n", `p.yaml:3:7: name is empty`)
	f(ok+"experiment: kublet\n", `p.yaml:3:13: unknown experiment "kublet" (did you mean "kubelet"?)`)
	f(ok+"seed: -1\n", `p.yaml:3:7: seed must be a whole number from 0 to 2^64-1, is "-1"`)
	f(ok+"mode: both\n", `p.yaml:3:7: unknown mode "both" (known: turns, parallel)`)
	f(ok+"sweep: updown\n", `p.yaml:3:8: unknown sweep "updown" (did you mean "up-down"?)`)
	f("pods: ['10', 3.5, -1]\narms: [cgroup]\n",
		`p.yaml:1:8: pods[0] must be a whole number, is "10"`,
		`p.yaml:1:14: pods[1] must be a whole number, is "3.5"`,
		`p.yaml:1:19: pods[2] is -1, must be from 0 to 10000`)
	f(ok+"containers_per_pod: 0\n", `p.yaml:3:21: containers_per_pod[0] is 0, must be from 1 to 100`)
	f(ok+"timeout: 5 s\n", `p.yaml:3:10: timeout must be a duration like "10s" or "1h30m", is "5 s"`)
	f(ok+"timeout: 0s\n", `p.yaml:3:10: timeout is 0s, must be at least 1ms`)
	f(ok+"timeout: {s: 5}\n", `p.yaml:3:10: timeout must be a duration like "10s" or "1h30m", is a mapping`)
	f(ok+"settle: 1.5\n", `p.yaml:3:9: settle: duration 1.5 needs a unit, e.g. "1.5s"`)
	f(ok+"settle: 1000h\n", `p.yaml:3:9: settle is 1000h0m0s, must be at most 744h0m0s`)
	f(ok+"warm_up: -10s\n", `p.yaml:3:10: warm_up is negative: -10s`)
	f(ok+"margin: 2\n", `p.yaml:3:9: margin is 2, must be at most 1 (100 %)`)
	f(ok+"margin: -2%\n", `p.yaml:3:9: margin is negative: -2%`)
	f(ok+"margin: much\n", `p.yaml:3:9: margin must be a fraction like 0.02 or "2%", is "much"`)
	f(ok+"margin: .nan\n", `p.yaml:3:9: margin must be a fraction like 0.02 or "2%", is ".nan"`)
	f(ok+"truth: everthing\n", `p.yaml:3:8: unknown rule of truth "everthing" (did you mean "everything"?)`)
	f(ok+"guards: {steel: 1%}\n", `p.yaml:3:10: unknown key "steel" (did you mean "steal"?)`)
	f(ok+"guards: 1%\n", `p.yaml:3:9: guards must be a mapping of keys to values, is "1%"`)
	f(ok+"active: {cpu: lots, memory: 16MB}\n",
		`p.yaml:3:15: active.cpu must be a quantity like 0.01 or 10m, is "lots"`,
		`p.yaml:3:29: active.memory must be a quantity like 16Mi, is "16MB"`)
	f(ok+"active: {cpu: -1, memory: 9000Gi}\n",
		`p.yaml:3:15: active.cpu is -1, must be from 0 to 1`,
		`p.yaml:3:27: active.memory is 9000Gi, must be from 0 to 1.099511627776e+12`)
	f(ok+"rounds: some\n", `p.yaml:3:9: rounds must be a mapping of keys to values, is "some"`)

	// Arms.
	f("pods: 10\narms: [5]\n", `p.yaml:2:8: arms[0] must be a name or a mapping, is "5"`)
	f("pods: 10\narms: [{window: 120s}]\n", `p.yaml:2:8: arms[0] has neither a name nor collectors`)
	f("pods: 10\narms: [{name: a b, collectors: cgroup}]\n", `p.yaml:2:15: arm "a b": a name has letters, digits and . _ + - only`)
	f("pods: 10\narms: [cgroup+]\n", `p.yaml:2:8: collector "" of arm "cgroup+": a name has letters, digits and . _ - only`)
	f("pods: 10\narms: [cgroup, cgroup]\n", `p.yaml:2:16: arm "cgroup" stands twice`)
	f("pods: 10\narms: [cgroup+cgroup]\n", `p.yaml:2:8: arm "cgroup+cgroup" has collector "cgroup" twice`)

	// Contradictions.
	f(ok+"window: 5s\n", `p.yaml:3:9: window 5s is shorter than interval 10s: no call would fit`)
	f(ok+"interval: 7s\n",
		`p.yaml:3:11: window 2m0s is not a multiple of interval 7s`)
	f("pods: 10\narms: [idle, cgroup]\nwindow: 15s\n", `p.yaml:3:9: window 15s is not a multiple of interval 10s`)
	f("pods: 10\narms: [{name: cgroup, interval: 50s}]\n",
		`p.yaml:2:33: arm "cgroup": window 2m0s is not a multiple of interval 50s`)
	f(ok+"baseline: idle\n", `p.yaml:3:11: baseline "idle" is not among the arms (known: cgroup)`)
	f(ok+"idle: cgrup\n", `p.yaml:3:7: idle "cgrup" is not among the arms (did you mean "cgroup"?)`)
	f(ok+"idle: cgroup\nbaseline: cgroup\n", `p.yaml:4:11: baseline and idle are the same arm "cgroup"`)
	f(ok+"rounds: {min: 5, max: 3}\n", `p.yaml:3:23: rounds.max 3 is less than rounds.min 5`)
	f(ok+"precision: 1%\n", `p.yaml:3:12: precision is no key of a plan any more: looks (rounds.every) have taken its place`)
	f(ok+"slices: {calls: 2}\n", `p.yaml:3:9: slices is no key of a plan any more: arms are compared in equal windows, one in each round`)
	f(ok+"rounds: {min: 3, max: 9, every: 3}\n", `p.yaml:3:33: rounds.every 3: the plan has no comparisons to be decided`)
	two := "pods: 10\narms: [idle, {name: cgroup, window: 60s}, cri-pod-stats]\n"
	f(two+"comparisons: [{of: cgrup, to: idle}, {of: cri-pod-stats, to: cgroup}, {of: idle, to: idle}, {of: idle}, idle]\n",
		`p.yaml:3:20: comparisons[0].of "cgrup" is not among the arms (did you mean "cgroup"?)`,
		`p.yaml:3:38: comparisons[1]: windows must be equal: "cri-pod-stats" has 2m0s after 40s, "cgroup" has 1m0s after 40s`,
		`p.yaml:3:71: comparisons[2] compares arm "idle" with itself`,
		`p.yaml:3:93: comparisons[3] has no to`,
		`p.yaml:3:105: comparisons[4] must be a mapping like {of: cri, to: today}, is "idle"`)
	f(two+"rounds: {min: 4, max: 4, every: 2}\nsweep: up-down\ncomparisons: [{of: cri-pod-stats, to: idle}]\n",
		`p.yaml:3:33: rounds.every 2: there is nothing to look at between rounds.min and rounds.max, both 4`)
	f(two+"rounds: {min: 4, max: 8, every: 2}\nsweep: up-down\ncomparisons: [{of: cri-pod-stats, to: idle}]\n",
		`p.yaml:3:33: rounds.every 2: a sweep up-down has half of its rounds at the end, and cannot be looked at before`)
	f(ok+"max_duration: 20m\n", `p.yaml:3:15: max_duration 20m0s is too short: 10 rounds of at least 2m40s each take 0.444 hours`)
	f("pods: 10\narms: [cadvisor, {name: cgroup, window: 60s}]\nmode: parallel\nbaseline: cadvisor\n",
		`p.yaml:2:41: mode parallel runs all collectors in one arm: window 1m0s of arm "cgroup" contradicts the plan's 2m0s`,
		`p.yaml:4:11: mode parallel has one arm only: there is no arm to be the baseline`)
}

func TestDecodeWarnings(t *testing.T) {
	f := func(in string, want ...string) {
		t.Helper()
		p, err := plan.Decode("p.yaml", []byte(in), catalog)
		if err != nil {
			t.Fatalf("Decode(%s): %v", in, err)
		}
		var got []string
		for _, w := range p.Warnings {
			got = append(got, w.Error())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Decode(%s): warnings (-want +got):\n%s", in, diff)
		}
	}
	f("pods: 10\narms: [cadvisor]\n")
	f("pods: 10\nwindow: 10s\narms: [cgroup+cadvisor, cgroup, {name: cadvisor-1s, window: 20s}]\nbaseline: cgroup\n",
		`p.yaml:3:8: arm "cgroup+cadvisor": window 10s is shorter than 15s, but cadvisor works on a clock of its own: part of its cost may fall outside`,
		`p.yaml:3:33: arm "cadvisor-1s" is compared with nothing: its windows are not those of the baseline "cgroup", and no comparison names it`)
	f("pods: 10\narms: [cgroup, cri-pod-stats]\n", `p.yaml:1:1: no baseline: arms will not be compared (arms: cgroup, cri-pod-stats)`)
}

// TestDecodeAnyNames reads a plan as somebody does who has no catalog.
func TestDecodeAnyNames(t *testing.T) {
	p, err := plan.Decode("plan.json", []byte("pods: 10\nprofiles: churn\narms: [from-the-future]\n"), plan.Names{})
	if err != nil || p.Arms[0].Name != "from-the-future" || p.Profiles[0] != "churn" {
		t.Errorf("Decode without names: %v, error %v", p, err)
	}
}

func TestDecodeTooLarge(t *testing.T) {
	if _, err := plan.Decode("p.yaml", make([]byte, 2<<20), catalog); err == nil || err.Error() != "read plan p.yaml: larger than 65536 bytes" {
		t.Errorf("Decode of 2 MiB: error %v", err)
	}
}

// roundTrip writes a plan and reads it again as plan.json.
func roundTrip(t *testing.T, p *plan.Plan) {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	again, err := plan.Decode("plan.json", data, catalog)
	if err != nil {
		t.Fatalf("Decode(%s): %v", data, err)
	}
	if diff := cmp.Diff(p, again, cmpopts.IgnoreFields(plan.Plan{}, "Warnings")); diff != "" {
		t.Errorf("after a round trip (-before +after):\n%s", diff)
	}
	hash, err := p.Hash()
	if err != nil {
		t.Fatal(err)
	}
	if h, err := again.Hash(); err != nil || h != hash || len(h) != 64 {
		t.Errorf("hash after a round trip %s, error %v, want %s", h, err, hash)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range plan.Presets() {
		data, err := plan.Preset(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, in := range []string{
		"", "a", "- a", "pods: 10\narms: cgroup", "pods: [1, 2\n", "? a\n: b", "a: &x [*x]", "a: |\n b", "{", "pods: 10\nmode: parallel\narms: [idle+cgroup, {name: x}]",
		"pods: 10\nrounds: {min: 2, max: 6, every: 2}\narms: [idle, cgroup, cadvisor]\ncomparisons: [{of: cgroup, to: cadvisor, says: x}]\nalso: [{of: idle, to: cgroup}]\n",
		"pods: 10\narms: [idle, cgroup]\nbaseline: idle\n",
		"pods: 10\narms: [cgroup]\nmargin: 1e-9\nactive: {cpu: 3m, memory: 1k}\nseed: 7",
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := plan.Decode("fuzz.yaml", data, catalog)
		if err == nil {
			roundTrip(t, p)
		}
	})
}
