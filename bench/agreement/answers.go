package agreement

import (
	"fmt"
	"strings"
	"time"
)

// checkCalls finds calls that fail, and what of their answers came before.
//
// Any failure counts: a call to a runtime on the same machine does not fail by
// chance. A deadline is the caller's, and is in the error's text.
func (s *subject) checkCalls() {
	if err := s.source.OpenErr; err != nil {
		s.answerHit(CallFails, Defect, fmt.Sprintf("could not be opened: %v", err))
	}
	var fails, breaks []*observed
	for _, o := range s.calls {
		switch {
		case o.Err == nil:
		case o.Answer != nil && o.Answer.Pods()+o.Answer.Containers() > 0:
			breaks = append(breaks, o)
		default:
			fails = append(fails, o)
		}
	}
	if n := len(breaks); n > 0 {
		worst := breaks[n-1]
		s.answerHit(BreaksOff, Defect, fmt.Sprintf("%d of %d calls gave part of an answer (%d containers of %d), then: %v",
			n, len(s.calls), worst.Answer.Containers(), count(worst.due, Containers), worst.Err))
	}
	if n := len(fails); n > 0 {
		text := fmt.Sprintf("%d of %d calls gave nothing but: %v", n, len(s.calls), fails[n-1].Err)
		kind := CallFails
		if p := s.probe(); p != nil && len(p.Failed) > 0 && len(p.Failed) < p.Asked {
			kind = OnePodFails
			text += fmt.Sprintf("; asked one by one, %d of %d pods answer and %s does not", p.Asked-len(p.Failed), p.Asked, list(shorten(p.Failed), mostNamed))
		}
		s.answerHit(kind, Defect, text)
	}
}

func (s *subject) answerHit(kind Kind, severity Severity, evidence string) {
	s.found = append(s.found, hit{kind: kind, severity: severity, level: Answers, evidence: evidence})
}

func (s *subject) probe() *Probe {
	for i := range s.Probes {
		if s.Probes[i].Source == s.source.Name {
			return &s.Probes[i]
		}
	}
	return nil
}

func shorten(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = short(id)
	}
	return out
}

func count(set map[key]bool, level Level) int {
	n := 0
	for k := range set {
		if k.level() == level {
			n++
		}
	}
	return n
}

// presence is how often a pod or container was in answers that it was due in.
type presence struct{ due, missing, twice, unknown int }

// checkPopulation finds pods and containers that are missing, that nobody has
// listed, or that come twice.
//
// What came or went around an answer is not due in it, and what was listed once,
// in whatever state, is not extra; one that no listing caught must be in two
// answers, and then a listing between them would have caught it.
func (s *subject) checkPopulation() {
	seen := make(map[key]*presence)
	at := func(k key) *presence {
		if seen[k] == nil {
			seen[k] = new(presence)
		}
		return seen[k]
	}
	for _, o := range s.answers {
		times := make(map[key]int)
		for _, e := range o.Answer.Entities {
			if k, ok := keyOf(e); ok {
				times[k]++
			}
		}
		for k := range o.due {
			if !s.due(o, k) || k.level() == Pods && !s.source.Form.Pods {
				continue
			}
			at(k).due++
			if times[k] == 0 {
				at(k).missing++
			}
		}
		for k, n := range times {
			if n > 1 {
				at(k).twice++
			}
			// A kubelet goes by names: what came after its collector was opened has one for
			// an id ("namespace/name"), and whose that is nobody can tell; so has the pause
			// container ("ID/POD"), which no listing has.
			if !s.known[k] && !strings.Contains(k.id(), "/") {
				at(k).unknown++
			}
		}
	}
	for _, k := range sortedKeys(seen) {
		s.populationHits(k, seen[k])
	}
}

func (s *subject) populationHits(k key, p *presence) {
	add := func(kind Kind, n, of int, text string) {
		s.judge(kind, k.level(), k.id())
		if n == 0 {
			return
		}
		s.found = append(s.found, hit{
			kind: kind, severity: Defect, level: k.level(), id: k.id(), weight: float64(n),
			evidence: fmt.Sprintf(text, k.level(), short(k.id()), n, of),
		})
	}
	add(Missing, p.missing, p.due, "%s %s is not in %d of the %d answers that it was due in")
	add(Twice, p.twice, len(s.answers), "%s %s is more than once in %d of %d answers")
	if p.unknown < 2 {
		p.unknown = 0 // it may have come and gone between two listings
	}
	add(Extra, p.unknown, len(s.answers), "%s %s is in %d of %d answers and was never listed")
}

// Rules about bursts. A call that waits for leave takes longer when the one
// before it has used that leave up, and then again and again as long; a call that
// is only slow takes the same each time.
const (
	burstCalls  = 3
	burstLeast  = 300 * time.Millisecond // that the second call takes longer
	burstSpread = 0.15                   // between the second and the third
)

// checkBursts finds a limit on the rate of answers.
func (s *subject) checkBursts() {
	for _, b := range s.Bursts {
		if b.Source != s.source.Name || len(b.Service) < burstCalls {
			continue
		}
		rested, second, third := b.Service[0], b.Service[1], b.Service[2]
		if second-rested < burstLeast || (third-second).Abs() > time.Duration(burstSpread*float64(second)) {
			continue
		}
		rate := float64(b.Pods) / second.Seconds()
		allowance := rate * (second - rested).Seconds()
		s.answerHit(RateLimited, Limit, fmt.Sprintf("of %d pods the first call after a rest took %v, the next two %v and %v: %.3g pods per second, about %.0f of them at once",
			b.Pods, rounded(rested), rounded(second), rounded(third), rate, allowance))
	}
}

// checkSkew finds answers whose values lie further apart in time than a source
// without a clock of its own can explain: it reads between call and answer.
func (s *subject) checkSkew() {
	if s.source.OwnClock || s.saw(Containers, Frozen, Stale, Dishonest) {
		return
	}
	over, worst := 0, time.Duration(0)
	skews := s.skews()
	for i, skew := range skews {
		if skew > s.answers[i].End.Sub(s.answers[i].Start)+mostSkew {
			over++
			worst = max(worst, skew)
		}
	}
	if over >= 2 && 2*over > len(skews) {
		s.answerHit(Skewed, Limit, fmt.Sprintf("timestamps inside one answer lie up to %v apart, in %d of %d answers", rounded(worst), over, len(skews)))
	}
}

// mostSkew is how far apart values may be beyond the time of the call.
const mostSkew = 2 * time.Second

// skews returns for each answer how far its CPU timestamps are apart.
func (s *subject) skews() []time.Duration {
	first, last := make([]int64, len(s.answers)), make([]int64, len(s.answers))
	for _, t := range s.tracks {
		if t.metric.Name != cpu || t.key.level() != Containers {
			continue
		}
		for _, r := range t.readings {
			if r.at == 0 {
				continue
			}
			if first[r.index] == 0 || r.at < first[r.index] {
				first[r.index] = r.at
			}
			last[r.index] = max(last[r.index], r.at)
		}
	}
	out := make([]time.Duration, len(first))
	for i := range first {
		out[i] = time.Duration(last[i] - first[i])
	}
	return out
}

// rounded leaves about three digits.
func rounded(d time.Duration) time.Duration {
	for unit := 1000 * time.Second; unit > 1; unit /= 10 {
		if d.Abs() >= 100*unit {
			return d.Round(unit)
		}
	}
	return d
}
