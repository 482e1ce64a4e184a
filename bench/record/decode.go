package record

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"cri-stats-bench/bench"
)

// A decoder decodes trials, one after the other. Its zero value is ready.
type decoder struct {
	rest []byte // reused
}

// trial decodes the JSON of a trial. Nearly all of it are the columns of
// calls, which encoding/json would go over four times; so they are cut out and
// decoded in one go, and the little that is left is decoded as usual. Whatever is
// not just as bench.Calls writes it is decoded by encoding/json alone, which
// then finds the error, if it is one.
func (d *decoder) trial(data []byte, t *bench.Trial) error {
	calls, ok := d.cutCalls(data)
	if ok && decodeRest(d.rest, calls, t) {
		return nil
	}
	*t = bench.Trial{}
	return json.Unmarshal(data, t)
}

// trialWithout is a bench.Trial whose agents have a number in place of their
// calls. Its own fields hide those of the same name that are embedded.
type trialWithout struct {
	bench.Trial
	Agents []agentWithout           `json:"agents"`
	Costs  map[bench.Component]cost `json:"costs"`
}

type agentWithout struct {
	bench.AgentReport
	Calls *int `json:"calls"`
	Cost  cost `json:"cost"`
}

// decodeRest decodes what is left around calls that were cut out. It returns
// false unless each of them belongs to one agent, and each agent has some.
func decodeRest(rest []byte, calls []bench.Calls, t *bench.Trial) bool {
	var w trialWithout
	if json.Unmarshal(rest, &w) != nil || len(w.Agents) != len(calls) {
		return false
	}
	*t = w.Trial
	if w.Costs != nil {
		t.Costs = make(bench.Costs, len(w.Costs))
		for component, c := range w.Costs {
			t.Costs[component] = bench.Cost(c)
		}
	}
	if w.Agents != nil {
		t.Agents = make([]bench.AgentReport, len(w.Agents))
	}
	for i := range w.Agents {
		if w.Agents[i].Calls == nil || *w.Agents[i].Calls != i {
			return false
		}
		t.Agents[i] = w.Agents[i].AgentReport
		t.Agents[i].Calls = calls[i]
		t.Agents[i].Cost = bench.Cost(w.Agents[i].Cost)
	}
	return true
}

const (
	callsKey  = `"calls":`
	errorsKey = `,"errors":`
)

// columns are the columns of bench.Calls, in their order, and where each goes.
var columns = []struct {
	open string
	set  func(*bench.Call, int64)
	// mayLack is set for what is written only where there is something of it.
	mayLack bool
}{
	{`{"due_ns":[`, func(c *bench.Call, v int64) { c.Due = time.Duration(v) }, false},
	{`,"start_ns":[`, func(c *bench.Call, v int64) { c.Start = time.Duration(v) }, false},
	{`,"service_ns":[`, func(c *bench.Call, v int64) { c.Service = time.Duration(v) }, false},
	{`,"bytes":[`, func(c *bench.Call, v int64) { c.Bytes = v }, false},
	{`,"pods":[`, func(c *bench.Call, v int64) { c.Pods = int(v) }, false},
	{`,"containers":[`, func(c *bench.Call, v int64) { c.Containers = int(v) }, false},
	{`,"samples":[`, func(c *bench.Call, v int64) { c.Samples = int(v) }, false},
	{`,"lacks":[`, func(c *bench.Call, v int64) { c.Lacks = int(v) }, true},
}

// cutCalls takes the values of all keys "calls" out of a trial's JSON and leaves
// the rest in d.rest, with their numbers, from 0, in their place. The key cannot
// be mistaken: inside a string its second quote would have a backslash before it.
func (d *decoder) cutCalls(data []byte) (calls []bench.Calls, ok bool) {
	d.rest = d.rest[:0]
	for {
		i := bytes.Index(data, []byte(callsKey))
		if i < 0 {
			d.rest = append(d.rest, data...)
			return calls, true
		}
		i += len(callsKey)
		d.rest = append(d.rest, data[:i]...)
		d.rest = strconv.AppendInt(d.rest, int64(len(calls)), 10)
		var one bench.Calls
		if one, data, ok = parseCalls(data[i:]); !ok {
			return nil, false
		}
		calls = append(calls, one)
	}
}

// parseCalls parses columns at the start of data and returns what is behind
// them. It accepts nothing but what bench.Calls.MarshalJSON writes.
func parseCalls(data []byte) (calls bench.Calls, behind []byte, ok bool) {
	for i, column := range columns {
		behind, found := bytes.CutPrefix(data, []byte(column.open))
		switch {
		case found:
			data = behind
		case column.mayLack:
			continue
		default:
			return nil, nil, false
		}
		end := bytes.IndexByte(data, ']')
		if end < 0 {
			return nil, nil, false
		}
		values := data[:end]
		data = data[end+1:]
		if i == 0 {
			n := 0
			if len(values) > 0 {
				n = bytes.Count(values, []byte(",")) + 1
			}
			calls = make(bench.Calls, n)
		}
		if !parseColumn(values, calls, column.set) {
			return nil, nil, false
		}
	}
	if errors, found := bytes.CutPrefix(data, []byte(errorsKey)); found {
		if data, ok = parseErrors(errors, calls); !ok {
			return nil, nil, false
		}
	}
	data, ok = bytes.CutPrefix(data, []byte("}"))
	return calls, data, ok
}

// parseColumn parses "0,1000000000,…", exactly one number for each call.
func parseColumn(values []byte, calls bench.Calls, set func(*bench.Call, int64)) bool {
	for i := range calls {
		if i > 0 {
			if len(values) == 0 || values[0] != ',' {
				return false
			}
			values = values[1:]
		}
		v, digits := parseInt(values)
		if digits == 0 {
			return false
		}
		set(&calls[i], v)
		values = values[digits:]
	}
	return len(values) == 0
}

// parseInt parses the whole number at the start of data and returns how many
// bytes it has; 0 if there is none, it has more than 18 digits or a form that
// JSON does not allow.
func parseInt(data []byte) (value int64, length int) {
	negative := len(data) > 0 && data[0] == '-'
	if negative {
		length = 1
	}
	first := length
	for length < len(data) && data[length]-'0' <= 9 {
		value = value*10 + int64(data[length]-'0')
		length++
	}
	if digits := length - first; digits == 0 || digits > 18 || digits > 1 && data[first] == '0' {
		return 0, 0
	}
	if negative {
		value = -value
	}
	return value, length
}

// parseErrors parses {"1":"deadline exceeded"} at the start of data.
func parseErrors(data []byte, calls bench.Calls) (behind []byte, ok bool) {
	end, inString := -1, false
	for i := 0; i < len(data) && end < 0; i++ {
		switch {
		case inString && data[i] == '\\':
			i++
		case data[i] == '"':
			inString = !inString
		case !inString && data[i] == '}':
			end = i + 1
		}
	}
	if end < 0 {
		return nil, false
	}
	var texts map[int]string
	if json.Unmarshal(data[:end], &texts) != nil {
		return nil, false
	}
	for i, text := range texts {
		if i < 0 || i >= len(calls) {
			return nil, false
		}
		calls[i].Err = text
	}
	return data[end:], true
}
