package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/schedule"
)

const threeArms = `
seed: 7
pods: [10, 35]
rounds: 3
interval: 1s
window: 5s
warm_up: 1s
settle: 0s
arms: [idle, cadvisor, cri-pod-stats]
`

// TestOrder pins the order of one seed: a run must be continued in the order in
// which it was begun, also by a program built with a later Go.
func TestOrder(t *testing.T) {
	sim := simulate(example(t, threeArms))
	want := []string{
		"pods=10 idle/1 s0 r0 p0 idle a0",
		"pods=10 idle/1 s0 r0 p1 cri-pod-stats a0",
		"pods=10 idle/1 s0 r0 p2 cadvisor a0",
		"pods=10 idle/1 s0 r1 p0 idle a0",
		"pods=10 idle/1 s0 r1 p1 cadvisor a0",
		"pods=10 idle/1 s0 r1 p2 cri-pod-stats a0",
		"pods=10 idle/1 s0 r2 p0 cri-pod-stats a0",
		"pods=10 idle/1 s0 r2 p1 idle a0",
		"pods=10 idle/1 s0 r2 p2 cadvisor a0",
		"pods=35 idle/1 s0 r0 p0 idle a0",
		"pods=35 idle/1 s0 r0 p1 cadvisor a0",
		"pods=35 idle/1 s0 r0 p2 cri-pod-stats a0",
		"pods=35 idle/1 s0 r1 p0 cadvisor a0",
		"pods=35 idle/1 s0 r1 p1 cri-pod-stats a0",
		"pods=35 idle/1 s0 r1 p2 idle a0",
		"pods=35 idle/1 s0 r2 p0 cadvisor a0",
		"pods=35 idle/1 s0 r2 p1 cri-pod-stats a0",
		"pods=35 idle/1 s0 r2 p2 idle a0",
	}
	if diff := cmp.Diff(want, lines(sim.run())); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if want := "every cell has all its rounds"; sim.s.StopReason() != want {
		t.Errorf("stop reason %q, want %q", sim.s.StopReason(), want)
	}
}

// Under treatments of the runtime each round has every arm, those of one treatment next to
// each other; which treatment comes first, and the order inside, change from round to
// round.
func TestTreatmentBlocks(t *testing.T) {
	p := example(t, strings.Replace(threeArms, "pods: [10, 35]\nrounds: 3", "pods: 10\nrounds: 40\ntreatments: [old, new]", 1))
	first, inside := make(map[string]int), make(map[string]int)
	slots := simulate(p).run()
	if len(slots) != 40*6 {
		t.Fatalf("%d slots, want 240", len(slots))
	}
	for round := range slices.Chunk(slots, 6) {
		blocks := slices.CompactFunc(slices.Clone(round), func(a, b bench.Trial) bool { return a.Arm.Treatment == b.Arm.Treatment })
		if len(blocks) != 2 {
			t.Fatalf("round %d is %d blocks", round[0].Round, len(blocks))
		}
		first[round[0].Arm.Treatment]++
		inside[round[0].Arm.Collectors[0]]++
	}
	if first["old"] < 10 || first["new"] < 10 || len(inside) != 3 {
		t.Errorf("first treatments %v, first arms %v", first, inside)
	}
}

