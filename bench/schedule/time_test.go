package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/schedule"
)

// podTimes is a node on which pods take as long as is assumed, times a factor.
func podTimes(factor float64) func(from, to bench.Cell) time.Duration {
	return func(from, to bench.Cell) time.Duration {
		d := 900 * time.Millisecond * time.Duration(max(0, to.Pods-from.Pods))
		d += 300 * time.Millisecond * time.Duration(max(0, from.Pods-to.Pods))
		return time.Duration(float64(d) * factor)
	}
}

func TestEstimate(t *testing.T) {
	f := func(text string, shortest, longest time.Duration) {
		t.Helper()
		p := example(t, text)
		least, most := schedule.Estimate(p)
		if least != shortest || most != longest {
			t.Errorf("Estimate(%s) = %v, %v; want %v, %v", text, least, most, shortest, longest)
		}
	}
	const s = time.Second
	one := "window: 8s\nsettle: 0s\narms: cgroup\ninterval: 1s\nwarm_up: 1s\n" // 10 s a trial
	f(one+"pods: 0\nrounds: 3\n", 30*s, 30*s)
	f(one+"pods: 10\nrounds: 3\n", (9+30+3)*s, (9+30+3)*s)
	f(one+"pods: [10, 20]\nrounds: 3\n", (9+30+9+30+6)*s, (9+30+9+30+6)*s)
	f(one+"pods: [10, 20]\nrounds: 2\nsweep: up-down\n", (9+10+9+10+10+3+10+3)*s, (9+10+9+10+10+3+10+3)*s)
	f(one+"pods: 10\nrounds: 1\ncontainers_per_pod: [1, 2]\n", (9+10+3+9+10+3)*s, (9+10+3+9+10+3)*s)
	f(one+"pods: 10\nrounds: {min: 3, max: 6}\n", (9+30+3)*s, (9+60+3)*s)
	f(one+"pods: 10\nrounds: {min: 3, max: 6}\nmax_duration: 1m\n", (9+30+3)*s, 60*s)
	f(one+"pods: 10\nrounds: {min: 3, max: 6}\nmax_duration: 40s\n", (9+30+3)*s, (9+30+3)*s)

	// Too long for a Duration.
	_, most := schedule.Estimate(example(t, "pods: [1, 2, 3, 4]\nrounds: {min: 1, max: 10000}\ninterval: 744h\nwindow: 744h\nwarm_up: 744h\narms: [a, b, c]\n"))
	if most != 1<<63-1 {
		t.Errorf("Estimate of thousands of years: %v", most)
	}
}

// TestPresetDurations holds what the presets promise in their comments.
func TestPresetDurations(t *testing.T) {
	f := func(name string, shortest, longest time.Duration) {
		t.Helper()
		data, err := plan.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Decode(name, data, plan.Names{Collectors: []bench.CollectorSpec{
			{Name: "idle"}, {Name: "cgroup"}, {Name: "cri-version"}, {Name: "cadvisor-ondemand"},
			{Name: "cri-container-stats"}, {Name: "cri-pod-stats"}, {Name: "cri-pod-metrics"},
			{Name: "cri-stream-container-stats"}, {Name: "cri-stream-pod-stats"}, {Name: "cri-stream-pod-metrics"},
			{Name: "control"}, {Name: "cadvisor", OwnClock: true}, {Name: "cadvisor-1s", OwnClock: true}, {Name: "cadvisor-metrics", OwnClock: true},
		}})
		if err != nil {
			t.Fatal(err)
		}
		least, most := schedule.Estimate(p)
		if least > shortest || most > longest || least < shortest*9/10 {
			t.Errorf("preset %s takes %v to %v, promised %v to %v", name, least, most, shortest, longest)
		}
	}
	f("quick", 11*time.Minute+30*time.Second, 12*time.Minute)
	f("precise", 23*time.Minute, time.Hour)
	f("full", 29*time.Hour, 36*time.Hour)
}

