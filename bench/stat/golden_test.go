package stat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// relative is how far a result may lie from R's: the file holds 15 digits.
const relative = 1e-9

// A checker compares one family of the reference file with this package.
type checker func(t *testing.T, family json.RawMessage)

// checkFile compares every family of a reference file. A family that nothing
// checks fails, and so does one that is missing.
func checkFile(t *testing.T, file string, known map[string]checker) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var families map[string]json.RawMessage
	if err := json.Unmarshal(data, &families); err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	for name := range known {
		if _, ok := families[name]; !ok {
			t.Errorf("family %q is missing from %s", name, file)
		}
	}
	for name, family := range families {
		check, ok := known[name]
		if !ok {
			t.Errorf("family %q of %s is not checked by anything", name, file)
			continue
		}
		t.Run(name, func(t *testing.T) { check(t, family) })
	}
}

// decode reads one case and refuses fields it does not know: an unknown field is
// an unchecked value.
func decode[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("decode: %v", err)
	}
	return v
}

// cases reads a list or a map of cases; an empty one checks nothing and fails.
func cases[T any](t *testing.T, raw json.RawMessage) map[string]T {
	t.Helper()
	all := map[string]T{}
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		for i, c := range decode[[]T](t, raw) {
			all[fmt.Sprint(i)] = c
		}
	} else {
		all = decode[map[string]T](t, raw)
	}
	if len(all) == 0 {
		t.Fatal("no cases")
	}
	return all
}

func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*math.Max(math.Abs(got), math.Abs(want))
}

// agree compares named results with R's.
type agree struct {
	t    *testing.T
	name string
}

func (a agree) value(what string, got, want float64) {
	a.t.Helper()
	if !near(got, want, relative) {
		a.t.Errorf("%s: %s = %.15g, R has %.15g", a.name, what, got, want)
	}
}

func (a agree) interval(what string, got Interval, want [2]float64) {
	a.t.Helper()
	a.value(what+" low", got.Lo, want[0])
	a.value(what+" high", got.Hi, want[1])
}

func (a agree) ok(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatalf("%s: %v", a.name, err)
	}
}
