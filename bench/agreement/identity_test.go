package agreement_test

import (
	"testing"

	"cri-stats-bench/bench/agreement"
)

// Who somebody is must be what the listings say; that something is left out is a limit.
func TestIdentities(t *testing.T) {
	f := func(i agreement.Identity, want agreement.Severity) {
		t.Helper()
		i.Source, i.Level, i.ID = "source", agreement.Containers, containerID(1)
		s := scene{change: func(in *agreement.Input) { in.Identities = []agreement.Identity{i} }}
		got := agreement.Severity("")
		for _, found := range s.check(t).Findings {
			if found.Kind == agreement.Misnamed {
				got = found.Severity
				if len(found.Subjects) != 1 || found.Judged != 1 {
					t.Errorf("%+v", found)
				}
			}
		}
		if got != want {
			t.Errorf("%+v is a %q, want %q", i, got, want)
		}
	}
	f(agreement.Identity{What: "name", Says: "a", Listed: "a", Given: true}, "")
	f(agreement.Identity{What: "name", Says: "b", Listed: "a", Given: true}, agreement.Defect)
	f(agreement.Identity{What: "label app", Says: "", Listed: "a", Given: true}, agreement.Defect)
	f(agreement.Identity{What: "label app", Listed: "a"}, agreement.Limit)
	f(agreement.Identity{What: "annotation note", Says: "b", Listed: "a", Given: true}, agreement.Defect)
}