// TestMaxDuration runs plans on nodes of different speed. None ends past its
// limit, whatever the node.
func TestMaxDuration(t *testing.T) {
	// A round takes 3 · (6 s + beside), which is assumed to be 21 s.
	text := threeArms
	f := func(what, limit string, beside time.Duration, pods float64, rounds, reason string) {
		t.Helper()
		p := example(t, text+"max_duration: "+limit+"\n")
		p.Rounds = plan.Rounds{Min: 2, Max: 6}
		sim := simulate(p)
		sim.beside, sim.scale = beside, podTimes(pods)
		begin := sim.now
		got := map[int]int{}
		for _, trial := range sim.run() {
			if trial.Position == 0 {
				got[trial.Cell.Pods]++
			}
		}
		end := sim.now.Add(sim.scale(sim.cell, bench.Cell{}))
		if took := end.Sub(begin); took > p.MaxDuration {
			t.Errorf("%s: took %v of %v", what, took, p.MaxDuration)
		}
		if got := fmt.Sprintf("%d+%d", got[10], got[35]); got != rounds {
			t.Errorf("%s: rounds %s, want %s", what, got, rounds)
		}
		if sim.s.StopReason() != reason {
			t.Errorf("%s: stop reason %q, want %q", what, sim.s.StopReason(), reason)
		}
	}
	late := func(limit string, round, pods int, after string) string {
		return fmt.Sprintf("max_duration %s: round %d of at least 2 at pods=%d containers=1 profile=idle (sweep 0) would have ended after %s", limit, round, pods, after)
	}
	const noMore = "of 2 visits to a cell 2 had no time for more rounds within max_duration "
	// At the assumed pace: 9 s for 10 pods, 22.5 s for 25 more, 10.5 s to remove them.
	f("time for all", "1h", time.Second, 1, "6+6", "every cell has all its rounds")
	f("just the least", "126s", time.Second, 1, "2+2", noMore+"2m6s")
	f("some time over is shared", "200s", time.Second, 1, "3+4", noMore+"3m20s")
	f("more time over is shared", "260s", time.Second, 1, "5+5", noMore+"4m20s")
	f("a fast node gains rounds", "130s", 0, 0, "3+4", noMore+"2m10s")
	f("a slow node", "170s", 5*time.Second, 1, "2+1", late("2m50s", 2, 35, "2m56s"))
	f("a very slow node", "150s", 20*time.Second, 1, "1+0", late("2m30s", 2, 10, "2m35s"))
	f("slow pods", "150s", time.Second, 5, "2+0", late("2m30s", 1, 35, "4m33s"))

}

// TestRemaining compares the estimate with what really is left, on a node that
// is as assumed, and on one that is not once the schedule has seen it.
func TestRemaining(t *testing.T) {
	text := threeArms
	f := func(what string, beside time.Duration, pods float64, from int, tolerance float64) {
		t.Helper()
		p := example(t, text)
		var estimates []time.Duration
		var at []time.Time
		sim := simulate(p)
		sim.beside, sim.scale = beside, podTimes(pods)
		estimates, at = append(estimates, sim.s.Remaining()), append(at, sim.now)
		for sim.step() {
			estimates, at = append(estimates, sim.s.Remaining()), append(at, sim.now)
		}
		end := sim.now.Add(sim.scale(sim.cell, bench.Cell{}))
		for i := from; i < len(at)-1; i++ {
			real := end.Sub(at[i]).Seconds()
			if got := estimates[i].Seconds(); got < real*(1-tolerance)-0.001 || got > real*(1+tolerance)+0.001 {
				t.Errorf("%s: after %d trials %.1f s are estimated, %.1f s are left", what, i, got, real)
			}
		}
		if left := sim.s.Remaining(); left != 0 {
			t.Errorf("%s: %v are left at the end", what, left)
		}
	}
	f("as assumed", time.Second, 1, 0, 0)
	f("slow trials", 4*time.Second, 1, 7, 0.1)
	f("slow pods", time.Second, 3, 10, 0.2)

	// In the middle of a trial.
	p := example(t, threeArms)
	now := time.Unix(0, 0)
	s := schedule.New(p, schedule.Options{Now: func() time.Time { return now }})
	before := s.Remaining()
	if _, ok := s.Next(); !ok || s.Remaining() != before {
		t.Errorf("Next changes what remains from %v to %v", before, s.Remaining())
	}
	now = now.Add(4 * time.Second)
	if got := s.Remaining(); got != before-4*time.Second {
		t.Errorf("after 4 s of %v there remain %v", before, got)
	}
	p.MaxDuration = time.Minute
	if got := s.Remaining(); got != 56*time.Second {
		t.Errorf("after 4 s of a limit of 1m there remain %v", got)
	}

}

// A trial with a treatment is assumed to take the time of a restart.
func TestEstimateTreatment(t *testing.T) {
	const source = "experiment: kubelet\npods: 1\nrounds: 2\nsettle: 0s\nwindow: 10s\nwarm_up: 0s\narms: [{name: gate-on, collectors: idle%s}, idle]\nbaseline: idle\n"
	of := func(arm string) time.Duration {
		p, err := plan.Decode("p.yaml", fmt.Appendf(nil, source, arm), plan.Names{})
		if err != nil {
			t.Fatal(err)
		}
		shortest, _ := schedule.Estimate(p)
		return shortest
	}
	if got := of(", treatment: gate-on") - of(""); got != 16*time.Second {
		t.Errorf("two trials with a treatment take %v more, want 16s", got)
	}
}
