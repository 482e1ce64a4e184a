package agreement

import "fmt"

// An Identity is one thing that a source says of who a pod or container is, beside what
// the runtime's own listings say right before and after.
type Identity struct {
	Source string
	Level  Level
	ID     string
	// What is "name", "attempt", "label app", "annotation note".
	What string
	// Says is what the source says, Listed what the listings do; Given is false where the
	// source says nothing of it.
	Says, Listed string
	Given        bool
}

// checkIdentities finds answers that call somebody by another name than the listings do:
// the kubelet finds pods and containers by names and labels. What is left out is a limit.
func (s *subject) checkIdentities() {
	for _, i := range s.Identities {
		if i.Source != s.source.Name {
			continue
		}
		s.judge(Misnamed, i.Level, i.ID)
		if i.Given && i.Says == i.Listed {
			continue
		}
		h := hit{
			kind: Misnamed, severity: Defect, level: i.Level, id: i.ID, weight: 1,
			evidence: fmt.Sprintf("the %s of %s %s is %.60q in the answer and %.60q in the listings", i.What, i.Level, short(i.ID), i.Says, i.Listed),
		}
		if !i.Given {
			h.severity, h.weight = Limit, 0
			h.evidence = fmt.Sprintf("the answer does not have the %s of %s %s, which the listings have", i.What, i.Level, short(i.ID))
		}
		s.found = append(s.found, h)
	}
}
