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
	"cri-stats-bench/bench/schedule"
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
	// AllChecks says that these are all that were made, as those of records are: where truth
	// is asked for, one that is missing then is one that failed.
	AllChecks bool
	// Profiles are of trials that are none of Trials.
	Profiles []record.Profile
	// Damage names the records that could not be read. Unsound is what of it lets no verdict
	// stand: what is lost may have been what decided, and where a run took place decides
	// whether it can. The torn end of a run that was killed is not among it.
	Damage, Unsound []string
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
	if run.Plan == nil {
		return Input{}, fmt.Errorf("analyse a run: nothing can be said without its plan: %s", firstOf(run.Damage, record.PlanFile))
	}
	p, err := plan.Decode(record.PlanFile, run.Plan, plan.Names{})
	if err != nil {
		return Input{}, fmt.Errorf("analyse a run: %w", err)
	}
	host, err := DecodeHost(run.Host)
	if err != nil {
		return Input{}, fmt.Errorf("analyse a run: %w", err)
	}
	host.Simulated = host.Simulated || run.Simulated
	if run.Host == nil {
		host.NotForPublication = []string{"where this was measured is not known: " + firstOf(run.Damage, record.HostFile)}
	}
	in := Input{Plan: p, Host: host, Trials: run.Trials, Checks: run.Checks, AllChecks: true, Profiles: run.Profiles, Unfinished: run.End == nil}
	if run.End != nil {
		in.End = run.End.Because
	}
	for _, d := range run.Damage {
		in.Damage = append(in.Damage, d.Error())
		if d.File != record.ProfilesFile && (!d.Torn || run.End != nil) { // no result is made of profiles
			in.Unsound = append(in.Unsound, d.Error())
		}
	}
	for _, foreign := range slices.Concat(in.strangers(), schedule.Disorder(p, in.Trials)) {
		foreign = record.TrialsFile + ": " + foreign
		in.Damage, in.Unsound = append(in.Damage, foreign), append(in.Unsound, foreign)
	}
	return in, nil
}

// firstOf is the first damage of a file.
func firstOf(all []record.Damage, file string) string {
	for _, d := range all {
		if d.File == file {
			return d.Error()
		}
	}
	return file + " is empty"
}

// strangers takes out trials that the plan has no place for, and those whose place another
// one before them has, and names them: they are of another run, or were put in twice.
func (in *Input) strangers() []string {
	type place struct {
		cell                  bench.Cell
		arm                   string
		sweep, round, attempt int
	}
	planned := make(map[bench.Cell]bool)
	for _, c := range in.Plan.Cells() {
		planned[c] = true
	}
	arms := make(map[string]bool)
	for _, a := range in.Plan.Arms {
		arms[a.Name] = true
	}
	seen := make(map[place]bool)
	var named []string
	in.Trials = slices.DeleteFunc(slices.Clone(in.Trials), func(t bench.Trial) bool {
		p := place{t.Cell, t.Arm.Name, t.Sweep, t.Round, t.Attempt}
		why := ""
		switch {
		case !arms[p.arm] || !planned[p.cell], t.Round < 0 || t.Round >= in.Plan.Rounds.Max, t.Attempt < 0 || t.Attempt > in.Plan.Retries,
			t.Sweep < 0 || t.Sweep >= in.Plan.Sweep.Passes():
			why = "is not in the plan"
		case seen[p]:
			why = "is there twice"
		}
		seen[p] = true
		if why != "" {
			named = append(named, fmt.Sprintf("the trial of %s at %s, round %d, attempt %d, %s", p.arm, p.cell, p.round+1, p.attempt+1, why))
		}
		return why != ""
	})
	return named
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
	// Collectors are what must be known of those of the run, by name; nil in records from
	// before they were written down.
	Collectors map[string]bench.Traits `json:"collectors,omitempty"`
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

// Fact returns what host.json says under a name, "" if it says nothing.
func (h *HostInfo) Fact(name string) string {
	if i := slices.IndexFunc(h.Facts, func(f Fact) bool { return f.Name == name }); i >= 0 {
		return h.Facts[i].Value
	}
	return ""
}

// Emulated names what emulates the machine, "" where nothing does.
func (h *HostInfo) Emulated() string { return h.Fact("host.cpu.emulated") }

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
	for _, known := range []string{"simulated", "not_for_publication", "preflight", "version", "collectors", "facts"} {
		delete(tree, known)
	}
	h.Facts = nil
	for name, value := range tree {
		h.Facts = appendFacts(h.Facts, name, value)
	}
	slices.SortFunc(h.Facts, func(a, b Fact) int { return strings.Compare(a.Name, b.Name) })
	return h, nil
}

// deepestFact is how deep facts may be nested: what describes a node is at four levels, and
// the names of what is nested ten thousand deep would take more memory than all else.
const deepestFact = 16

// appendFacts appends the leaves below a value. A list of plain values is one
// leaf.
func appendFacts(to []Fact, name string, value any) []Fact {
	if strings.Count(name, ".") > deepestFact {
		return to
	}
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
