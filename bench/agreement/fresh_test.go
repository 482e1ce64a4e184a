package agreement_test

import (
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// What is fresh is counted at the cadence of who uses the source, by timestamps where
// they are honest and by counters where there are none.
func TestFresh(t *testing.T) {
	cache := func(every time.Duration, stamped bool) func(int, *sample) bool {
		return func(_ int, s *sample) bool {
			at := s.now.Truncate(every)
			s.value, s.at = s.then(at), at
			if !stamped {
				s.at = time.Unix(0, 0)
			}
			return true
		}
	}
	f := func(name string, s scene, want float64, of int) {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			got := s.check(t).Sources[0].Fresh
			if got == nil || got.Value != want || got.Of != of {
				t.Errorf("fresh %+v, want %v of %d", got, want, of)
			}
		})
	}
	f("reads each time", scene{}, 1, 75)
	f("a cache of 5 s, called every second", scene{calls: 16, see: cache(5*time.Second, true)}, 0.2, 75)
	f("the same, called every 5 s", scene{source: agreement.Source{Interval: 5 * time.Second}, calls: 16, see: cache(5*time.Second, true)}, 1, 15)
	f("without timestamps, by the counters", scene{calls: 16, see: cache(5*time.Second, false)}, 0.2, 75)
}

// Where neither timestamps nor counters tell, nothing is said.
func TestFreshUnknown(t *testing.T) {
	s := scene{
		rate: func(int) float64 { return 0 },
		see: func(_ int, s *sample) bool {
			if s.metric == bench.CPUUsage {
				s.at = time.Unix(0, 0)
			}
			return true
		},
	}
	if got := s.check(t).Sources[0].Fresh; got != nil {
		t.Errorf("fresh %+v of counters that stand still and have no time", got)
	}
}
