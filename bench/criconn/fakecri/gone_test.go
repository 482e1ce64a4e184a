package fakecri

import (
	"testing"
	"time"
)

// Pods go while an answer is made: whatever the defect, what was read of them is answered
// or refused, and nothing is divided by the pods that are left.
func TestDefectOfPodsThatWent(t *testing.T) {
	for _, d := range Defects() {
		for seed := range uint64(3) {
			s, err := Start(Options{Defect: d, Seed: seed, Clock: func() time.Time { return time.Unix(1_700_000_000, 0) }})
			if err != nil {
				t.Fatal(err)
			}
			gone := podReading{pod: pod{id: "gone"}, containers: []containerReading{{}}}
			if err := s.refuse(gone); err != nil {
				t.Errorf("%s refuses a pod that is none of the server's: %v", d, err)
			}
			s.spoil("ListPodSandboxStats", nil)
			s.spoil("ListPodSandboxStats", []podReading{{pod: pod{id: "empty"}}})
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
		}
	}
}
