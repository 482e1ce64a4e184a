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
		if !ok || d.hidden <= s.source.maxAge() || s.saw(Containers, Frozen, Stale, Dishonest) {
			continue
		}
		s.found = append(s.found, hit{
			kind: Late, severity: Defect, level: Containers, metric: bench.MemoryWorkingSet.Name, id: step.Container, weight: d.hidden.Seconds(),
			evidence: fmt.Sprintf("%.0f MiB more in container %s were not there yet in an answer to a call %v later", step.Bytes/(1<<20), short(step.Container), rounded(d.hidden)),
		})
	}
}

// A detection is when a source showed a step, counted from when it was in the cgroup
// files.
type detection struct {
	// seen is the time until the answer that showed it, which holds the interval between
	// calls as well; where none did, until the last answer.
	seen time.Duration
	// hidden is the time until the last call whose answer did not have it: for as long
	// the source hid it for sure, however seldom it is called.
	hidden time.Duration
}

// detection is false where the source was not called before the step, or where none of
// its answers came while it lasted.
func (s *subject) detection(step Step) (detection, bool) {
	var d detection
	for _, t := range s.tracks {
		if t.key.container != step.Container || t.metric.Name != bench.MemoryWorkingSet.Name {
			continue
		}
		base, ok := 0.0, false
		for _, r := range t.readings {
			switch {
			case r.end < step.Seen.UnixNano():
				base, ok = r.value, true
			case !ok:
				return d, false // nothing to compare with
			case r.end > step.Ended.UnixNano():
				return d, d.hidden > s.source.maxAge()
			case r.value >= base+step.Bytes/2:
				d.seen = time.Duration(r.end - step.Seen.UnixNano())
				return d, true
			default:
				d.seen = time.Duration(r.end - step.Seen.UnixNano())
				d.hidden = max(0, time.Duration(r.start-step.Seen.UnixNano()))
			}
		}
		return d, d.hidden > s.source.maxAge()
	}
	return d, false
}
