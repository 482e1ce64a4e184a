package agreement

import (
	"fmt"
	"time"

	"cri-stats-bench/bench"
)

// checkSteps finds sources that show a step of memory later than their age allows.
func (s *subject) checkSteps() {
	for _, step := range s.Steps {
		d, ok := s.detection(step)
		if !ok || d <= s.source.maxAge() || s.saw(Containers, Frozen, Stale, Dishonest) {
			continue
		}
		s.found = append(s.found, hit{
			kind: Late, severity: Defect, level: Containers, metric: bench.MemoryWorkingSet.Name, id: step.Container, weight: d.Seconds(),
			evidence: fmt.Sprintf("%.0f MiB more in container %s were seen %v late", step.Bytes/(1<<20), short(step.Container), rounded(d)),
		})
	}
}

// detection is the time from when a step was in the cgroup files until the source
// showed it: until the answer that did, so that it holds the interval between
// calls as well. Where it never did, it is the time until the last answer.
func (s *subject) detection(step Step) (time.Duration, bool) {
	for _, t := range s.tracks {
		if t.key.container != step.Container || t.metric.Name != bench.MemoryWorkingSet.Name {
			continue
		}
		base, ok := 0.0, false
		last := time.Duration(0)
		for _, r := range t.readings {
			switch {
			case r.end < step.Seen.UnixNano():
				base, ok = r.value, true
			case !ok:
				return 0, false // nothing to compare with
			case r.end > step.Ended.UnixNano():
				return last, last > s.source.maxAge()
			case r.value >= base+step.Bytes/2:
				return time.Duration(r.end - step.Seen.UnixNano()), true
			default:
				last = time.Duration(r.end - step.Seen.UnixNano())
			}
		}
		return last, last > s.source.maxAge()
	}
	return 0, false
}
