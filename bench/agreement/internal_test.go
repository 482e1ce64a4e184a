package agreement

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

func TestHeld(t *testing.T) {
	steady := []instant{{10, 1}, {20, 2}, {30, 2}, {40, 3}}
	f := func(list []instant, value, step float64, wantAfter, wantBefore int64) {
		t.Helper()
		after, before := held(list, value, step, 1e-9)
		if after != wantAfter || before != wantBefore {
			t.Errorf("held(%v, %v) = %d, %d, want %d, %d", value, step, after, before, wantAfter, wantBefore)
		}
	}
	f(steady, 2, 0, 10, 40)   // also while it stood still
	f(steady, 2.5, 0, 30, 40) // between two readings
	f(steady, 0.5, 0, 0, 10)  // before all of them
	f(steady, 3.5, 0, 40, 0)  // after all of them
	f(steady, 1, 1, 0, 40)    // anything from 1 to 2
	f(nil, 1, 0, 0, 0)
}

func TestWhenAndAt(t *testing.T) {
	list := []instant{{100, 1}, {200, 3}, {300, 3}, {400, 4}}
	f := func(value float64, want int64, wantStill time.Duration, ok bool) {
		t.Helper()
		if got, _, still, gotOK := when(list, value, 1e-9); got != want && ok || still != wantStill || gotOK != ok {
			t.Errorf("when(%v) = %d, %v, %t, want %d, %v, %t", value, got, still, gotOK, want, wantStill, ok)
		}
	}
	f(2, 150, 0, true)
	f(3, 200, 100, true)
	f(3-1e-10, 199, 101, true) // what was rounded down stood there as well
	f(3.5, 350, 0, true)
	f(1, 0, 0, false)
	f(5, 0, 0, false)
	g := func(t0 int64, want float64, ok bool) {
		t.Helper()
		if got, gotOK := at(list, t0); got != want || gotOK != ok {
			t.Errorf("at(%d) = %v, %t, want %v, %t", t0, got, gotOK, want, ok)
		}
	}
	g(100, 1, true)
	g(150, 2, true)
	g(250, 3, true)
	g(400, 4, true)
	g(99, 0, false)
	g(401, 0, false)
}

// A burner that pauses is no clock: what the kernel shows before and after its pause
// is as new as it is old. One that burns is, and one that pauses for a moment.
func TestAgeOfPause(t *testing.T) {
	s := &subject{}
	second := int64(time.Second)
	f := func(pause time.Duration, want time.Duration, estimated bool) {
		t.Helper()
		stop := 3 * second // it burnt 1 s a second until then
		list := []instant{{second, 1}, {2 * second, 2}, {stop, 3}, {stop + int64(pause), 3}, {stop + int64(pause) + second, 4}}
		track := &track{metric: bench.CPUUsage, truth: list}
		got := s.ageOf(track, &reading{value: 3, end: stop + int64(pause)}, 0)
		if got.estimated != estimated || got.estimate != want {
			t.Errorf("after a pause of %v: %v, %t, want %v, %t", pause, got.estimate, got.estimated, want, estimated)
		}
	}
	f(0, 0, true)
	f(200*time.Millisecond, 200*time.Millisecond, true)
	f(6*time.Second, 0, false)
}

func TestExtremes(t *testing.T) {
	list := []instant{{1, 5}, {2, 9}, {3, 7}}
	f := func(from, to int64, wantLo, wantHi float64, ok bool) {
		t.Helper()
		lo, hi, gotOK := extremes(list, from, to)
		if lo != wantLo || hi != wantHi || gotOK != ok {
			t.Errorf("extremes(%d, %d) = %v, %v, %t", from, to, lo, hi, gotOK)
		}
	}
	f(1, 3, 5, 9, true)
	f(3, 3, 7, 7, true)
	f(4, 9, 0, 0, false)
}

