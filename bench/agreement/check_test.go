package agreement_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// TestHealthy has sources that are right and look odd.
func TestHealthy(t *testing.T) {
	f := func(name string, s scene) {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			r := s.check(t)
			if got := kinds(r, agreement.Defect); len(got) > 0 {
				t.Errorf("found %v: %v", got, r.Findings)
			}
		})
	}
	f("plain", scene{})
	f("containers alone", scene{source: agreement.Source{Form: agreement.ContainerStats}})
	f("idle counters stand still", scene{rate: func(int) float64 { return 0 }})
	f("slow call", scene{service: 5 * time.Second, interval: 6 * time.Second})
	f("one call", scene{calls: 1})
	f("a cache of 15 s with a clock of its own", scene{
		source: agreement.Source{OwnClock: true}, calls: 60,
		see: func(_ int, s *sample) bool {
			s.at = s.now.Truncate(15 * time.Second)
			s.value = s.then(s.at)
			return true
		},
	})
	f("a cache of 5 s", scene{calls: 30, see: func(_ int, s *sample) bool {
		s.at = s.now.Truncate(5 * time.Second)
		s.value = s.then(s.at)
		return true
	}})
	f("a name where the id is not known", scene{change: func(in *agreement.Input) {
		for _, o := range in.Observations {
			e := o.Answer.Entity(bench.Entity{Pod: "kube-system/proxy", Container: "kube-system/proxy/main"})
			o.Answer.Add(bench.CPUUsage, e, 1, o.Start.UnixNano())
		}
	}})
	f("no timestamps", scene{source: agreement.Source{Form: agreement.KubeletSummary}, see: func(_ int, s *sample) bool {
		s.at = time.Unix(0, 0)
		return true
	}})
	f("whole seconds where the form has no more", scene{
		source: agreement.Source{Form: agreement.PodSandboxMetrics},
		see: func(_ int, s *sample) bool {
			if s.metric == bench.CPUUsage {
				s.value = math.Floor(s.value)
			}
			return true
		},
	})
	f("CPU time by CPU, in whole seconds", scene{
		source: agreement.Source{Form: agreement.PodSandboxMetrics}, calls: 30,
		change: func(in *agreement.Input) {
			for _, o := range in.Observations {
				for i, n := 0, len(o.Answer.Samples); i < n; i++ {
					if s := &o.Answer.Samples[i]; s.Metric == bench.CPUUsage {
						other := *s
						s.Labels, s.Value = []string{"cpu00"}, math.Floor(0.3*s.Value)
						other.Labels, other.Value = []string{"cpu01"}, math.Floor(0.7*other.Value)
						o.Answer.Samples = append(o.Answer.Samples, other)
					}
				}
			}
		},
	})
	f("timestamps of the end of a call", scene{service: 800 * time.Millisecond, see: func(_ int, s *sample) bool {
		s.at = s.now.Add(400 * time.Millisecond)
		return true
	}})
	f("a pod without a reference", scene{unread: func(pod int) bool { return pod == 1 }})
}

