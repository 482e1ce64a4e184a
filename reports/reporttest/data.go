package reporttest

import (
	"bytes"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/testfile"
)

// RunData tests one form of report that programs read: its golden files are
// testdata/NAME.EXT, none if ext is empty. check reads what was written by the rules of the format, as
// strictly as they can be, and compares with the report; it is called once more for
// each kind of hostile names.
func RunData(t *testing.T, write func(io.Writer, *analysis.Report) error, ext string, check func(*testing.T, *analysis.Report, []byte)) {
	for _, g := range []named{{"trouble", Trouble}, {"parallel", Parallel}, {"node", Node}, {"short", Short}} {
		t.Run(g.name, func(t *testing.T) {
			r := g.report(t)
			out := written(t, write, r)
			marked(t, r, out)
			check(t, r, out)
			if ext != "" {
				testfile.Golden(t, filepath.Join("testdata", g.name+"."+ext), out)
			}
		})
	}
	for _, h := range HostileNames() {
		t.Run(h.Name, func(t *testing.T) {
			for _, report := range []Report{Trouble, Short} {
				r := report(t)
				Rename(r, h.Rename)
				out := written(t, write, r)
				marked(t, r, out)
				check(t, r, out)
			}
		})
	}
	edges(t, write)
}

// marked holds what is true of every form that programs read.
func marked(t *testing.T, r *analysis.Report, out []byte) {
	t.Helper()
	clean(t, out)
	for _, mark := range []struct {
		text string
		want bool
	}{{"SIMULATED", r.Simulated()}, {"NOT FOR PUBLICATION", len(r.Host.NotForPublication) > 0}} {
		if got := bytes.Contains(out, []byte(mark.text)); got != mark.want {
			t.Errorf("%s is in the report: %v, want %v", mark.text, got, mark.want)
		}
	}
}

// Short is Headline with few rounds, as from a node fit for publication: small enough
// for golden files that hold every observation.
func Short(t testing.TB) *analysis.Report {
	t.Helper()
	run, err := analysistest.Headline(3)
	if err != nil {
		t.Fatal(err)
	}
	run.Plan.Pods = []int{10, 35}
	in := run.Input()
	in.Host.Simulated = false
	return analyse(t, in)
}

// Names is a way to name everything in a report.
type Names struct {
	Name   string
	Rename func(string) string
}

// HostileNames are names that try to break a format. All keep different names
// different.
func HostileNames() []Names {
	return []Names{
		{"markup in names", func(s string) string { return Hostile + s }},
		{"formulas in names", func(s string) string { return "=HYPERLINK(\"http://x\",'" + s + "')\r\n\x00\xff\\" }},
		{"10000 letters in names", func(s string) string { return strings.Repeat("x", 10000) + s }},
	}
}

// Rename renames everything in *v that has a name of its own: every string that is
// not of a named type, which are the words of the vocabulary. Equal names stay
// equal.
func Rename(v any, rename func(string) string) {
	walk(reflect.ValueOf(v), rename)
}

func walk(v reflect.Value, rename func(string) string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), rename)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walk(v.Index(i), rename)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walk(v.Field(i), rename)
			}
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.CanSet() && v.String() != "" {
			v.SetString(rename(v.String()))
		}
	}
}
