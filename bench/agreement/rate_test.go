package agreement_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// Container i of a scene uses 0.05 (i+1) CPUs. What the rate may be is what the counter
// allows, whatever its window is; what it may not be is found, whatever else is right.
func TestRates(t *testing.T) {
	f := func(what string, calls int, rate func(call int, uses float64) (float64, bool), want ...agreement.Kind) {
		t.Helper()
		s := scene{calls: calls, change: func(in *agreement.Input) {
			in.Node.CPUs = 2
			for call := range in.Observations {
				answer := in.Observations[call].Answer
				for e, entity := range answer.Entities {
					for i := range 5 {
						if entity.Container != containerID(i) {
							continue
						}
						if v, there := rate(call, 0.05*float64(i+1)); there {
							answer.Add(bench.CPUUsageRate, int32(e), v, in.Observations[call].Start.UnixNano())
						}
					}
				}
			}
		}}
		if diff := cmp.Diff(want, kinds(s.check(t), agreement.Defect)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	f("right", 16, func(_ int, uses float64) (float64, bool) { return uses, true })
	f("of a window that is a little off", 30, func(call int, uses float64) (float64, bool) { return uses * (1 + 0.3*float64(call%3)), true })
	f("unset", 16, func(int, float64) (float64, bool) { return 0, false })
	f("0 until there are two readings", 16, func(call int, uses float64) (float64, bool) { return uses * float64(min(call, 1)), true })
	f("0 in every third answer", 16, func(call int, uses float64) (float64, bool) { return uses * float64(min(call%3, 1)), true }, agreement.WrongRate)
	f("0 in one late answer", 16, func(call int, uses float64) (float64, bool) {
		if call == 14 {
			return 0, true
		}
		return uses, true
	}, agreement.WrongRate)
	f("0 in the third of four answers", 4, func(call int, uses float64) (float64, bool) { return uses * float64(min((call+1)%3, 1)), true }, agreement.WrongRate)
	f("wrapped around", 4, func(call int, uses float64) (float64, bool) {
		if call == 2 {
			return math.MaxUint64 / 1e9, true
		}
		return uses, true
	}, agreement.WrongRate)
	f("beyond the node once", 16, func(call int, uses float64) (float64, bool) {
		if call == 3 {
			return 1 << 62 / 1e9, true
		}
		return uses, true
	}, agreement.WrongRate)
	f("three times too much", 30, func(_ int, uses float64) (float64, bool) { return 3 * uses, true }, agreement.WrongRate)
	f("always 0", 16, func(int, float64) (float64, bool) { return 0, true }, agreement.Zero)
}

// One timestamp for all sandboxes of a walk that takes 80 ms each makes the rates of the
// last ones those of another time; a stamp of each one's own does not, nor does a quick walk.
func TestOneStamp(t *testing.T) {
	f := func(what string, each time.Duration, own bool, want ...agreement.Kind) {
		t.Helper()
		s := scene{pods: 8, service: 8*each + 10*time.Millisecond, rate: func(int) float64 { return 0.2 }, source: agreement.Source{Form: agreement.ContainerStats}}
		s.see = func(o int, shown *sample) bool {
			i := int(shown.container[len("container")] - '0')
			start := began.Add(time.Duration(o)*s.interval + 2*time.Millisecond)
			read := start.Add(time.Duration(i) * each)
			shown.value, shown.at = shown.then(read), start
			if own {
				shown.at = read
			}
			return true
		}
		s.change = func(in *agreement.Input) {
			for call := range in.Observations {
				o := &in.Observations[call]
				for e := range o.Answer.Entities {
					o.Answer.Add(bench.CPUUsageRate, int32(e), 0.2, o.Start.UnixNano())
				}
			}
		}
		if diff := cmp.Diff(want, kinds(s.check(t), agreement.Defect)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	f("one stamp, a slow walk", 80*time.Millisecond, false, agreement.WrongRate)
	f("a stamp each, a slow walk", 80*time.Millisecond, true)
	f("one stamp, a quick walk", 2*time.Millisecond, false)
}