// TestDefects has one thing wrong at a time.
func TestDefects(t *testing.T) {
	f := func(name string, want agreement.Kind, s scene) {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			r := s.check(t)
			if diff := cmp.Diff([]agreement.Kind{want}, kinds(r, agreement.Defect)); diff != "" {
				t.Errorf("kinds (-want +got):\n%s\n%v", diff, r.Findings)
			}
		})
	}
	cpu := func(change func(o int, s *sample)) func(int, *sample) bool {
		return func(o int, s *sample) bool {
			if s.metric == bench.CPUUsage {
				change(o, s)
			}
			return true
		}
	}
	failing := errors.New("no answer")

	f("cannot be opened", agreement.CallFails, scene{source: agreement.Source{OpenErr: failing}, change: func(in *agreement.Input) { in.Observations = nil }})
	f("fails at times", agreement.CallFails, scene{change: func(in *agreement.Input) {
		in.Observations[3].Err, in.Observations[3].Answer = failing, nil
	}})
	f("one pod fails all", agreement.OnePodFails, scene{change: func(in *agreement.Input) {
		for i := range in.Observations {
			in.Observations[i].Err, in.Observations[i].Answer = failing, new(bench.Batch)
		}
		in.Probes = []agreement.Probe{{Source: "source", Asked: 5, Failed: []string{podID(2)}, Err: failing}}
	}})
	f("all pods fail", agreement.CallFails, scene{change: func(in *agreement.Input) {
		in.Observations[0].Err, in.Observations[0].Answer = failing, new(bench.Batch)
		in.Probes = []agreement.Probe{{Source: "source", Asked: 1, Failed: []string{podID(0)}, Err: failing}}
	}})
	f("breaks off", agreement.BreaksOff, scene{change: func(in *agreement.Input) { in.Observations[2].Err = failing }})
	f("one container missing once", agreement.Missing, scene{see: func(o int, s *sample) bool { return true }, change: func(in *agreement.Input) {
		for i, e := range in.Observations[4].Answer.Entities {
			if e.Container == containerID(3) {
				in.Observations[4].Answer.Entities[i] = bench.Entity{Cgroup: "/other"}
			}
		}
	}})
	f("one extra", agreement.Extra, scene{change: func(in *agreement.Input) {
		for _, o := range in.Observations[5:7] {
			o.Answer.Entity(bench.Entity{Pod: podID(0), Container: "ghost"})
		}
	}})
	f("one twice", agreement.Twice, scene{change: func(in *agreement.Input) {
		in.Observations[1].Answer.Entity(bench.Entity{Pod: podID(0), Container: containerID(0)})
	}})
	f("one series twice", agreement.Ambiguous, scene{change: func(in *agreement.Input) {
		received := &bench.Metric{Name: bench.NetworkReceived.Name, Unit: bench.Bytes, Kind: bench.Counter}
		for _, o := range in.Observations { // of two interfaces, as if they were one
			for e, entity := range o.Answer.Entities {
				if entity.Container == "" {
					o.Answer.Add(received, int32(e), 1e6, o.End.UnixNano())
					o.Answer.Add(received, int32(e), 0, o.End.UnixNano())
				}
			}
		}
	}})
	f("no working set", agreement.Zero, scene{see: func(_ int, s *sample) bool {
		if s.metric == bench.MemoryWorkingSet {
			s.value = 0
		}
		return true
	}})
	f("frozen", agreement.Frozen, scene{see: func(_ int, s *sample) bool {
		s.at = began
		s.value = s.then(began)
		return true
	}})
	f("frozen long ago, stamped now", agreement.Frozen, scene{see: func(_ int, s *sample) bool {
		s.value = s.then(began.Add(-30 * time.Minute))
		return true
	}})
	f("one container frozen", agreement.Frozen, scene{see: cpu(func(_ int, s *sample) {
		if s.container == containerID(2) {
			s.value = s.then(began)
		}
	})})
	f("20 s old and honest", agreement.Stale, scene{calls: 40, see: func(_ int, s *sample) bool {
		s.at = s.now.Add(-20 * time.Second)
		s.value = s.then(s.at)
		return true
	}})
	f("20 s old without timestamps", agreement.Stale, scene{source: agreement.Source{Form: agreement.KubeletSummary}, calls: 40, see: func(_ int, s *sample) bool {
		s.value = s.then(s.now.Add(-20 * time.Second))
		s.at = time.Unix(0, 0)
		return true
	}})
	f("3 s old, stamped now", agreement.Dishonest, scene{see: func(_ int, s *sample) bool {
		s.value = s.then(s.now.Add(-3 * time.Second))
		return true
	}})
	f("stamped in the future", agreement.Dishonest, scene{see: func(_ int, s *sample) bool {
		s.at = s.now.Add(time.Minute)
		return true
	}})
	f("stamped long ago", agreement.Dishonest, scene{see: func(_ int, s *sample) bool {
		s.at = s.now.Add(-time.Hour)
		return true
	}})
	f("goes back", agreement.Backwards, scene{see: cpu(func(o int, s *sample) {
		if o%3 == 2 {
			s.value *= 0.7
		}
	})})
	f("microseconds", agreement.WrongUnit, scene{see: cpu(func(_ int, s *sample) { s.value /= 1000 })})
	f("nanoseconds as seconds", agreement.WrongUnit, scene{see: cpu(func(_ int, s *sample) { s.value *= 1e9 })})
	f("memory in KiB", agreement.WrongUnit, scene{see: func(_ int, s *sample) bool {
		if s.metric.Unit == bench.Bytes {
			s.value /= 1024
		}
		return true
	}})
	f("CPU twice", agreement.Double, scene{see: cpu(func(_ int, s *sample) { s.value *= 2 })})
	f("working set twice", agreement.Double, scene{see: func(_ int, s *sample) bool {
		if s.metric == bench.MemoryWorkingSet {
			s.value *= 2
		}
		return true
	}})
	f("RSS a third too low", agreement.Wrong, scene{see: func(_ int, s *sample) bool {
		if s.metric == bench.MemoryRSS {
			s.value *= 0.66
		}
		return true
	}})
	f("CPU of somebody else", agreement.Wrong, scene{see: cpu(func(_ int, s *sample) { s.value = 1.3*s.value + 100 })})
	f("pod without pause", agreement.PodSum, scene{see: cpu(func(_ int, s *sample) {
		if s.container == "" {
			s.value -= pauseSeconds
		}
	})})
	f("whole seconds", agreement.Coarse, scene{see: cpu(func(_ int, s *sample) { s.value = math.Floor(s.value) })})
	f("ticks", agreement.Coarse, scene{see: cpu(func(_ int, s *sample) { s.value = math.Floor(s.value*100) / 100 })})
	f("a working set that is 12 percent high", agreement.Disagrees, scene{
		// Too little for one container to be called wrong beside its 1 MiB of slack.
		source: agreement.Source{Form: agreement.ContainerStats}, pods: 12,
		change: func(in *agreement.Input) { scaleWorkingSets(in, 4<<20, 1.12) },
	})
}

