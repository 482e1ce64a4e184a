package analysis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/stat"
)

// An Input is what is analysed: the records of one run. Package record reads
// them from disk; tests and the demo make their own.
type Input struct {
	Plan   *plan.Plan
	Host   HostInfo
	Trials []bench.Trial
	// Checks are what was found of the answers.
	Checks []record.Check
	// Damage names the records that could not be read.
	Damage []string
	// End is why the run was over, Unfinished that it was not: it was interrupted,
	// or is under way.
	End        string
	Unfinished bool
	// Spending is SpendingOf the plan, for who analyses many runs of one plan; nil for it
	// to be made anew, which takes milliseconds.
	Spending *stat.Spending
}

// NewInput decodes what package record has read. A plan may name arms and
// profiles that this program does not know.
func NewInput(run *record.Run) (Input, error) {
	p, err := plan.Decode(record.PlanFile, run.Plan, plan.Names{})
	if err != nil {
		return Input{}, fmt.Errorf("analyse a run: %w", err)
	}
	host, err := DecodeHost(run.Host)
	if err != nil {
		return Input{}, fmt.Errorf("analyse a run: %w", err)
	}
	in := Input{Plan: p, Host: host, Trials: run.Trials, Checks: run.Checks, Unfinished: run.End == nil}
	if run.End != nil {
		in.End = run.End.Because
	}
	for _, d := range run.Damage {
		in.Damage = append(in.Damage, d.Error())
	}
	return in, nil
}

// HostInfo is what host.json says of where the run took place.
//
//	{"simulated": false, "not_for_publication": ["2 CPUs"], "version": "v0.1.0",
//	 "runtime": {"name": "containerd", "version": "2.4.2"}, "host": {"kernel": "6.12.1"}}
type HostInfo struct {
	// Simulated runs measured no node.
	Simulated bool `json:"simulated"`
	// NotForPublication gives the reasons why the numbers must not be published.
	NotForPublication []string `json:"not_for_publication,omitempty"`
	// Preflight is what was looked at before the run.
	Preflight []PreflightCheck `json:"preflight,omitempty"`
	// Version is the harness's own.
	Version string  `json:"version,omitempty"`
	Runtime Runtime `json:"runtime"`
	// Kubelet is empty where none was measured.
	Kubelet KubeletInfo `json:"kubelet,omitzero"`
	// Facts are all else that the file says, by path, sorted.
	Facts []Fact `json:"facts,omitempty"`
}

// A PreflightCheck is one requirement on the node. Status is "ok", "warn", "fail"
// or "unknown".
type PreflightCheck struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// A Runtime is the CRI runtime that was read.
type Runtime struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// A Fact is one leaf of host.json: "host.cpu.model" and its value as text.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// DecodeHost reads host.json. Of what it does not know it makes facts.
func DecodeHost(data []byte) (HostInfo, error) {
	var h HostInfo
	if len(bytes.TrimSpace(data)) == 0 {
		return h, nil
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return HostInfo{}, fmt.Errorf("decode host.json: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // the number as it was written, not as a float64 prints
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		return HostInfo{}, fmt.Errorf("decode host.json: %w", err)
	}
	for _, known := range []string{"simulated", "not_for_publication", "preflight", "version", "facts"} {
		delete(tree, known)
	}
	h.Facts = nil
	for name, value := range tree {
		h.Facts = appendFacts(h.Facts, name, value)
	}
	slices.SortFunc(h.Facts, func(a, b Fact) int { return strings.Compare(a.Name, b.Name) })
	return h, nil
}

// appendFacts appends the leaves below a value. A list of plain values is one
// leaf.
func appendFacts(to []Fact, name string, value any) []Fact {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			to = appendFacts(to, name+"."+key, below)
		}
	case []any:
		texts := make([]string, 0, len(v))
		for _, item := range v {
			text, ok := scalar(item)
			if !ok {
				for i, item := range v {
					to = appendFacts(to, name+"."+strconv.Itoa(i), item)
				}
				return to
			}
			texts = append(texts, text)
		}
		to = append(to, Fact{name, strings.Join(texts, ", ")})
	default:
		if text, ok := scalar(v); ok && v != nil {
			to = append(to, Fact{name, text})
		}
	}
	return to
}

// scalar returns a plain JSON value as text.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "null", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}
