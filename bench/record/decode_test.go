package record

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

// fill sets every field of v, and of all that is in it, to something.
func fill(v reflect.Value, n *int64) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1_700_000_000, *n).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(`text "calls":` + string(rune('a'+*n%26)))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 7)
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(*n)
	}
}

// TestDecodeEveryField finds a field of the vocabulary that the fast road would
// lose, also one that is added later.
func TestDecodeEveryField(t *testing.T) {
	var want, got bench.Trial
	var n int64
	fill(reflect.ValueOf(&want).Elem(), &n)
	data, err := json.Marshal(&want)
	if err != nil {
		t.Fatal(err)
	}
	var d decoder
	calls, ok := d.cutCalls(data)
	if !ok || !decodeRest(d.rest, calls, &got) {
		t.Fatalf("the fast road does not take %s", data)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after a round trip (-want +got):\n%s", diff)
	}
}

// sameAsJSON holds decodeTrial against encoding/json.
func sameAsJSON(t *testing.T, data []byte) {
	t.Helper()
	var want, got bench.Trial
	wantErr := json.Unmarshal(data, &want)
	var d decoder
	gotErr := d.trial(data, &got)
	if (wantErr == nil) != (gotErr == nil) {
		t.Fatalf("decode %s: error %v, encoding/json: %v", data, gotErr, wantErr)
	}
	if diff := cmp.Diff(want, got); wantErr == nil && diff != "" {
		t.Errorf("decode %s: (-encoding/json +got):\n%s", data, diff)
	}
}

// oddTrials are trials that are not as a Writer writes them, right and wrong ones.
var oddTrials = []string{
	`{}`, `null`, `[]`, `{"agents":null}`, `{"agents":[]}`, `{"agents":[{}]}`, `{"agents":[{"calls":null}]}`, `{"agents":[{"calls":0}]}`,
	`{"agents":[{"calls":{}}]}`,
	`{"agents":[{"calls":{"due_ns":[],"start_ns":[],"service_ns":[],"bytes":[],"pods":[],"containers":[],"samples":[]}}]}`,
	`{"agents":[{"calls":{"due_ns":[1],"start_ns":[2],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7]}}]}`,
	`{"agents":[{"calls":{"due_ns":[1],"start_ns":[2],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7],"errors":{"0":"a\"}b"}}}]}`,
	`{"agents":[{"calls":{"due_ns":[1],"start_ns":[2],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7],"errors":{"1":"x"}}}]}`,
	`{"agents":[{"calls":{"due_ns":[1],"start_ns":[2],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7],"errors":{"0":"x"`,
	`{"agents":[{"calls":{"due_ns":[1, 2],"start_ns":[2,1],"service_ns":[3,1],"bytes":[4,1],"pods":[5,1],"containers":[6,1],"samples":[7,1]}}]}`,
	`{"agents":[{"calls":{"due_ns":[1,2],"start_ns":[2],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7]}}]}`,
	`{"agents":[{"calls":{"due_ns":[1],"start_ns":[2,2],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7]}}]}`,
	`{"agents":[{"calls":{"due_ns":[01],"start_ns":[2],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7]}}]}`,
	`{"agents":[{"calls":{"due_ns":[-],"start_ns":[2],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7]}}]}`,
	`{"agents":[{"calls":{"due_ns":[-5],"start_ns":[9223372036854775807],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7]}}]}`,
	`{"agents":[{"calls":{"due_ns":[1e3],"start_ns":[9223372036854775808],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7]}}]}`,
	`{"agents":[{"calls":{"due_ns":[1],"start_ns":[2],"service_ns":[3],"bytes":[4],"pods":[5],"containers":[6],"samples":[7]}}],"x":{"calls":0}}`,
	`{"agents":[{"calls":0}],"x":{"calls":{"due_ns":[],"start_ns":[],"service_ns":[],"bytes":[],"pods":[],"containers":[],"samples":[]}}}`,
	`{"costs":{"agent":{}},"agents":[{"cost":{"cpu_seconds":1e-9,"a\\b":-0.5}}]}`,
	`{"costs":{"agent":{"x":null,"y":1}}}`, `{"costs":{"agent":{"x":"1"}}}`, `{"costs":{"agent":null}}`, `{"costs":{"agent":{"x" : 1 , "y":2}}}`,
	`{"costs":{"agent":{"x":1,"x":2}}}`, `{"costs":{"agent":{"a,b}":1}}}`, `{"costs":{"agent":{"\u00e9":1}}}`, `{"costs":{"agent":{"` + "\xff" + `":1}}}`, `{"costs":{"agent":{"x":1e999}}}`,
	`{"costs":{"agent":[1]}}`,
}

func TestDecodeOddTrials(t *testing.T) {
	for _, in := range oddTrials {
		sameAsJSON(t, []byte(in))
	}
}

func FuzzDecodeTrial(f *testing.F) {
	for _, in := range oddTrials {
		f.Add([]byte(in))
	}
	data, err := json.Marshal(exampleTrial(rand.New(rand.NewPCG(1, 2)), 0, 5))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(sameAsJSON)
}
