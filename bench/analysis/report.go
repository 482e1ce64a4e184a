package analysis

import (
	"encoding/json"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/plan"
)

// A Report is what is known after a run: plain data, in the order in which
// tables show it, in base units (seconds, bytes, cores).
type Report struct {
	// Name, Description, Experiment, Hash, Seed, Mode, Baseline, Idle and Margin
	// are the plan's. Baseline and Idle may be empty.
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Experiment  string    `json:"experiment"`
	Hash        string    `json:"plan_hash"`
	Seed        uint64    `json:"seed"`
	Mode        plan.Mode `json:"mode"`
	Baseline    string    `json:"baseline,omitempty"`
	Idle        string    `json:"idle,omitempty"`
	Margin      float64   `json:"margin"`
	// Looks are the numbers of rounds at which a cell was looked at, one of them where
	// the number was fixed. End is why the run was over.
	Looks []int  `json:"looks"`
	End   string `json:"end,omitempty"`
	// Level is that of every interval in the report but those of verdicts, which
	// have VerdictLevel.
	Level        float64 `json:"level"`
	VerdictLevel float64 `json:"verdict_level"`
	// Primary is the cell whose CPU and memory are the primary endpoints; nil
	// without a baseline.
	Primary *bench.Cell `json:"primary_cell,omitempty"`
	// First and Last are when the windows of the first and the last trial began.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Host  HostInfo  `json:"host"`
	// Treatments are those of the runtime, the one that others are compared with first.
	Treatments []Treatment `json:"treatments,omitempty"`
	// Parts are the components that the total sums over: those of the experiment's
	// headline that this run metered.
	Parts []bench.Component `json:"parts"`
	Arms  []Arm             `json:"arms"`
	Cells []Cell            `json:"cells"`
	// Scaling is how costs grow with density, in the order of arms.
	Scaling []Scaling `json:"scaling,omitempty"`
	// Prices are what one call costs, by cell and collector, PriceTests whether that times
	// the rate is what is paid.
	Prices     []Price     `json:"prices,omitempty"`
	PriceTests []PriceTest `json:"price_tests,omitempty"`
	// Timeline has all trials in the order of time: what the picture of them needs beyond
	// the estimates.
	Timeline []Moment `json:"timeline,omitempty"`
	// SelfChecks and Controls say what the evidence is worth: arms set against
	// themselves, and planted differences.
	SelfChecks []SelfCheck    `json:"self_checks,omitempty"`
	Controls   []ControlCheck `json:"controls,omitempty"`
	// Unsound says why no verdict of this run may stand: its records are not as they were
	// written. None where they are.
	Unsound []string `json:"unsound,omitempty"`
	// Truth is the plan's rule of which defects take an arm its verdict, Checks what was
	// found of the answers.
	Truth  agreement.Rule `json:"truth,omitempty"`
	Checks []Check        `json:"checks,omitempty"`
	// Hypothesis is what the run puts to the test, nil where it tests none.
	Hypothesis *Tested `json:"hypothesis,omitempty"`
	// Profiles say who pays, where arms were profiled after all trials.
	Profiles []Profile `json:"profiles,omitempty"`
	// Kubelet is nil but for the experiment of that name.
	Kubelet *KubeletReport `json:"kubelet,omitempty"`
	// Notes are the footnotes; estimates and rows refer to them by index.
	Notes []Note `json:"notes,omitempty"`
	// RunNotes are those that concern the run as a whole.
	RunNotes []int `json:"run_notes,omitempty"`
}

// Simulated says that nothing was measured on a node: every rendering must say
// so, and no verdict may rest on it.
func (r *Report) Simulated() bool { return r.Host.Simulated }

// TotalName names what totals sum over: "agent + runtime + shims".
func (r *Report) TotalName() string {
	names := make([]string, len(r.Parts))
	for i, p := range r.Parts {
		names[i] = string(p)
	}
	return strings.Join(names, " + ")
}

// An Arm is how the trials of one arm went over the whole run.
type Arm struct {
	Name       string   `json:"name"`
	Collectors []string `json:"collectors"`
	// Clients is how many ask at once, each of all collectors; 0 for one.
	Clients int   `json:"clients,omitempty"`
	Trials  Tally `json:"trials"`
	// Unsupported is what the arm needs and the node does not have.
	Unsupported string `json:"unsupported,omitempty"`
}

