package schedule_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/schedule"
)

const sliced = `
seed: 7
pods: 10
rounds: 2
slices: {calls: 2, cycles: 3, interval: 500ms}
interval: 1s
window: 5s
warm_up: 1s
settle: 0s
arms: [idle, cgroup, cri-pod-stats, {name: cadvisor, slice: false}]
`

// brief is the order of a run in few words: a trial of its own by its arm, a block
// by its cycles, "[a b c|b c a]", both with their attempt where it is not 0.
func brief(trials []bench.Trial) string {
	var out strings.Builder
	for i, t := range trials {
		arm := t.Arm.Name
		if t.Attempt > 0 {
			arm += fmt.Sprintf("/%d", t.Attempt)
		}
		switch previous := max(i-1, 0); {
		case t.Cycle == 0:
			out.WriteString(" " + arm)
		case i == 0 || trials[previous].Cycle == 0 || trials[previous].Attempt != t.Attempt:
			out.WriteString(" [" + arm)
		case trials[previous].Cycle != t.Cycle:
			out.WriteString("|" + arm)
		default:
			out.WriteString(" " + arm)
		}
		if t.Cycle > 0 && (i+1 == len(trials) || trials[i+1].Cycle == 0 || trials[i+1].Attempt != t.Attempt) {
			out.WriteString("]")
		}
		if i+1 < len(trials) && trials[i+1].Round != t.Round {
			out.WriteString(" /")
		}
	}
	return strings.TrimSpace(out.String())
}

