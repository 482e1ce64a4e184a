// Package plan reads plan files: what an experiment holds constant, what it
// varies, which arms take turns, and when it is over.
//
//	plan.yaml -> [Decode] -> Plan -> schedule (order of trials), Runner (limits), record (plan.json)
//
// Reading is strict. Unknown keys and names, durations without a unit and
// contradictions are errors, and all of them are told at once, each with its
// line and column. What a Plan says after Decode is whole: every default is
// filled in, and its JSON is itself a plan file that decodes to the same Plan.
//
// Package schedule stands next to it and puts the trials in order. This package
// does not: it knows neither the order of the arms nor how long a trial takes
// beyond its window, and it opens no collector.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// A Plan is one experiment, every default filled in.
type Plan struct {
	Name string
	// Description is free text for readers.
	Description string
	// Experiment is API or Kubelet.
	Experiment string
	// Hypothesis is what the run is to confirm or refute; empty for none.
	Hypothesis string
	// Seed of the shuffling; 0 means that the caller is to choose one.
	Seed uint64
	Mode Mode
	// Pods, ContainersPerPod and Profiles are the axes: the cells are their
	// product. Pods ascend.
	Pods             []int
	ContainersPerPod []int
	Profiles         []string
	Sweep            Sweep
	Rounds           Rounds
	// Interval, Window and WarmUp are those of every arm that has none of its own.
	Interval, Window, WarmUp time.Duration
	// Timeout is the deadline of each call, counted from its start.
	Timeout time.Duration
	// Treatments are builds and configurations of the runtime, the one that others are
	// compared with first. Each round runs its arms under each, in blocks, the daemon
	// restarted between. Without any, the runtime is left as it is.
	Treatments []Treatment
	// Arms take turns in every round. In mode Parallel it is the one arm named
	// "parallel" with every collector that the file's arms name.
	Arms []bench.Arm
	// Sums are arms taken together: what several cost in total.
	Sums []Sum
	// Baseline is the arm that others are compared with, Idle the one whose cost
	// is taken off to get an overhead. Either may be empty: then there is none.
	Baseline, Idle string
	// Comparisons are the questions of the plan, the main one first: the headline of
	// every report. Also are further ones. Without any, each arm is compared with the
	// baseline.
	Comparisons, Also []Comparison
	// Margin is how much more than the baseline still counts as no loss, as a
	// fraction.
	Margin float64
	Guards bench.Limits
	// Truth says which defects of its answers take an arm its verdict. They are checked
	// once in each profile, at the highest density, but not with TruthOff.
	Truth agreement.Rule
	// Retries is how many times a void trial is run again in its round.
	Retries int
	// MaxDuration ends the run: no round is begun that would end past it. 0 means
	// no limit.
	MaxDuration time.Duration
	// Settle is how long the node is left alone after its density has changed.
	Settle time.Duration
	// Active is what each container of the profile "active" does.
	Active Active
	// Churn is how long after one pod the next is replaced in the profile "churn"; 0 where
	// the plan does not have that profile.
	Churn time.Duration
	// Kubelet is the one that is there already, for the experiment of that name on an
	// existing node; nil where the node is a private one.
	Kubelet *ExistingKubelet

	// Warnings are what a reader of the results should know about the plan
	// although it can be run. They are *Error values and no part of the plan's
	// JSON.
	Warnings []error
}

// The experiments.
const (
	// API asks what one way of reading stats costs by itself: the subject is an agent
	// that reads as a kubelet would.
	API = "api"
	// Kubelet asks what a node pays with the gate off and on: the subject is a kubelet,
	// and agents scrape it.
	Kubelet = "kubelet"
)

// TruthOff is the rule of a plan whose arms' answers are not checked at all.
const TruthOff agreement.Rule = "off"

// Mode says how arms share time.
type Mode string

// The modes.
const (
	// Turns runs one arm at a time, so that costs can be told apart.
	Turns Mode = "turns"
	// Parallel runs all collectors at once as one arm: they see the same moment,
	// and their costs are joint.
	Parallel Mode = "parallel"
)

// ParallelArm is the name of the one arm of a plan in mode Parallel.
const ParallelArm = "parallel"

// Sweep says in which order densities are visited.
type Sweep string

// The sweeps.
const (
	// Up visits them once, ascending.
	Up Sweep = "up"
	// UpDown visits them ascending and then descending, so that drift of the node
	// and hysteresis show as a difference between the two passes.
	UpDown Sweep = "up-down"
)

// Passes returns how many times each density is visited.
func (s Sweep) Passes() int {
	if s == UpDown {
		return 2
	}
	return 1
}

// Rounds are the least and the most rounds of one cell, over all its sweeps. A
// round is one trial of each arm.
type Rounds struct {
	Min int `json:"min"`
	Max int `json:"max"`
	// Every is after how many rounds the comparisons are looked at again, from Min on,
	// to let go of arms that are decided; 0 means that they are looked at once, at the
	// end.
	Every int `json:"every,omitempty"`
}

