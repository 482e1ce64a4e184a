package jsondoc

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/reporttest"
)

func TestReport(t *testing.T) {
	schema := compile(t, true)
	// Without golden files: they would say what the report is and not how it is written.
	reporttest.RunData(t, Write, "", func(t *testing.T, r *analysis.Report, out []byte) { check(t, schema, r, out) })
}

func decode(t *testing.T, out []byte) map[string]any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

// check holds that the document is what encoding/json makes of the report, and what
// the schema says.
func check(t *testing.T, schema *jsonschema.Schema, r *analysis.Report, out []byte) {
	t.Helper()
	got := decode(t, out)
	if err := schema.Validate(got); err != nil {
		t.Errorf("%.3000v", err)
	}
	plain, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := decode(t, plain)
	want["schema"] = Version
	if got["mark"] != nil {
		want["mark"] = got["mark"]
	}
	if !reflect.DeepEqual(want, got) { // cmp takes seconds for long names
		diff := cmp.Diff(want, got)
		t.Errorf("document (-report +written):\n%.3000s", diff)
	}
	if marked := r.Simulated() || len(r.Host.NotForPublication) > 0; (got["mark"] != nil) != marked {
		t.Errorf("the mark is %v", got["mark"])
	}
}

// What is not a report is found out.
func TestSchemaRefuses(t *testing.T) {
	schema := compile(t, false)
	var out bytes.Buffer
	if err := Write(&out, reporttest.Parallel(t)); err != nil {
		t.Fatal(err)
	}
	f := func(what string, valid bool, spoil func(doc, arm map[string]any)) {
		t.Helper()
		doc := decode(t, out.Bytes())
		cell := doc["cells"].([]any)[0].(map[string]any)
		spoil(doc, cell["arms"].([]any)[0].(map[string]any))
		if err := schema.Validate(doc); (err == nil) != valid {
			t.Errorf("%s: %v", what, err)
		}
	}
	f("nothing spoiled", true, func(_, _ map[string]any) {})
	f("a field of a later version", true, func(doc, arm map[string]any) { doc["weather"], arm["weather"] = "fine", 1 })
	f("another version", false, func(doc, _ map[string]any) { doc["schema"] = "cri-stats-bench/report/v2" })
	f("no cells", false, func(doc, _ map[string]any) { delete(doc, "cells") })
	f("a number as text", false, func(_, arm map[string]any) { arm["used"] = "5" })
	f("half a trial", false, func(_, arm map[string]any) { arm["used"] = 0.5 })
	f("an estimate without n", false, func(_, arm map[string]any) {
		arm["total"].(map[string]any)["cpu_cores"] = map[string]any{"value": 1.0}
	})
	f("an absent estimate", true, func(_, arm map[string]any) {
		arm["total"].(map[string]any)["cpu_cores"] = map[string]any{"value": nil, "n": 0}
	})
	f("half an interval", false, func(_, arm map[string]any) {
		arm["total"].(map[string]any)["cpu_cores"] = map[string]any{"value": 1.0, "n": 2, "interval": map[string]any{"lo": 1.0}}
	})
	f("a made-up verdict", false, func(doc, _ map[string]any) {
		cell := doc["cells"].([]any)[0].(map[string]any)
		cell["pairings"] = []any{map[string]any{"arm": "a", "against": "b", "together": "Great"}}
	})
	f("a time that is none", false, func(doc, _ map[string]any) { doc["first"] = "yesterday" })
}

func TestLayout(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		var out bytes.Buffer
		layout(&out, []byte(in))
		if out.String() != want {
			t.Errorf("layout(%s) is %q, want %q", in, out.String(), want)
		}
	}
	f(`{}`, "{}\n")
	f(`{"a":[],"b":[1,2]}`, "{\n  \"a\": [],\n  \"b\": [\n    1,\n    2\n  ]\n}\n")
	f(`"{\"a\":[1,2]}\\"`, `"{\"a\":[1,2]}\\"`+"\n")
	f("\"ä\u202e\U000e0001\x7f\"", `"ä\u202e\udb40\udc01\u007f"`+"\n")
	f(`[[[[[[[[1,2],{"a":1}]]]]]]]`, "[\n  [\n    [\n      [\n        [\n          [\n            [[1,2],{\"a\":1}]\n          ]\n        ]\n      ]\n    ]\n  ]\n]\n")
}

func FuzzLayout(f *testing.F) {
	f.Add([]byte(`{"a":["x\u202e",{"b\\":null},[]],"c":{}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var v any
		if json.Unmarshal(in, &v) != nil {
			return
		}
		compact, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		layout(&out, compact)
		var again any
		if err := json.Unmarshal(out.Bytes(), &again); err != nil {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
		if diff := cmp.Diff(v, again); diff != "" {
			t.Fatalf("value (-before +after):\n%s", diff)
		}
		if i := strings.IndexFunc(out.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("%q is not printable", out.Bytes())
		}
	})
}