// TestBlockOrder pins the order of one seed, as TestOrder does.
func TestBlockOrder(t *testing.T) {
	sim := simulate(example(t, sliced))
	trials := sim.run()
	want := "cri-pod-stats idle cgroup [cri-pod-stats idle cgroup|cri-pod-stats cgroup idle|idle cgroup cri-pod-stats] cadvisor / " +
		"cadvisor cri-pod-stats idle cgroup [cgroup idle cri-pod-stats|cgroup cri-pod-stats idle|idle cri-pod-stats cgroup]"
	if diff := cmp.Diff(want, brief(trials)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	for i, trial := range trials {
		if place := i % 13; trial.Position != place {
			t.Errorf("%s is in place %d", line(trial), place)
		}
		own := bench.Arm{Interval: time.Second, Window: 5 * time.Second, WarmUp: time.Second}
		if trial.Cycle > 0 {
			own = bench.Arm{Interval: 500 * time.Millisecond, Window: time.Second, WarmUp: 500 * time.Millisecond}
		}
		own.Name, own.Collectors = trial.Arm.Name, trial.Arm.Collectors
		if diff := cmp.Diff(own, trial.Arm); diff != "" {
			t.Errorf("%s: arm (-want +got):\n%s", line(trial), diff)
		}
	}
	if want := "every cell has all its rounds"; sim.s.StopReason() != want {
		t.Errorf("stop reason %q, want %q", sim.s.StopReason(), want)
	}

	// All slices of a round come at once, and nothing else does.
	s := schedule.New(example(t, sliced), schedule.Options{})
	for range 5 {
		slots, ok := s.Next()
		if !ok || len(slots) != 1 && len(slots) != 9 || len(slots) == 9 && slots[8].Cycle != 3 {
			t.Errorf("Next: %v, %v", slots, ok)
		}
		for _, slot := range slots {
			s.Done(&bench.Trial{Slot: slot, Length: slot.Arm.Window})
		}
	}
}

// TestBlockBalance looks at whole Latin squares: in each cycle each arm is once, in
// each place each arm is equally often, and each arm follows each other equally
// often. The block's own place in its round is shuffled.
func TestBlockBalance(t *testing.T) {
	f := func(arms, rounds, cycles int) {
		t.Helper()
		names := strings.Split("a b c d e f g h", " ")[:arms]
		p := example(t, fmt.Sprintf("pods: 0\nrounds: %d\nslices: {cycles: %d, own_trials: idle}\nidle: a\narms: [%s, {name: own, slice: false}]\n",
			rounds, cycles, strings.Join(names, ", ")))
		p.Seed = 3
		place, follows, blockAt := map[string]int{}, map[string]int{}, map[int]int{}
		var cycle []string
		orders := map[string]bool{}
		for _, trial := range simulate(p).run() {
			if trial.Cycle == 0 {
				continue
			}
			if trial.Cycle == 1 && len(cycle) == 0 {
				blockAt[trial.Position]++
			}
			place[fmt.Sprint(trial.Arm.Name, len(cycle))]++
			if len(cycle) > 0 {
				follows[cycle[len(cycle)-1]+trial.Arm.Name]++
			}
			if cycle = append(cycle, trial.Arm.Name); len(cycle) < arms {
				continue
			}
			orders[strings.Join(cycle, "")] = true
			slices.Sort(cycle)
			if !slices.Equal(cycle, names) {
				t.Fatalf("cycle %d of round %d has the arms %v", trial.Cycle, trial.Round, cycle)
			}
			cycle = nil
		}
		for _, a := range names {
			for i, b := range names {
				if n := place[fmt.Sprint(a, i)]; n*arms != rounds*cycles {
					t.Errorf("%d arms: %s is in place %d in %d of %d cycles", arms, a, i, n, rounds*cycles)
				}
				if n := follows[a+b]; a != b && n*arms != rounds*cycles || a == b && n > 0 {
					t.Errorf("%d arms: %s follows %s in %d of %d cycles", arms, b, a, n, rounds*cycles)
				}
			}
		}
		if len(orders) < min(arms*(arms-1), rounds*cycles/2) {
			t.Errorf("%d arms: only %d orders in %d cycles", arms, len(orders), rounds*cycles)
		}
		for at := range 3 {
			if n := blockAt[at]; n < rounds/3-rounds/6 || n > rounds/3+rounds/6 {
				t.Errorf("%d arms: the block is in place %d in %d of %d rounds", arms, at, n, rounds)
			}
		}
	}
	f(2, 120, 3)
	f(3, 120, 5)
	f(6, 120, 10)
	f(7, 140, 10)
	f(8, 120, 16)
}

func TestBlockFates(t *testing.T) {
	void := func(t *bench.Trial, reason bench.VoidReason) { t.Void = []bench.Void{{Reason: reason}} }
	ownTrials := plan.OwnAll
	f := func(what string, retries int, fate func(*bench.Trial), want string) {
		t.Helper()
		p := example(t, strings.ReplaceAll(sliced, "rounds: 2", "rounds: 1"))
		p.Retries, p.Slices.OwnTrials = retries, ownTrials
		sim := simulate(p)
		sim.fate = fate
		trials := sim.run()
		if got := brief(trials); got != want {
			t.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
	}
	const (
		own    = "cri-pod-stats idle cgroup "
		block  = "[cri-pod-stats idle cgroup|cri-pod-stats cgroup idle|idle cgroup cri-pod-stats]"
		again  = "[cri-pod-stats/1 idle/1 cgroup/1|cri-pod-stats/1 cgroup/1 idle/1|idle/1 cgroup/1 cri-pod-stats/1]"
		thrice = "[cri-pod-stats/2 idle/2 cgroup/2|cri-pod-stats/2 cgroup/2 idle/2|idle/2 cgroup/2 cri-pod-stats/2]"
	)
	f("all well", 2, nil, own+block+" cadvisor")
	f("four of nine slices are void", 2, func(t *bench.Trial) {
		if t.Cycle > 0 && t.Position%2 == 0 {
			void(t, bench.VoidSteal)
		}
	}, own+block+" cadvisor")
	f("five of nine are void, once", 2, func(t *bench.Trial) {
		if t.Cycle > 0 && t.Position%2 == 1 && t.Attempt == 0 {
			void(t, bench.VoidSteal)
		}
	}, own+block+" cadvisor "+again)
	f("all are void, always", 2, func(t *bench.Trial) {
		if t.Cycle > 0 {
			void(t, bench.VoidPodCount)
		}
	}, own+block+" cadvisor "+again+" "+thrice)
	f("a trial of its own is void", 2, func(t *bench.Trial) {
		if t.Cycle == 0 && t.Arm.Name == "idle" && t.Attempt == 0 {
			void(t, bench.VoidSteal)
		}
	}, own+block+" cadvisor idle/1")
	f("an agent breaks", 1, func(t *bench.Trial) {
		if t.Cycle == 2 && t.Arm.Name == "cgroup" && t.Attempt == 0 {
			void(t, bench.VoidAgent)
		}
	}, own+"[cri-pod-stats idle cgroup|cri-pod-stats cgroup] cadvisor "+again)
	f("an agent does not start", 1, func(t *bench.Trial) {
		if t.Cycle == 1 && t.Arm.Name == "cgroup" && t.Attempt == 0 {
			t.Void = []bench.Void{{Reason: bench.VoidAgent, Detail: noStart}}
		}
	}, own+"[cgroup] cadvisor "+again)
	f("an agent breaks always", 1, func(t *bench.Trial) {
		if t.Cycle == 2 && t.Arm.Name == "cgroup" {
			void(t, bench.VoidAgent)
		}
	}, own+"[cri-pod-stats idle cgroup|cri-pod-stats cgroup] cadvisor [cri-pod-stats/1 idle/1 cgroup/1|cri-pod-stats/1 cgroup/1]")
	f("an agent breaks in the last slice", 1, func(t *bench.Trial) {
		if t.Cycle == 3 && t.Arm.Name == "cri-pod-stats" {
			void(t, bench.VoidAgent)
		}
	}, own+block+" cadvisor")
	f("no retries", 0, func(t *bench.Trial) { void(t, bench.VoidSteal) }, own+block+" cadvisor")
	unsupported := func(arms ...string) func(*bench.Trial) {
		return func(t *bench.Trial) {
			if slices.Contains(arms, t.Arm.Name) {
				t.Unsupported = "no"
			}
		}
	}
	// A trial of its own finds it, before the block.
	f("an arm is not supported", 2, unsupported("cgroup"), own+"[cri-pod-stats idle|cri-pod-stats idle|idle cri-pod-stats] cadvisor")
	f("one arm is left", 2, unsupported("cgroup", "idle"), own+"[cri-pod-stats|cri-pod-stats|cri-pod-stats] cadvisor")
	f("no sliced arm is left", 2, unsupported("cgroup", "idle", "cri-pod-stats"), own+"cadvisor")
	// The block finds it: its arms have no trials of their own, and what is not
	// supported stands first.
	ownTrials = plan.OwnIdle
	f("an arm of a block is not supported", 2, unsupported("cgroup"), "idle [cgroup cri-pod-stats idle|cri-pod-stats idle|idle cri-pod-stats] cadvisor")
	f("no arm of a block is supported", 2, unsupported("cgroup", "idle", "cri-pod-stats"), "idle [cri-pod-stats cgroup] cadvisor")
	f("void, then not supported", 2, func(t *bench.Trial) {
		switch {
		case t.Cycle > 0 && t.Attempt == 0:
			void(t, bench.VoidPodCount)
		case t.Cycle > 0 && t.Arm.Name == "cgroup":
			t.Unsupported = "no"
		}
	}, "idle "+block+" cadvisor [cgroup/1 cri-pod-stats/1 idle/1|cri-pod-stats/1 idle/1|idle/1 cri-pod-stats/1]")
}

// TestBlockDrops: an arm that is not supported has no place in the blocks of later
// rounds.
func TestBlockDrops(t *testing.T) {
	sim := simulate(example(t, sliced))
	sim.fate = func(t *bench.Trial) {
		if t.Arm.Name == "cgroup" {
			t.Unsupported = "no"
		}
	}
	want := "cri-pod-stats idle cgroup [cri-pod-stats idle|cri-pod-stats idle|idle cri-pod-stats] cadvisor / " +
		"cadvisor cri-pod-stats idle [cri-pod-stats idle|idle cri-pod-stats|cri-pod-stats idle]"
	if got := brief(sim.run()); got != want {
		t.Errorf("order\n got %s\nwant %s", got, want)
	}
}

// troubled is a fate in which blocks are run again for each reason, and an arm is
// not supported.
func troubled(t *bench.Trial) {
	switch {
	case t.Arm.Name == "cri-version":
		t.Unsupported = "no"
	case t.Cycle > 0 && t.Round == 0 && t.Attempt == 0 || t.Cycle == 0 && t.Arm.Name == "idle" && t.Attempt == 0:
		t.Void = []bench.Void{{Reason: bench.VoidSteal}}
	case t.Cycle == 2 && t.Round == 1 && t.Attempt < 2 && t.Arm.Name == "cgroup":
		t.Void = []bench.Void{{Reason: bench.VoidAgent}}
	}
}

// random is a fate that only depends on the slot.
func random(seed uint64) func(*bench.Trial) {
	return func(t *bench.Trial) {
		h := fnv.New64a()
		fmt.Fprint(h, seed, line(*t))
		switch dice := rand.New(rand.NewPCG(seed, h.Sum64())).Float64(); {
		case t.Arm.Name == "cri-version" && t.Round > 0:
			t.Unsupported = "no"
		case dice < 0.1 && t.Cycle == 1:
			t.Void = []bench.Void{{Reason: bench.VoidAgent, Detail: noStart}}
		case dice < 0.05:
			t.Void = []bench.Void{{Reason: bench.VoidAgent}}
		case dice < 0.5:
			t.Void = []bench.Void{{Reason: bench.VoidSteal}}
		}
	}
}

// boundaries are the numbers of trials after which a run is between two calls of
// Next.
func boundaries(p *plan.Plan, fate func(*bench.Trial)) []int {
	sim := simulate(p)
	sim.fate = fate
	out := []int{0}
	for sim.step() {
		out = append(out, len(sim.trials))
	}
	return out
}

// TestSkipBlocks interrupts a run after each of its trials and continues it. If
// the harness had just recorded a whole block, the run is what it would have been
// anyway. If it died in the middle of that, the block is run again as a whole with
// the next attempt, and the rest of the round stays as it was. Either run can be
// interrupted and continued again.
func TestSkipBlocks(t *testing.T) {
	f := func(more string, fate func(*bench.Trial)) {
		t.Helper()
		p := example(t, strings.ReplaceAll(sliced, "idle, cgroup", "idle, cri-version, cgroup")+more)
		whole := simulate(p)
		whole.fate = fate
		want := whole.run()
		between := boundaries(p, fate)
		resume := func(done []bench.Trial) []bench.Trial {
			t.Helper()
			sim := simulate(p)
			sim.fate = fate
			if err := sim.s.Skip(done); err != nil {
				t.Fatalf("%q: after %d trials: %v\n%s", more, len(done), err, brief(done))
			}
			return append(slices.Clone(done), sim.run()...)
		}
		for n := range len(want) + 1 {
			got := resume(want[:n])
			if slices.Contains(between, n) {
				if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
					t.Errorf("%q: after %d of %d trials: (-want +got):\n%s", more, n, len(want), diff)
				}
				continue
			}
			cut := want[n-1]
			again := 0
			for _, trial := range got[n:] {
				if trial.Cycle > 0 && trial.Sweep == cut.Sweep && trial.Round == cut.Round {
					if trial.Attempt == cut.Attempt {
						t.Errorf("%q: after %d of %d trials: %s goes on with a block that was cut", more, n, len(want), line(trial))
					}
					if trial.Attempt == cut.Attempt+1 {
						again++
					}
				}
			}
			if again == 0 {
				t.Errorf("%q: after %d of %d trials: the block that was cut is not run again", more, n, len(want))
			}
			for m := n; m <= len(got); m++ {
				if twice := resume(got[:m]); m == len(got) && !cmp.Equal(lines(twice), lines(got)) {
					t.Errorf("%q: after %d and then %d of %d trials: (-want +got):\n%s", more, n, m, len(got), cmp.Diff(lines(got), lines(twice)))
				}
			}
		}
	}
	f("retries: 2\n", nil)
	f("retries: 2\n", troubled)
	f("retries: 1\n", troubled)
	f("retries: 0\n", troubled)
	f("retries: 1\nsweep: up-down\n", random(1))
	f("retries: 2\n", random(2))
	f("retries: 1\n", random(3))
}

func TestSkipRefusesSlices(t *testing.T) {
	p := example(t, sliced)
	done := simulate(p).run()
	first := slices.IndexFunc(done, func(t bench.Trial) bool { return t.Cycle == 1 })
	f := func(p *plan.Plan, trials []bench.Trial, want string) {
		t.Helper()
		err := schedule.New(p, schedule.Options{}).Skip(trials)
		if err == nil || err.Error() != want {
			t.Errorf("Skip: error %v\nwant %s", err, want)
		}
	}
	without := func(i int) []bench.Trial { return slices.Delete(slices.Clone(done), i, i+1) }
	slot := func(arm string, round, position, cycle, attempt int) string {
		place := fmt.Sprintf("arm %s at pods=10 containers=1 profile=idle, sweep 0, round %d, position %d", arm, round, position)
		if cycle > 0 {
			place += fmt.Sprintf(", cycle %d", cycle)
		}
		return fmt.Sprintf("%s, attempt %d", place, attempt)
	}
	differ := func(at, of int, got, want string) string {
		return fmt.Sprintf("continue after trial %d of %d: the next one is %s, but in the plan's order it is %s: the trials belong to another plan or seed, or one is missing",
			at, of, got, want)
	}
	f(p, without(first+3), differ(6, 25, slot("cgroup", 0, 7, 2, 0), slot("cri-pod-stats", 0, 6, 2, 0)))
	// Without its last slice the block was cut, and should have been run again.
	f(p, without(first+8), differ(12, 25, slot("cadvisor", 1, 0, 0, 0), slot("cri-pod-stats", 0, 13, 1, 1)))
	f(p, slices.Insert(slices.Clone(done), first+2, done[first]), differ(5, 27, slot("cri-pod-stats", 0, 3, 1, 0), slot("cgroup", 0, 5, 1, 0)))
	other := *p
	other.Slices.Calls = 4
	f(&other, done, "continue after trial 3 of 26: arm cri-pod-stats has other collectors or times in the plan")
	other.Slices = plan.Slices{}
	f(&other, done, differ(0, 26, slot("cri-pod-stats", 0, 0, 0, 0), slot("cgroup", 0, 0, 0, 0)))
}
