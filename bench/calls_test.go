package bench

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCallsJSON(t *testing.T) {
	calls := Calls{
		{Due: 0, Start: 3 * time.Microsecond, Service: 25 * time.Millisecond, Bytes: 99, Pods: 2, Containers: 3, Samples: 40},
		{Due: time.Second, Start: time.Second, Service: 10 * time.Second, Err: "deadline exceeded"},
	}
	data, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"due_ns":[0,1000000000],"start_ns":[3000,1000000000],"service_ns":[25000000,10000000000],"bytes":[99,0],"pods":[2,0],"containers":[3,0],"samples":[40,0],"errors":{"1":"deadline exceeded"}}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var back Calls
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(calls, back); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
}

// What answers lack is a column where any lacks something, and no column elsewhere.
func TestCallsLack(t *testing.T) {
	calls := Calls{{Containers: 3}, {Containers: 2, Lacks: 1}, {Err: "gone", Lacks: 1}}
	data, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	var back Calls
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(calls, back); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
	if back.Partial() != 1 || back.Failed() != 1 {
		t.Errorf("%d partial, %d failed; want 1, 1", back.Partial(), back.Failed())
	}
}

func TestCallsJSONRefuses(t *testing.T) {
	f := func(text string) {
		t.Helper()
		var c Calls
		if err := json.Unmarshal([]byte(text), &c); err == nil {
			t.Errorf("%s was read as %v", text, c)
		}
	}
	f(`{"due_ns":[0,1],"start_ns":[0]}`)
	f(`{"due_ns":[0],"start_ns":[0],"service_ns":[0],"bytes":[0],"pods":[0],"containers":[0],"samples":[0],"errors":{"1":"x"}}`)
	f(`{"due_ns":[0],"start_ns":[0],"service_ns":[0],"bytes":[0],"pods":[0],"containers":[0],"samples":[0],"lacks":[1,2]}`)
	f(`[]`)
}

func FuzzCallsJSON(f *testing.F) {
	f.Add([]byte(`{"due_ns":[0],"start_ns":[0],"service_ns":[0],"bytes":[0],"pods":[0],"containers":[0],"samples":[0]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Calls
		if json.Unmarshal(data, &c) != nil {
			return
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Calls
		if err := json.Unmarshal(again, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, back); diff != "" {
			t.Errorf("round trip (-want +got):\n%s", diff)
		}
	})
}

func TestBatchReset(t *testing.T) {
	var b Batch
	fill := func() {
		b.Reset()
		pod := b.Entity(Entity{Pod: "p"})
		b.Add(CPUUsage, pod, 1, 2)
		b.Add(MemoryRSS, b.Entity(Entity{Pod: "p", Container: "c"}), 3, 4)
		b.Entity(Entity{Cgroup: "/"})
	}
	fill()
	if n := testing.AllocsPerRun(100, fill); n != 0 {
		t.Errorf("a batch of the same size allocates %v times", n)
	}
	if b.Pods() != 1 || b.Containers() != 1 || len(b.Samples) != 2 {
		t.Errorf("%d pods, %d containers, %d samples", b.Pods(), b.Containers(), len(b.Samples))
	}
}
