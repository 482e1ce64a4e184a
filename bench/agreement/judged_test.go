package agreement_test

import (
	"slices"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// What nothing was held against has not been found true.
func TestNotJudged(t *testing.T) {
	f := func(name string, s scene, want ...string) {
		t.Helper()
		r, err := agreement.Check(s.input())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, finding := range agreement.Required.Broken(r, "source") {
			if finding.Kind == agreement.NotJudged {
				got = append(got, finding.Quantities...)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: not judged are %v, want %v", name, got, want)
		}
	}
	cpu, memory := bench.CPUUsage.Name, bench.MemoryWorkingSet.Name
	both := []string{cpu, memory}
	f("healthy", scene{})
	f("no cgroup file was read", scene{unread: func(int) bool { return true }}, both...)
	f("containers that are said to begin later", scene{
		see: func(int, *sample) bool { return false },
		change: func(in *agreement.Input) {
			later := func(l *agreement.Listing) {
				for i := range l.Pods {
					for k := range l.Pods[i].Containers {
						l.Pods[i].Containers[k].Created = began.Add(time.Hour)
					}
				}
			}
			for _, l := range in.Listings {
				later(l)
			}
			for i := range in.Observations {
				later(in.Observations[i].ListedBefore)
				later(in.Observations[i].ListedAfter)
			}
		},
	}, both...)
	f("nothing runs", scene{pods: 1, see: func(int, *sample) bool { return true }, change: func(in *agreement.Input) {
		for i := range in.Observations {
			o := &in.Observations[i]
			o.ListedBefore, o.ListedAfter, o.Answer, o.DirectBefore, o.DirectAfter =
				&agreement.Listing{}, &agreement.Listing{}, new(bench.Batch), nil, nil
		}
		in.Listings = nil
	}}, both...)
	f("no working set was held", scene{change: func(in *agreement.Input) {
		drop := func(d agreement.Direct) {
			if d != nil {
				d.Samples = slices.DeleteFunc(d.Samples, func(s bench.Sample) bool { return s.Metric.Name == memory })
			}
		}
		for _, d := range in.Directs {
			drop(d)
		}
		for i := range in.Observations {
			drop(in.Observations[i].DirectBefore)
			drop(in.Observations[i].DirectAfter)
		}
	}}, memory)
}

// api.proto has timestamps above 0.
func TestUnstamped(t *testing.T) {
	s := scene{see: func(_ int, s *sample) bool {
		s.at = time.Unix(0, 0)
		return true
	}}
	r, err := agreement.Check(s.input())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Findings, func(f agreement.Finding) bool { return f.Kind == agreement.Dishonest && f.Severity == agreement.Defect }) {
		t.Errorf("all timestamps are 0, and found was %v", r.Findings)
	}
}