// A Tally is how the trials of an arm went.
type Tally struct {
	Interval time.Duration `json:"interval"`
	Window   time.Duration `json:"window"`
	WarmUp   time.Duration `json:"warm_up"`
	// Tried counts its trials, Used those that count; each of the others is void
	// or unsupported, or stood in for by a later attempt.
	Tried int         `json:"tried"`
	Used  int         `json:"used"`
	Void  []VoidCount `json:"void,omitempty"`
}

// A VoidCount says how many trials broke one guard; a trial may break several.
type VoidCount struct {
	Reason bench.VoidReason `json:"reason"`
	Trials int              `json:"trials"`
	// Example is the detail of the first of them.
	Example string `json:"example,omitempty"`
}

// A Cell is one cell and its arms, in the plan's order.
type Cell struct {
	bench.Cell
	// Scaled are the changes of density that led to this cell, in the order of time.
	Scaled []bench.Scaled `json:"scaled,omitempty"`
	// Churn is how pods were replaced while arms read, nil where none were.
	Churn *Churn      `json:"churn,omitempty"`
	Arms  []ArmResult `json:"arms"`
	// Pairings are the comparisons of two arms that get a verdict: those of the plan in
	// its order, then those of other arms with the baseline.
	Pairings []Pairing `json:"pairings,omitempty"`
}

// A Churn is how pods were replaced in the warm-ups and windows of a cell.
type Churn struct {
	bench.Churned
	// Seconds is how long all of them took.
	Seconds float64 `json:"seconds"`
}

// Arm returns the result of the named arm, nil if the cell has none.
func (c *Cell) Arm(name string) *ArmResult {
	for i := range c.Arms {
		if c.Arms[i].Arm == name {
			return &c.Arms[i]
		}
	}
	return nil
}

// An ArmResult is one arm in one cell.
type ArmResult struct {
	Arm string `json:"arm"`
	// Sum says that it is other arms taken together: its trials and calls are theirs.
	Sum bool `json:"sum,omitempty"`
	// Tried, Used and Void count its trials in this cell.
	Tried int `json:"tried"`
	Used  int `json:"used"`
	Void  int `json:"void"`
	// Notes concern every number of the row.
	Notes []int `json:"notes,omitempty"`
	// Total is the sum over the report's Parts, Components what was metered, in
	// the order of package bench.
	Total      Cost   `json:"total"`
	Components []Cost `json:"components,omitempty"`
	// AboveIdle is Total less that of the idle arm with the same windows, absent without
	// one.
	AboveIdle Cost `json:"above_idle"`
	// Reads are read system calls per second of the total: work, which does not depend on
	// how fast the machine is.
	Reads Estimate `json:"read_calls_per_second"`
	// Response is the arm's own median response time in seconds, the mean over trials: in
	// each that of its slowest collector among those that are read at the arm's interval.
	Response Estimate `json:"response_p50_seconds"`
	// Collectors has one entry per collector of the arm, in the arm's order.
	Collectors []CollectorResult `json:"collectors,omitempty"`
	// Reference is the arm that this one is compared with first: the baseline, or the
	// first that the plan names; empty where it is compared with none. Comparisons,
	// Judgements and Together are those of that pairing.
	Reference   string       `json:"reference,omitempty"`
	Comparisons []Comparison `json:"comparisons,omitempty"`
	Judgements  []Judgement  `json:"judgements,omitempty"`
	Together    Verdict      `json:"together,omitempty"`
	// Untrue are the reasons why the arm's answers allow it no verdict, by the plan's
	// rule of truth.
	Untrue    []string   `json:"untrue,omitempty"`
	Freshness *Freshness `json:"freshness,omitempty"`
	// Trials are those that are used, in order; Columns their observations.
	Trials  []TrialID `json:"trials,omitempty"`
	Columns []Column  `json:"columns,omitempty"`
}

// Component returns the cost of a component, a zero Cost (absent) if it was not
// metered.
func (a *ArmResult) Component(c bench.Component) Cost {
	for _, cost := range a.Components {
		if cost.Component == c {
			return cost
		}
	}
	return Cost{Component: c}
}

// A Cost is what one component used: CPU in cores, PSS in bytes.
type Cost struct {
	Component bench.Component `json:"component"`
	CPU       Estimate        `json:"cpu_cores"`
	PSS       Estimate        `json:"pss_bytes"`
}

