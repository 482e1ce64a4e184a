package bench

import (
	"encoding/json"
	"fmt"
	"time"
)

// Calls are the calls of one agent in one window, in order. As JSON they are
// columns of integers (nanoseconds and counts), which is a fifth of the size of
// a list of objects and reads five times as fast:
//
//	{"due_ns":[0,1000000000],"start_ns":[…],"service_ns":[…],"bytes":[…],
//	 "pods":[…],"containers":[…],"samples":[…],"errors":{"1":"deadline exceeded"}}
type Calls []Call

// Failed counts the calls that failed.
func (c Calls) Failed() int {
	n := 0
	for i := range c {
		if c[i].Err != "" {
			n++
		}
	}
	return n
}

// Partial counts the answers that lack a container that ran all along.
func (c Calls) Partial() int {
	n := 0
	for i := range c {
		if c[i].Err == "" && c[i].Lacks > 0 {
			n++
		}
	}
	return n
}

// callColumns is Calls on disk.
type callColumns struct {
	Due        []int64        `json:"due_ns"`
	Start      []int64        `json:"start_ns"`
	Service    []int64        `json:"service_ns"`
	Bytes      []int64        `json:"bytes"`
	Pods       []int64        `json:"pods"`
	Containers []int64        `json:"containers"`
	Samples    []int64        `json:"samples"`
	Lacks      []int64        `json:"lacks,omitempty"` // absent where none lacks any
	Errors     map[int]string `json:"errors,omitempty"`
}

// MarshalJSON writes the calls as columns.
func (c Calls) MarshalJSON() ([]byte, error) {
	backing := make([]int64, 7*len(c))
	column := func(i int) []int64 { return backing[i*len(c) : (i+1)*len(c)] }
	w := callColumns{column(0), column(1), column(2), column(3), column(4), column(5), column(6), nil, nil}
	for i, call := range c {
		w.Due[i] = int64(call.Due)
		w.Start[i] = int64(call.Start)
		w.Service[i] = int64(call.Service)
		w.Bytes[i] = call.Bytes
		w.Pods[i] = int64(call.Pods)
		w.Containers[i] = int64(call.Containers)
		w.Samples[i] = int64(call.Samples)
		if call.Lacks > 0 {
			if w.Lacks == nil {
				w.Lacks = make([]int64, len(c))
			}
			w.Lacks[i] = int64(call.Lacks)
		}
		if call.Err != "" {
			if w.Errors == nil {
				w.Errors = make(map[int]string)
			}
			w.Errors[i] = call.Err
		}
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads columns and refuses columns of different lengths.
func (c *Calls) UnmarshalJSON(data []byte) error {
	var w callColumns
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	n := len(w.Due)
	for _, column := range [][]int64{w.Start, w.Service, w.Bytes, w.Pods, w.Containers, w.Samples} {
		if len(column) != n {
			return fmt.Errorf("calls: columns of %d and %d rows", n, len(column))
		}
	}
	if w.Lacks != nil && len(w.Lacks) != n {
		return fmt.Errorf("calls: columns of %d and %d rows", n, len(w.Lacks))
	}
	calls := make(Calls, n)
	for i := range calls {
		calls[i] = Call{
			Due:        time.Duration(w.Due[i]),
			Start:      time.Duration(w.Start[i]),
			Service:    time.Duration(w.Service[i]),
			Bytes:      w.Bytes[i],
			Pods:       int(w.Pods[i]),
			Containers: int(w.Containers[i]),
			Samples:    int(w.Samples[i]),
		}
	}
	for i, lacks := range w.Lacks {
		calls[i].Lacks = int(lacks)
	}
	for i, text := range w.Errors {
		if i < 0 || i >= n {
			return fmt.Errorf("calls: error of call %d, but there are %d calls", i, n)
		}
		calls[i].Err = text
	}
	*c = calls
	return nil
}