// TestPasses goes through the cells: profile and containers outermost, densities
// up and then down, rounds shared between the sweeps.
func TestPasses(t *testing.T) {
	p := example(t, `
pods: [35, 10]
containers_per_pod: [1, 3]
profiles: [idle, active]
sweep: up-down
rounds: 3
arms: [idle, cgroup]
`)
	var got []string
	for _, trial := range simulate(p).run() {
		visit := fmt.Sprintf("%s/%d s%d pods=%d", trial.Cell.Profile, trial.Cell.ContainersPerPod, trial.Sweep, trial.Cell.Pods)
		if trial.Position == 0 {
			visit += fmt.Sprintf(" r%d", trial.Round)
			got = append(got, visit)
		}
	}
	var want []string
	for _, group := range []string{"idle/1", "idle/3", "active/1", "active/3"} {
		for _, visit := range []string{
			"s0 pods=10 r0", "s0 pods=10 r1", "s0 pods=35 r0", "s0 pods=35 r1",
			"s1 pods=35 r0", "s1 pods=10 r0",
		} {
			want = append(want, group+" "+visit)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rounds (-want +got):\n%s", diff)
	}
}

// TestBalance looks at many rounds: each has each arm once, each seed has its own
// order, the same seed the same, and no arm prefers a place.
func TestBalance(t *testing.T) {
	const rounds = 600
	text := fmt.Sprintf("pods: [0, 1]\nrounds: %d\narms: [a, b, c, d, e]\n", rounds/2)
	p := example(t, text)
	p.Seed = 1
	trials := simulate(p).run()
	if again := simulate(p).run(); !slices.Equal(lines(trials), lines(again)) {
		t.Error("the same seed gives another order")
	}
	other := *p
	other.Seed = 2
	if slices.Equal(lines(trials), lines(simulate(&other).run())) {
		t.Error("another seed gives the same order")
	}

	places := map[string][]int{}
	var round []string
	for _, trial := range trials {
		if places[trial.Arm.Name] == nil {
			places[trial.Arm.Name] = make([]int, 5)
		}
		places[trial.Arm.Name][trial.Position]++
		if round = append(round, trial.Arm.Name); len(round) == 5 {
			slices.Sort(round)
			if !slices.Equal(round, []string{"a", "b", "c", "d", "e"}) {
				t.Fatalf("round %d at %s has the arms %v", trial.Round, trial.Cell, round)
			}
			round = nil
		}
	}
	// Each arm is expected 120 times in each place, with a standard deviation of 10.
	for arm, n := range places {
		for place, n := range n {
			if n < 120-40 || n > 120+40 {
				t.Errorf("arm %s is in place %d in %d of %d rounds", arm, place, n, rounds)
			}
		}
	}
}

func TestFates(t *testing.T) {
	void := func(t *bench.Trial) { t.Void = []bench.Void{{Reason: bench.VoidSteal}} }
	f := func(what string, retries int, fate func(*bench.Trial), want map[string]int, reason string) {
		t.Helper()
		p := example(t, threeArms)
		p.Retries = retries
		sim := simulate(p)
		sim.fate = fate
		got := map[string]int{}
		at := bench.Slot{Position: -1}
		for _, trial := range sim.run() {
			switch {
			case trial.Void != nil:
				got[trial.Arm.Name+" void"]++
			case trial.Unsupported != "":
				got[trial.Arm.Name+" unsupported"]++
			default:
				got[trial.Arm.Name]++
			}
			if trial.Position != 0 && trial.Position != at.Position+1 {
				t.Errorf("%s: %s comes after position %d", what, line(trial), at.Position)
			}
			if trial.Attempt > 0 && trial.Position < 3 && got["cadvisor unsupported"] == 0 {
				t.Errorf("%s: %s is not at the end of its round", what, line(trial))
			}
			at = trial.Slot
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: trials (-want +got):\n%s", what, diff)
		}
		if sim.s.StopReason() != reason {
			t.Errorf("%s: stop reason %q, want %q", what, sim.s.StopReason(), reason)
		}
	}
	all := "every cell has all its rounds"
	f("all well", 2, nil, map[string]int{"idle": 6, "cadvisor": 6, "cri-pod-stats": 6}, all)
	f("void once", 2, func(t *bench.Trial) {
		if t.Arm.Name == "cadvisor" && t.Attempt == 0 {
			void(t)
		}
	}, map[string]int{"idle": 6, "cadvisor": 6, "cadvisor void": 6, "cri-pod-stats": 6}, all)
	f("always void", 2, func(t *bench.Trial) {
		if t.Arm.Name == "cadvisor" {
			void(t)
		}
	}, map[string]int{"idle": 6, "cadvisor void": 18, "cri-pod-stats": 6}, all)
	f("no retries", 0, void, map[string]int{"idle void": 6, "cadvisor void": 6, "cri-pod-stats void": 6}, all)
	f("unsupported", 2, func(t *bench.Trial) {
		if t.Arm.Name == "cadvisor" {
			t.Unsupported = "no"
		}
	}, map[string]int{"idle": 6, "cadvisor unsupported": 1, "cri-pod-stats": 6}, all)
	f("void, then unsupported", 2, func(t *bench.Trial) {
		if t.Arm.Name == "cadvisor" && t.Attempt == 0 {
			void(t)
		} else if t.Arm.Name == "cadvisor" {
			t.Unsupported = "no"
		}
	}, map[string]int{"idle": 6, "cadvisor void": 1, "cadvisor unsupported": 1, "cri-pod-stats": 6}, all)
	f("nothing supported", 2, func(t *bench.Trial) { t.Unsupported = "no" },
		map[string]int{"idle unsupported": 1, "cadvisor unsupported": 1, "cri-pod-stats unsupported": 1}, "no arm is left that this node supports")
}

const looks = `
seed: 7
pods: [10, 35]
rounds: {min: 2, max: 6, every: 2}
interval: 1s
window: 5s
warm_up: 1s
settle: 0s
arms: [idle, cadvisor, cri-pod-stats]
comparisons: [{of: cri-pod-stats, to: cadvisor}]
`

// At each look but the last it is asked which arms are needed; the order of those that
// are is that of a run which needs all.
func TestLooks(t *testing.T) {
	p := example(t, looks)
	all := []string{"idle", "cadvisor", "cri-pod-stats"}
	var asked []string
	look := func(c bench.Cell, rounds int) []string {
		asked = append(asked, fmt.Sprintf("%d pods, %d rounds", c.Pods, rounds))
		switch {
		case c.Pods == 10 && rounds == 4:
			return nil
		case c.Pods == 35 && rounds == 2:
			return all[1:]
		}
		return all
	}
	run := func(s *schedule.Schedule) []bench.Trial {
		var out []bench.Trial
		for slot, ok := s.Next(); ok; slot, ok = s.Next() {
			trial := bench.Trial{Slot: slot, Length: slot.Arm.Window}
			s.Done(&trial)
			out = append(out, trial)
		}
		return out
	}
	s := schedule.New(p, schedule.Options{Look: look})
	trials := run(s)
	rounds := make(map[string]int)
	for _, trial := range trials {
		rounds[fmt.Sprintf("%d %s", trial.Cell.Pods, trial.Arm.Name)]++
	}
	// At the second look at 35 pods idle is asked for again: what was decided stays so.
	want := map[string]int{"10 idle": 4, "10 cadvisor": 4, "10 cri-pod-stats": 4, "35 idle": 2, "35 cadvisor": 6, "35 cri-pod-stats": 6}
	if diff := cmp.Diff(want, rounds); diff != "" {
		t.Errorf("rounds (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"10 pods, 2 rounds", "10 pods, 4 rounds", "35 pods, 2 rounds", "35 pods, 4 rounds"}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if want := "of 2 visits to a cell 1 had all rounds, 1 were decided"; s.StopReason() != want {
		t.Errorf("stop reason %q, want %q", s.StopReason(), want)
	}
	whole := run(schedule.New(p, schedule.Options{}))
	at := func(all []bench.Trial) (out []string) {
		for _, trial := range all {
			if trial.Cell.Pods == 35 && trial.Round == 3 && trial.Arm.Name != "idle" {
				out = append(out, trial.Arm.Name)
			}
		}
		return out
	}
	if diff := cmp.Diff(at(whole), at(trials)); diff != "" {
		t.Errorf("the order without the arm that was decided (-whole +got):\n%s", diff)
	}
	for n := range trials {
		again := schedule.New(p, schedule.Options{Look: look})
		if err := again.Skip(trials[:n]); err != nil {
			t.Fatalf("after %d trials: %v", n, err)
		}
		got := append(slices.Clone(trials[:n]), run(again)...)
		if diff := cmp.Diff(lines(trials), lines(got)); diff != "" {
			t.Fatalf("continued after %d trials (-want +got):\n%s", n, diff)
		}
	}
}

// TestSkip interrupts a run after each of its trials and continues it: what was
// run before and after is what an uninterrupted run would have had.
func TestSkip(t *testing.T) {
	fate := func(t *bench.Trial) {
		switch {
		case t.Arm.Name == "cri-pod-stats" && t.Round == 1 && t.Attempt < 2:
			t.Void = []bench.Void{{Reason: bench.VoidSteal}}
		case t.Arm.Name == "cgroup":
			t.Unsupported = "no"
		}
	}
	for _, more := range []string{"", "sweep: up-down\n", "mode: parallel\n", "max_duration: 200s\n"} {
		p := example(t, strings.ReplaceAll(threeArms, "rounds: 3", "rounds: {min: 2, max: 4}")+more)
		if p.Mode == plan.Turns {
			p.Arms = append(p.Arms, bench.Arm{Name: "cgroup", Collectors: []string{"cgroup"}, Interval: time.Second, Window: time.Second})
		}
		p.Settle = 0
		whole := simulate(p)
		whole.fate = fate
		want := whole.run()
		for n := range len(want) + 1 {
			sim := simulate(p)
			sim.fate = fate
			if err := sim.s.Skip(want[:n]); err != nil {
				t.Fatalf("%q: after %d of %d trials: %v", more, n, len(want), err)
			}
			got := append(slices.Clone(want[:n]), sim.run()...)
			if p.MaxDuration > 0 {
				// How many rounds follow depends on the clock; the one that was interrupted
				// goes on as it would have.
				for i := n; i < len(want) && want[i].Position > 0; i++ {
					if i == len(got) || line(got[i]) != line(want[i]) {
						t.Fatalf("%q: after %d of %d trials: (-want +got):\n%s", more, n, len(want), cmp.Diff(lines(want), lines(got)))
					}
				}
				continue
			}
			if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
				t.Errorf("%q: after %d of %d trials: (-want +got):\n%s", more, n, len(want), diff)
			}
		}
	}
}

func TestSkipRefuses(t *testing.T) {
	p := example(t, threeArms)
	done := simulate(p).run()
	f := func(p *plan.Plan, trials []bench.Trial, want string) {
		t.Helper()
		err := schedule.New(p, schedule.Options{}).Skip(trials)
		if err == nil || err.Error() != want {
			t.Errorf("Skip: error %v, want %s", err, want)
		}
	}
	slot := func(arm string, pods, round, position int) string {
		return fmt.Sprintf("arm %s at pods=%d containers=1 profile=idle, sweep 0, round %d, position %d, attempt 0", arm, pods, round, position)
	}
	const other = ": the trials belong to another plan or seed, or one is missing"
	without := func(i int) []bench.Trial { return slices.Delete(slices.Clone(done), i, i+1) }
	f(p, without(1), "continue after trial 1 of 17: the next one is "+slot("cadvisor", 10, 0, 2)+", but in the plan's order it is "+slot("cri-pod-stats", 10, 0, 1)+other)
	f(p, without(8), "continue after trial 8 of 17: the next one is "+slot("idle", 35, 0, 0)+", but in the plan's order it is "+slot("cadvisor", 10, 2, 2)+other)
	f(p, slices.Delete(slices.Clone(done), 6, 9), "continue after trial 6 of 15: the next one is "+slot("idle", 35, 0, 0)+
		", but pods=10 containers=1 profile=idle (sweep 0) has only 2 of at least 3 rounds: the trials belong to another plan, or some are missing")
	f(p, append(slices.Clone(done), done[0]), "continue after trial 18 of 19: "+slot("idle", 10, 0, 0)+" is there, but the plan has no further trial")
	reseeded := *p
	reseeded.Seed = 8
	f(&reseeded, done, "continue after trial 6 of 18: the next one is "+slot("cri-pod-stats", 10, 2, 0)+", but in the plan's order it is "+slot("cadvisor", 10, 2, 0)+other)
	longer := *p
	longer.Arms = slices.Clone(p.Arms)
	for i := range longer.Arms {
		longer.Arms[i].Window *= 2
	}
	f(&longer, done, "continue after trial 0 of 18: arm idle has other collectors or times in the plan")
}

// Trials stand where the plan's seed puts them, whichever of them are missing; those that do
// not are named.
func TestDisorder(t *testing.T) {
	p := example(t, threeArms)
	f := func(change func([]bench.Trial) []bench.Trial, want ...string) {
		t.Helper()
		got := schedule.Disorder(p, change(simulate(example(t, threeArms)).run()))
		for i := range got {
			got[i], _, _ = strings.Cut(strings.TrimPrefix(got[i], "the trial of "), ", attempt")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("disorder (-want +got):\n%s", diff)
		}
	}
	f(slices.Clone)
	f(func(all []bench.Trial) []bench.Trial { slices.Reverse(all); return all }) // lines may come in any order
	f(func(all []bench.Trial) []bench.Trial {
		all = slices.DeleteFunc(all, func(t bench.Trial) bool { return t.Arm.Name == "idle" })
		for i := range all {
			all[i].Position = i % 2 // those of an arm that is not supported have no place
		}
		return all
	})
	f(func(all []bench.Trial) []bench.Trial {
		all[0].Position, all[2].Position = 2, 0
		return all
	}, "cri-pod-stats at pods=10 containers=1 profile=idle, round 1", "idle at pods=10 containers=1 profile=idle, round 1")
	f(func(all []bench.Trial) []bench.Trial {
		all[1].Position = 0
		return all
	}, "cri-pod-stats at pods=10 containers=1 profile=idle, round 1")
	f(func(all []bench.Trial) []bench.Trial { // what is repeated comes last
		again := all[0]
		again.Attempt, again.Position, all[1].Position, all[2].Position = 1, 1, 2, 3
		return append(all, again)
	}, "cri-pod-stats at pods=10 containers=1 profile=idle, round 1")
	p.Seed++
	if got := schedule.Disorder(p, simulate(example(t, threeArms)).run()); len(got) < 4 {
		t.Errorf("of another seed's run %d trials are named", len(got))
	}
}
