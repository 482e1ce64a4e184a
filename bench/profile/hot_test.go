package profile

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"cri-stats-bench/bench/record"
)

// made is a profile of samples: each a value and its stack, the leaf first.
func made(value, unit string, samples ...sample) *profile.Profile {
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: value, Unit: unit}},
		PeriodType: &profile.ValueType{Type: value, Unit: unit},
	}
	functions := make(map[string]*profile.Location)
	for _, s := range samples {
		out := &profile.Sample{Value: []int64{1, s.value}}
		for _, name := range s.stack {
			if functions[name] == nil {
				id := uint64(len(functions) + 1)
				f := &profile.Function{ID: id, Name: name}
				functions[name] = &profile.Location{ID: id, Line: []profile.Line{{Function: f}}}
				p.Function = append(p.Function, f)
				p.Location = append(p.Location, functions[name])
			}
			out.Location = append(out.Location, functions[name])
		}
		p.Sample = append(p.Sample, out)
	}
	return p
}

type sample struct {
	value int64
	stack []string
}

func TestHottest(t *testing.T) {
	p := made(cpuValue, "nanoseconds",
		sample{3e9, []string{"syscall", "read", "collect", "runtime.goexit"}},
		sample{1e9, []string{"parse", "collect", "runtime.goexit"}},
		sample{2e9, []string{"parse", "parse", "other", "runtime.goexit"}}, // it calls itself
	)
	got, err := hottest(p, cpuValue, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []record.HotFunction{
		{Function: "parse", Flat: 3, Total: 3}, {Function: "syscall", Flat: 3, Total: 3},
		{Function: "collect", Total: 4}, {Function: "read", Total: 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := hottest(p, allocatedValue, 2); err == nil {
		t.Error("a profile of CPU time has allocations")
	}
}

// What was there before the window is none of it.
func TestSince(t *testing.T) {
	before := made(allocatedValue, "bytes", sample{100, []string{"open"}}, sample{10, []string{"read"}})
	after := made(allocatedValue, "bytes", sample{100, []string{"open"}}, sample{35, []string{"read"}})
	p, err := since(before, after)
	if err != nil {
		t.Fatal(err)
	}
	got, err := hottest(p, allocatedValue, 5)
	if diff := cmp.Diff([]record.HotFunction{{Function: "read", Flat: 25, Total: 25}}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := made(cpuValue, "nanoseconds", sample{1, []string{"f"}}).Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("no profile"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parse(data)
		if err != nil {
			return
		}
		if hot, err := hottest(p, cpuValue, 3); err == nil && len(hot) > 6 {
			t.Errorf("%d functions", len(hot))
		}
	})
}