// scaleWorkingSets makes all working sets small, and what the source says of them
// so many times as large.
func scaleWorkingSets(in *agreement.Input, bytes, factor float64) {
	set := func(b *bench.Batch, v float64) {
		for i := range b.Samples {
			if b.Samples[i].Metric == bench.MemoryWorkingSet {
				b.Samples[i].Value = v
			}
		}
	}
	for i := range in.Observations {
		o := &in.Observations[i]
		set(o.DirectBefore, bytes)
		set(o.DirectAfter, bytes)
		set(o.Answer, bytes*factor)
	}
}

// TestLimits has what a reader of right numbers must know.
func TestLimits(t *testing.T) {
	f := func(name string, want agreement.Kind, evidence string, s scene) {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			r := s.check(t)
			i := slices.IndexFunc(r.Findings, func(f agreement.Finding) bool { return f.Kind == want && f.Severity == agreement.Limit })
			if i < 0 || !strings.Contains(r.Findings[i].String(), evidence) {
				t.Errorf("no limit %q with %q in %v", want, evidence, r.Findings)
			}
			if r.Defects() > 0 && want != agreement.Absent {
				t.Errorf("a defect was found: %v", r.Findings)
			}
		})
	}
	f("waits for leave", agreement.RateLimited, "10 pods per second, about 10 of them at once", scene{change: func(in *agreement.Input) {
		in.Bursts = []agreement.Burst{{Source: "source", Pods: 40, Service: []time.Duration{3 * time.Second, 4 * time.Second, 4020 * time.Millisecond}}}
	}})
	f("names that are never there", agreement.Absent, "never there, of 19", scene{})
	f("whole seconds", agreement.Coarse, "cannot say it finer", scene{
		source: agreement.Source{Form: agreement.PodSandboxMetrics},
		see: func(_ int, s *sample) bool {
			if s.metric == bench.CPUUsage {
				s.value = math.Floor(s.value)
			}
			return true
		},
	})
	f("some have page faults", agreement.Partly, bench.PageFaults.Name, scene{see: func(_ int, s *sample) bool {
		return s.metric != bench.PageFaults || s.pod != podID(1)
	}})
	f("read one after the other", agreement.Skewed, "up to 8", scene{calls: 30, see: func(_ int, s *sample) bool {
		s.at = s.now.Add(-time.Duration(strings.Index("01234", s.pod[3:])) * 2 * time.Second)
		s.value = s.then(s.at)
		return true
	}})
}

