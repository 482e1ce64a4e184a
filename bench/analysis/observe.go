package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A Metric names what is observed of a trial, with its unit.
type Metric string

// The metrics. Quantiles of response and service time are over the calls of one
// trial.
const (
	ResponseP50      Metric = "response_p50_seconds"
	ResponseP90      Metric = "response_p90_seconds"
	ResponseP95      Metric = "response_p95_seconds"
	ResponseP99      Metric = "response_p99_seconds"
	ResponseMax      Metric = "response_max_seconds"
	ServiceP50       Metric = "service_p50_seconds"
	ServiceP90       Metric = "service_p90_seconds"
	ServiceP95       Metric = "service_p95_seconds"
	ServiceP99       Metric = "service_p99_seconds"
	ServiceMax       Metric = "service_max_seconds"
	FirstCall        Metric = "first_call_seconds"
	CPUCores         Metric = "cpu_cores" // CPU seconds over the window's length
	PSS              Metric = "pss_bytes"
	ReadCalls        Metric = "read_calls_per_second"        // read system calls over the window's length
	AllocatedBytes   Metric = "allocated_bytes_per_second"   // by the runtime's own account
	AllocatedObjects Metric = "allocated_objects_per_second" // likewise
	AnswerBytes      Metric = "answer_bytes"
	AnswerPods       Metric = "answer_pods"
	AnswerContainers Metric = "answer_containers"
	AnswerSamples    Metric = "answer_samples"
	Expected         Metric = "expected_containers" // of ours, as the runtime said
)

// Total is the component that stands for the sum over the report's Parts.
const Total bench.Component = "total"

// A Series names one number per trial: a metric of a component, of a collector, of the
// agent that one collector runs in (both), or of the arm itself (neither).
type Series struct {
	Metric    Metric          `json:"metric"`
	Component bench.Component `json:"component,omitempty"`
	Collector string          `json:"collector,omitempty"`
}

// TotalOf is the series of a metric over all Parts of a report.
func TotalOf(m Metric) Series { return Series{Metric: m, Component: Total} }

// String names the series as notes do: "cpu_cores of runtime".
func (s Series) String() string {
	of := []string{}
	if s.Component != "" {
		of = append(of, string(s.Component))
	}
	if s.Collector != "" {
		of = append(of, s.Collector)
	}
	if len(of) == 0 {
		return string(s.Metric)
	}
	return string(s.Metric) + " of " + strings.Join(of, " ")
}

func compareSeries(a, b Series) int {
	return cmp.Or(
		cmp.Compare(a.Metric, b.Metric),
		cmp.Compare(a.Component, b.Component),
		cmp.Compare(a.Collector, b.Collector),
	)
}

// A Column has the observations of one series: at most one per trial.
type Column struct {
	Series       Series        `json:"series"`
	Observations []Observation `json:"observations"`
}

// An Observation is one number of one trial. Trial is the index in the
// ArmResult's Trials.
type Observation struct {
	Trial int32   `json:"trial"`
	Value float64 `json:"value"`
}

// A TrialID says which trial it is.
type TrialID struct {
	Sweep   int       `json:"sweep"`
	Round   int       `json:"round"`
	Attempt int       `json:"attempt"`
	Start   time.Time `json:"start"`
}

func values(observations []Observation) []float64 {
	out := make([]float64, len(observations))
	for i, o := range observations {
		out[i] = o.Value
	}
	return out
}

// never is how long a call took that gave no answer: longer than any that did.
// Not infinite, since package stat calculates with it; what it makes of it is
// beyond unanswered, and no answer's time either.
const (
	never      = math.MaxFloat64
	unanswered = 1e100
)

// A level is one quantile that is shown of latency.
type level struct {
	name              string
	p                 float64
	response, service Metric
	// calls is how many there must be: the p99 of less than 100 is their maximum.
	calls int
	// measured asks for a value that was measured instead of an interpolated one.
	measured bool
}

// levels are the quantiles, in the order of Latency.
func levels() [5]level {
	return [5]level{
		{"p50", 0.5, ResponseP50, ServiceP50, 1, false},
		{"p90", 0.9, ResponseP90, ServiceP90, 1, false},
		{"p95", 0.95, ResponseP95, ServiceP95, 1, false},
		{"p99", 0.99, ResponseP99, ServiceP99, 100, true},
		{"max", 1, ResponseMax, ServiceMax, 1, true},
	}
}

// of returns the quantile of ascending times; false where there are too few, or
// where it lies among the calls that failed.
func (l level) of(ascending []float64) (float64, bool, error) {
	if len(ascending) < l.calls {
		return 0, false, nil
	}
	quantile := stat.Quantile
	if l.measured {
		quantile = stat.NearestRank
	}
	v, err := quantile(ascending, l.p)
	return v, err == nil && v < unanswered, err
}

// An observer takes the observations of one trial after another.
type observer struct {
	parts   []bench.Component
	columns map[Series][]Observation
	trial   int32
	scratch []float64
}

func newObserver(parts []bench.Component) *observer {
	return &observer{parts: parts, columns: make(map[Series][]Observation)}
}

// sortedColumns returns columns in the order of their series.
func sortedColumns(columns map[Series][]Observation) []Column {
	var out []Column
	for s, observations := range columns {
		out = append(out, Column{s, observations})
	}
	slices.SortFunc(out, func(a, b Column) int { return compareSeries(a.Series, b.Series) })
	return out
}

func (o *observer) add(s Series, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return // no number: a window without length
	}
	o.columns[s] = append(o.columns[s], Observation{o.trial, v})
}