// Looks returns the numbers of rounds at which the comparisons of a cell are looked at,
// ascending; the last is Max.
func (r Rounds) Looks() []int {
	var out []int
	if r.Every > 0 {
		for n := r.Min; n < r.Max; n += r.Every {
			out = append(out, n)
		}
	}
	return append(out, r.Max)
}

// A Comparison is one question: what does it cost to change from one arm to another?
type Comparison struct {
	// Of is the arm that somebody would change to, To the one that is there.
	Of string `json:"of"`
	To string `json:"to"`
	// Says is how reports call To, if not by its name.
	Says string `json:"says,omitempty"`
}

// Active is what one container does in the profile "active".
type Active struct {
	// CPU is how much it burns, in cores.
	CPU float64 `json:"cpu"`
	// Memory is how much it holds and touches, in bytes.
	Memory int64 `json:"memory"`
}

// file is Plan as a plan file has it: the keys, in their order.
type file struct {
	Name             string         `json:"name"`
	Description      string         `json:"description,omitempty"`
	Experiment       string         `json:"experiment"`
	Hypothesis       string         `json:"hypothesis,omitempty"`
	Seed             uint64         `json:"seed"`
	Mode             Mode           `json:"mode"`
	Pods             []int          `json:"pods"`
	ContainersPerPod []int          `json:"containers_per_pod"`
	Profiles         []string       `json:"profiles"`
	Sweep            Sweep          `json:"sweep"`
	Rounds           Rounds         `json:"rounds"`
	Interval         duration       `json:"interval"`
	Window           duration       `json:"window"`
	WarmUp           duration       `json:"warm_up"`
	Timeout          duration       `json:"timeout"`
	Treatments       []Treatment    `json:"treatments,omitempty"`
	Arms             []arm          `json:"arms"`
	Sums             []Sum          `json:"sums,omitempty"`
	Baseline         string         `json:"baseline,omitempty"`
	Idle             string         `json:"idle,omitempty"`
	Comparisons      []Comparison   `json:"comparisons,omitempty"`
	Also             []Comparison   `json:"also,omitempty"`
	Margin           float64        `json:"margin"`
	Guards           bench.Limits   `json:"guards"`
	Truth            agreement.Rule `json:"truth"`
	Retries          int            `json:"retries"`
	MaxDuration      duration       `json:"max_duration,omitempty"`
	Settle           duration       `json:"settle"`
	Active           Active         `json:"active"`
	Churn            duration       `json:"churn,omitempty"`

	Kubelet *ExistingKubelet `json:"kubelet,omitempty"`
}

type arm struct {
	Name       string   `json:"name"`
	Collectors []string `json:"collectors"`
	Interval   duration `json:"interval"`
	Window     duration `json:"window"`
	WarmUp     duration `json:"warm_up"`
	// Intervals are those of collectors that do not have the arm's.
	Intervals map[string]duration `json:"intervals,omitempty"`
	Treatment string              `json:"treatment,omitempty"`
	Clients   int                 `json:"clients,omitempty"`
}

// duration is written with its unit, since a plan file asks for one.
type duration time.Duration

func (d duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// MarshalJSON writes the plan as a plan file with every default filled in. The
// same plan gives the same bytes.
func (p Plan) MarshalJSON() ([]byte, error) {
	f := file{
		p.Name, p.Description, p.Experiment, p.Hypothesis, p.Seed, p.Mode, p.Pods, p.ContainersPerPod, p.Profiles, p.Sweep, p.Rounds,
		duration(p.Interval), duration(p.Window), duration(p.WarmUp), duration(p.Timeout),
		p.Treatments, make([]arm, len(p.Arms)), p.Sums, p.Baseline, p.Idle, p.Comparisons, p.Also, p.Margin, p.Guards, p.Truth, p.Retries,
		duration(p.MaxDuration), duration(p.Settle), p.Active, duration(p.Churn), p.Kubelet,
	}
	for i, a := range p.Arms {
		f.Arms[i] = arm{a.Name, a.Collectors, duration(a.Interval), duration(a.Window), duration(a.WarmUp), nil, a.Treatment, a.Clients}
		for c, interval := range a.Intervals {
			if f.Arms[i].Intervals == nil {
				f.Arms[i].Intervals = make(map[string]duration)
			}
			f.Arms[i].Intervals[c] = duration(interval)
		}
	}
	return json.Marshal(f)
}

// Hash returns the SHA-256 of the plan's JSON, in hexadecimal: two runs with the
// same hash carried out the same experiment. Seed is part of it. It fails only
// where a number of a plan made by hand has no JSON.
func (p *Plan) Hash() (string, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("hash plan %s: %w", p.Name, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// Cells returns the product of the axes, density innermost and ascending: the
// order of the first sweep.
func (p *Plan) Cells() []bench.Cell {
	cells := make([]bench.Cell, 0, len(p.Profiles)*len(p.ContainersPerPod)*len(p.Pods))
	for _, profile := range p.Profiles {
		for _, containers := range p.ContainersPerPod {
			for _, pods := range p.Pods {
				cells = append(cells, bench.Cell{Pods: pods, ContainersPerPod: containers, Profile: profile})
			}
		}
	}
	return cells
}