// TestStep holds when a step of memory is seen.
func TestStep(t *testing.T) {
	calls, interval := 40, time.Second
	f := func(delay, seen time.Duration, want agreement.Kind) {
		t.Helper()
		step := began.Add(5 * time.Second)
		s := scene{calls: calls, interval: interval, change: func(in *agreement.Input) {
			in.Steps = []agreement.Step{{Container: containerID(0), Bytes: 64 << 20, Seen: step, Ended: step.Add(30 * time.Second)}}
			for i := range in.Observations {
				o := &in.Observations[i]
				if o.End.Before(step.Add(delay)) {
					continue
				}
				for j := range o.Answer.Samples {
					if s := &o.Answer.Samples[j]; s.Metric == bench.MemoryWorkingSet && o.Answer.Entities[s.Entity].Container == containerID(0) {
						s.Value += 64 << 20
					}
				}
			}
		}}
		r := s.check(t)
		d := r.Sources[0].Detection
		if d == nil || math.Abs(d.P50-seen.Seconds()) > 0.1+interval.Seconds() {
			t.Errorf("step seen %v late: detection %+v", delay, d)
		}
		found := slices.ContainsFunc(r.Findings, func(f agreement.Finding) bool { return f.Kind == agreement.Late })
		if found != (want == agreement.Late) {
			t.Errorf("step seen %v late: findings %v", delay, r.Findings)
		}
	}
	f(0, 0, "")
	f(4*time.Second, 4*time.Second, "")
	f(15*time.Second, 15*time.Second, agreement.Late)
	f(time.Hour, 29*time.Second, agreement.Late) // never: at least until the last answer before its end
	// Who calls seldom sees late, which is not the source's fault.
	calls, interval = 8, 20*time.Second
	f(0, 15*time.Second, "")
}

func TestRefuses(t *testing.T) {
	f := func(want string, change func(in *agreement.Input)) {
		t.Helper()
		s := scene{change: change}
		if _, err := agreement.Check(s.input()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check: %v, want %q", err, want)
		}
	}
	f("no form", func(in *agreement.Input) { in.Sources[0].Form = nil })
	f("no source of the check", func(in *agreement.Input) { in.Observations[1].Source = "other" })
	f("no listings", func(in *agreement.Input) { in.Observations[1].ListedAfter = nil })
	f("before it starts", func(in *agreement.Input) { in.Observations[1].End = began.Add(-time.Hour) })
	f("neither an answer", func(in *agreement.Input) { in.Observations[1].Answer = nil })
}

// TestBetween holds a source against another one where cgroup files say nothing.
func TestBetween(t *testing.T) {
	f := func(factor float64, want agreement.Verdict) {
		t.Helper()
		old := scene{source: agreement.Source{Name: "old", OwnClock: true}}
		young := scene{source: agreement.Source{Name: "young"}, see: func(_ int, s *sample) bool {
			if s.metric == bench.ProcessCount {
				s.value *= factor
			}
			return true
		}}
		in, other := old.input(), young.input()
		in.Sources = append(in.Sources, other.Sources...)
		in.Observations = append(in.Observations, other.Observations...)
		r, err := agreement.Check(in)
		if err != nil {
			t.Fatal(err)
		}
		var got agreement.Verdict
		for _, c := range r.Sources[1].Agreement {
			if c.Metric == bench.ProcessCount.Name && c.Level == agreement.Pods && c.Against == "old" {
				got = c.Verdict
			}
		}
		if got != want {
			t.Errorf("processes %v times as many: %q, want %q", factor, got, want)
		}
		found := slices.ContainsFunc(r.Findings, func(f agreement.Finding) bool {
			return f.Source == "young" && f.Kind == agreement.Disagrees && f.Severity == agreement.Limit && strings.Contains(f.Evidence, "times that of old")
		})
		if found != (want == agreement.Differs) {
			t.Errorf("processes %v times as many: %v", factor, r.Findings)
		}
	}
	f(1, agreement.Agrees)
	f(4, agreement.Differs)
}

// TestSame holds that the same observations give the same report.
func TestSame(t *testing.T) {
	for _, s := range []scene{{}, {pods: 20, see: func(o int, s *sample) bool {
		s.value *= 2
		return len(s.pod) != 4 || o%2 == 0
	}}} {
		in := s.input()
		first, err := agreement.Check(in)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			again, err := agreement.Check(in)
			if diff := cmp.Diff(first, again); err != nil || diff != "" {
				t.Fatalf("the second report is another: %v\n%s", err, diff)
			}
		}
	}
}