// observe takes all that one trial says.
func (o *observer) observe(t *bench.Trial) error {
	o.costs(t)
	for i := range t.Agents {
		if err := o.agent(t, &t.Agents[i]); err != nil {
			return fmt.Errorf("observe the calls of %s: %w", t.Agents[i].Collector, err)
		}
	}
	if err := o.response(t); err != nil {
		return fmt.Errorf("observe the response time of %s: %w", t.Arm.Name, err)
	}
	o.trial++
	return nil
}

func (o *observer) costs(t *bench.Trial) {
	for component, cost := range t.Costs {
		o.cost(Series{Component: component}, cost, t.Length)
	}
	for i := range t.Agents {
		a := &t.Agents[i]
		o.cost(Series{Component: bench.ComponentAgent, Collector: a.Collector}, a.Cost, t.Length)
	}
	if cpu, ok := sum(t.Costs, o.parts, bench.CPUSeconds); ok {
		o.add(Series{Metric: CPUCores, Component: Total}, cpu/t.Length.Seconds())
	}
	if pss, ok := sum(t.Costs, o.parts, bench.PSSBytes); ok {
		o.add(Series{Metric: PSS, Component: Total}, pss)
	}
	if a := t.Allocated; a != nil {
		o.add(Series{Metric: AllocatedBytes, Component: bench.ComponentRuntime}, a.Bytes)
		o.add(Series{Metric: AllocatedObjects, Component: bench.ComponentRuntime}, a.Objects)
	}
	if reads, ok := sum(t.Costs, o.parts, bench.ReadCalls); ok {
		o.add(Series{Metric: ReadCalls, Component: Total}, reads/t.Length.Seconds())
	}
}

func (o *observer) cost(s Series, cost bench.Cost, length time.Duration) {
	if cpu, ok := cost[bench.CPUSeconds]; ok {
		s.Metric = CPUCores
		o.add(s, cpu/length.Seconds())
	}
	if pss, ok := cost[bench.PSSBytes]; ok {
		s.Metric = PSS
		o.add(s, pss)
	}
}

// sum adds one quantity over parts; false if one of them lacks it.
func sum(costs bench.Costs, parts []bench.Component, q bench.Quantity) (float64, bool) {
	total := 0.0
	for _, part := range parts {
		v, ok := costs[part][q]
		if !ok {
			return 0, false
		}
		total += v
	}
	return total, len(parts) > 0
}

// answers is how many times all collectors of the arm gave an answer: the count
// of the one that gave the fewest.
func answers(t *bench.Trial) int {
	if len(t.Agents) == 0 {
		return 0
	}
	least := math.MaxInt
	for i := range t.Agents {
		calls := t.Agents[i].Calls
		least = min(least, len(calls)-calls.Failed())
	}
	return least
}

func (o *observer) agent(t *bench.Trial, a *bench.AgentReport) error {
	s := Series{Collector: a.Collector}
	observe := func(m Metric, v float64) {
		s.Metric = m
		o.add(s, v)
	}
	if a.FirstCall > 0 {
		observe(FirstCall, a.FirstCall.Seconds())
	}
	observe(Expected, float64(t.Containers))

	var n, bytes, pods, containers, samples float64
	for _, c := range a.Calls {
		if c.Err == "" {
			n++
			bytes += float64(c.Bytes)
			pods += float64(c.Pods)
			containers += float64(c.Containers)
			samples += float64(c.Samples)
		}
	}
	if n > 0 {
		observe(AnswerBytes, bytes/n)
		observe(AnswerPods, pods/n)
		observe(AnswerContainers, containers/n)
		observe(AnswerSamples, samples/n)
	}
	if len(a.Calls) == 0 {
		return nil
	}
	for _, kind := range []struct {
		time   func(bench.Call) time.Duration
		metric func(level) Metric
	}{
		{bench.Call.Response, func(l level) Metric { return l.response }},
		{service, func(l level) Metric { return l.service }},
	} {
		o.scratch = appendTimes(o.scratch[:0], a.Calls, kind.time)
		slices.Sort(o.scratch)
		for _, l := range levels() {
			v, ok, err := l.of(o.scratch)
			if err != nil {
				return err
			}
			if ok {
				observe(kind.metric(l), v)
			}
		}
	}
	return nil
}

// response observes the arm's own median response time: that of its slowest collector
// among those that are read at the arm's interval, as who asks for stats waits for all
// of them. It has none if one of these has none.
func (o *observer) response(t *bench.Trial) error {
	slowest := 0.0
	for i := range t.Agents {
		a := &t.Agents[i]
		if t.Arm.IntervalOf(a.Collector) != t.Arm.Interval || len(a.Calls) == 0 {
			continue
		}
		o.scratch = appendTimes(o.scratch[:0], a.Calls, bench.Call.Response)
		slices.Sort(o.scratch)
		v, ok, err := levels()[0].of(o.scratch)
		if err != nil || !ok {
			return err
		}
		slowest = max(slowest, v)
	}
	if slowest > 0 {
		o.add(Series{Metric: ResponseP50}, slowest)
	}
	return nil
}

func service(c bench.Call) time.Duration { return c.Service }

// appendTimes appends the time of each call in seconds, never for a failed one.
func appendTimes(to []float64, calls bench.Calls, of func(bench.Call) time.Duration) []float64 {
	for _, c := range calls {
		if c.Err != "" {
			to = append(to, never)
		} else {
			to = append(to, of(c).Seconds())
		}
	}
	return to
}
