package profile

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

	"cri-stats-bench/bench/record"
)

// The values that a sample of a Go program has, see runtime/pprof: time on a CPU in
// nanoseconds, and bytes that were asked for, freed ones included.
const (
	cpuValue       = "cpu"
	allocatedValue = "alloc_space"
)

// parse parses a profile as `go tool pprof` reads it.
func parse(data []byte) (*profile.Profile, error) {
	p, err := profile.Parse(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("parse a profile of %d bytes: %w", len(data), err)
	}
	return p, nil
}

// since subtracts the samples of before from those of after, which is what was there
// between the two.
func since(before, after *profile.Profile) (*profile.Profile, error) {
	before.Scale(-1)
	return profile.Merge([]*profile.Profile{before, after})
}

// hottest returns the functions that one value was spent in: the n heaviest by
// themselves, then the n heaviest with what they called, without those of the Go runtime,
// under which everything stands, and without the ones named before. Values of time are
// in seconds, others as they are.
func hottest(p *profile.Profile, value string, n int) ([]record.HotFunction, error) {
	at := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == value })
	if at < 0 {
		return nil, fmt.Errorf("the profile has no value %q", value)
	}
	unit := 1.0
	if p.SampleType[at].Unit == "nanoseconds" {
		unit = 1e-9
	}
	functions := make(map[string]*record.HotFunction)
	of := func(name string) *record.HotFunction {
		if functions[name] == nil {
			functions[name] = &record.HotFunction{Function: name}
		}
		return functions[name]
	}
	for _, s := range p.Sample {
		v := float64(s.Value[at]) * unit
		if v == 0 {
			continue
		}
		seen := make(map[string]bool) // a function that calls itself is counted once
		for i, location := range s.Location {
			for j, line := range location.Line {
				if line.Function == nil {
					continue
				}
				name := line.Function.Name
				if i == 0 && j == 0 {
					of(name).Flat += v
				}
				if !seen[name] {
					seen[name] = true
					of(name).Total += v
				}
			}
		}
	}
	all := slices.Collect(maps.Values(functions))
	var out []record.HotFunction
	take := func(by func(f *record.HotFunction) float64) {
		slices.SortFunc(all, func(a, b *record.HotFunction) int {
			return cmp.Or(cmp.Compare(by(b), by(a)), cmp.Compare(a.Function, b.Function))
		})
		for _, f := range all[:min(n, len(all))] {
			if by(f) > 0 {
				out = append(out, *f)
			}
		}
	}
	take(func(f *record.HotFunction) float64 { return f.Flat })
	all = slices.DeleteFunc(all, func(f *record.HotFunction) bool {
		return strings.HasPrefix(f.Function, "runtime.") || slices.Contains(out, *f)
	})
	take(func(f *record.HotFunction) float64 { return f.Total })
	return out, nil
}