func TestThousands(t *testing.T) {
	f := func(ratio float64, want int, ok bool) {
		t.Helper()
		if got, gotOK := thousands(ratio, unitSpread); gotOK != ok || ok && got != want {
			t.Errorf("thousands(%v) = %d, %t, want %d, %t", ratio, got, gotOK, want, ok)
		}
	}
	f(1000, 1, true)
	f(1024, 1, true)
	f(0.001, -1, true)
	f(1e-9, -3, true)
	f(1, 0, false)
	f(2, 0, false)
	f(100, 0, false)
	f(0, 0, false)
	f(-1000, 0, false)
	f(math.Inf(1), 0, false)
	f(math.NaN(), 0, false)
}

// TestForms holds that every form says what it must and nothing twice.
func TestForms(t *testing.T) {
	f := func(form *Form, pods, containers int) {
		t.Helper()
		seen := make(map[Field]bool)
		count := make(map[Level]int)
		required := 0
		for _, field := range form.Fields {
			place := Field{Metric: field.Metric, Level: field.Level}
			if seen[place] {
				t.Errorf("%s has %s of %ss twice", form.Name, field.Metric, field.Level)
			}
			seen[place] = true
			count[field.Level]++
			if field.Required && field.Level == Containers {
				required++
			}
		}
		if diff := cmp.Diff(map[Level]int{Pods: pods, Containers: containers}, count); diff != "" && (pods > 0 || count[Pods] > 0) {
			t.Errorf("fields of %s (-want +got):\n%s", form.Name, diff)
		}
		if required != 2 {
			t.Errorf("%s requires %d fields of containers, want CPU time and working set", form.Name, required)
		}
	}
	f(ContainerStats, 0, 18)
	f(PodSandboxStats, 19, 18)
	f(PodSandboxMetrics, 8, 48) // critest's 56
	f(CAdvisorSummary, 18, 17)
	f(CAdvisorMetrics, 8, 48)
}

func TestFindingString(t *testing.T) {
	f := func(finding Finding, want string) {
		t.Helper()
		if got := finding.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	f(Finding{Source: "s", Kind: Twice, Severity: Defect, Level: Containers, Subjects: []string{"a"}, Judged: 9, Evidence: "so"},
		"defect: s: twice, 1 of 9 containers: so")
	f(Finding{Source: "s", Kind: Absent, Severity: Limit, Level: Pods, Quantities: []string{"a", "b", "c", "d", "e", "f"}, Evidence: "never"},
		"limit: s: absent: a, b, c, d and 2 more: never")
	f(Finding{Source: "s", Kind: CallFails, Severity: Defect, Level: Answers, Evidence: "gone"}, "defect: s: call fails: gone")
}

// TestKinds holds that each kind is in the list of all, once.
func TestKinds(t *testing.T) {
	seen := make(map[Kind]bool)
	for _, k := range Kinds() {
		if seen[k] {
			t.Errorf("%q is there twice", k)
		}
		seen[k] = true
	}
	if len(seen) != 26 {
		t.Errorf("%d kinds, want 26", len(seen))
	}
}

func TestMaxAge(t *testing.T) {
	f := func(s Source, want time.Duration) {
		t.Helper()
		if got := s.maxAge(); got != want {
			t.Errorf("greatest age of %+v is %v, want %v", s, got, want)
		}
	}
	f(Source{}, DefaultMaxAge)
	f(Source{OwnClock: true}, DefaultOwnClockAge)
	f(Source{OwnClock: true, MaxAge: time.Second}, time.Second)
}

func TestQuantity(t *testing.T) {
	f := func(m *bench.Metric, v float64, want string) {
		t.Helper()
		if got := quantity(m, v); got != want {
			t.Errorf("quantity(%s, %v) = %q, want %q", m.Name, v, got, want)
		}
	}
	f(bench.CPUUsage, 1.25, "1.25 s")
	f(bench.MemoryRSS, 4096, "4096 B")
	f(bench.PageFaults, 12, "12")
}