// A CollectorResult is one collector of an arm in a cell.
type CollectorResult struct {
	Collector string `json:"collector"`
	// Calls counts those of all usable trials, Failed the failed among them.
	Calls  int `json:"calls"`
	Failed int `json:"failed"`
	// Response counts from when a call was due, Service from when it began.
	Response Latency `json:"response"`
	Service  Latency `json:"service"`
	// FirstCall is the cold one after opening, in seconds.
	FirstCall Estimate `json:"first_call_seconds"`
	// Bytes, Pods, Containers and Samples are per answer; Expected is how many
	// containers of ours ran.
	Bytes      Estimate `json:"answer_bytes"`
	Pods       Estimate `json:"answer_pods"`
	Containers Estimate `json:"answer_containers"`
	Samples    Estimate `json:"answer_samples"`
	Expected   Estimate `json:"expected_containers"`
	// Missing counts containers of ours that last answers lacked, over all trials.
	Missing int `json:"missing"`
	// Partial counts answers that lack a container that ran all along, in cells where pods
	// come and go.
	Partial int `json:"partial,omitempty"`
	// Late counts calls that were due before the answer to the one before them had
	// come.
	Late int `json:"late"`
	// CPU in cores and PSS in bytes are this agent's part of the component agent.
	CPU Estimate `json:"agent_cpu_cores"`
	PSS Estimate `json:"agent_pss_bytes"`
}

// Latency has quantiles over all calls of the cell, in seconds. Max is the
// longest answer; it has no interval.
type Latency struct {
	P50 Estimate `json:"p50"`
	P90 Estimate `json:"p90"`
	P95 Estimate `json:"p95"`
	P99 Estimate `json:"p99"`
	Max Estimate `json:"max"`
}

// An Estimate is a number with its interval and what it rests on. With N = 0 it
// is absent, and Value means nothing.
type Estimate struct {
	Value float64 `json:"value"`
	// Interval is nil where there is none; a note then says why.
	Interval *Interval `json:"interval,omitempty"`
	// N counts trials, or pairs of trials in a comparison.
	N int `json:"n"`
	// DF are the degrees of freedom of the interval where its spread is that of all arms
	// with the same windows (Pooled), 0 where it is that of the N values.
	DF int `json:"df,omitempty"`
	// Calls and Effective are set for quantiles over calls: how many there were
	// and how many independent ones they are worth. Effective is 0 where it cannot
	// be told.
	Calls     int     `json:"calls,omitempty"`
	Effective float64 `json:"effective_calls,omitempty"`
	Notes     []int   `json:"notes,omitempty"`
}

// Absent says that there is no such number.
func (e Estimate) Absent() bool { return e.N == 0 }

// MarshalJSON writes null for the value of an absent estimate.
func (e Estimate) MarshalJSON() ([]byte, error) {
	type plain Estimate
	if !e.Absent() {
		return json.Marshal(plain(e))
	}
	return json.Marshal(struct {
		Value *float64 `json:"value"`
		N     int      `json:"n"`
		Notes []int    `json:"notes,omitempty"`
	}{Notes: e.Notes})
}

// An Interval is a two-sided confidence interval of the report's Level.
type Interval struct {
	Lo float64 `json:"lo"`
	Hi float64 `json:"hi"`
}

// A Kind says how a Comparison compares.
type Kind string

// The kinds.
const (
	Ratio      Kind = "ratio"      // geometric mean of arm over other
	Difference Kind = "difference" // mean of arm minus other
)

// A Comparison sets an arm against another one, round by round. Of an arm that stands
// more than once in a round it takes the mean.
type Comparison struct {
	Kind   Kind   `json:"kind"`
	Series Series `json:"series"`
	// Against is the other arm.
	Against string `json:"against"`
	// Estimate's N counts the rounds used, Possible those that could have given a value.
	Estimate Estimate `json:"estimate"`
	Possible int      `json:"possible"`
	Dropped  []Drop   `json:"dropped,omitempty"`
}

// A Drop says why rounds gave no pair.
type Drop struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// Compared returns the comparison with the reference of that series, an absent one
// if there is none.
func (a *ArmResult) Compared(s Series) Comparison {
	for _, c := range a.Comparisons {
		if c.Series == s {
			return c
		}
	}
	return Comparison{Series: s}
}
