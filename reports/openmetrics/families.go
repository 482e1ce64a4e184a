package openmetrics

import (
	"strconv"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/origin"
)

// A definition is what is known of a family beforehand.
type definition struct{ name, unit, help string }

// The families.
var (
	runInfo       = definition{"run_info", "", "Where the numbers come from; always 1."}
	trialCount    = definition{"trials", "", "Trials of an arm: tried, and used of them."}
	voidTrials    = definition{"void_trials", "", "Trials of an arm that broke a guard, by its rule."}
	callCount     = definition{"calls", "", "Calls of all usable trials, and those that failed or were late."}
	response      = definition{"response_seconds", "seconds", "Quantiles of the time from when a call was due until its answer was there."}
	service       = definition{"service_seconds", "seconds", "Quantiles of the time from when a call began until its answer was there."}
	firstCall     = definition{"first_call_seconds", "seconds", "Mean time of the first, cold call of an agent."}
	answerSize    = definition{"answer_bytes", "bytes", "Mean size of an answer."}
	answerPods    = definition{"answer_pods", "", "Mean count of pods in an answer."}
	answerContain = definition{"answer_containers", "", "Mean count of containers in an answer."}
	answerSamples = definition{"answer_samples", "", "Mean count of values in an answer."}
	expected      = definition{"expected_containers", "", "Containers of the run that an answer should have."}
	cpu           = definition{"cpu_cores", "cores", "Mean CPU time over the time of the window."}
	memory        = definition{"pss_bytes", "bytes", "Mean proportional set size at the end of the window."}
	aboveIdle     = definition{"cpu_above_idle_cores", "cores", "Mean CPU time over the time of the window, less that of the idle arm with the same windows."}
	readCalls     = definition{"read_calls_per_second", "", "Read system calls of agent, runtime and shims."}
	callPrice     = definition{"call_cpu_seconds", "seconds", "CPU time above the idle arm that each call of a collector costs."}
	ratio         = definition{"cost_ratio", "ratio", "What an arm costs over what another one does, in windows of equal length."}
	judged        = definition{"verdict_ratio", "ratio", "The ratio of two arms that a verdict rests on, with the interval of verdicts."}
	podCPU        = definition{"pod_cpu_cores", "cores", "CPU time over the time of the window that each further pod costs: the slope of a line."}
	podMemory     = definition{"pod_pss_bytes", "bytes", "Memory that each further pod costs: the slope of a line."}
	podResponse   = definition{"pod_response_seconds", "seconds", "Median response time that each further pod costs: the slope of a line."}
	answerAge     = definition{"answer_age_seconds", "seconds", "Quantiles of the age of values when an answer is there, by the kernel's own count of CPU time or, where counters come in steps too coarse, by timestamps held against it."}
	answerFresh   = definition{"answer_fresh_ratio", "ratio", "Share of container samples that are new since the answer before."}
	answerDefects = definition{"answer_defects", "", "Defects that were found of answers: all, and those that break the plan's rule."}
	kepVerdict    = definition{"kep_verdict", "", "What the run says of a sentence of KEP-2371; always 1."}
	verdict       = definition{"verdict", "", "The verdict on an endpoint; always 1."}
)

// report adds all families.
func (e *exposition) report(r *analysis.Report) {
	var about []label
	for _, pairs := range [][]origin.Pair{origin.Setting(r), origin.Occasion(r)} {
		for _, p := range pairs {
			about = append(about, label{strings.ReplaceAll(p.Key, "-", "_"), p.Value})
		}
	}
	e.add(runInfo, 1, about...)
	for i := range r.Arms {
		e.tallies(&r.Arms[i])
	}
	for i := range r.Cells {
		cell := &r.Cells[i]
		for j := range cell.Arms {
			a := &cell.Arms[j]
			e.scope = append([]label{{"experiment", origin.Name(r.Experiment)}, {"arm", origin.Name(a.Arm)}}, place(cell.Cell)...)
			e.costs(a)
			for k := range a.Collectors {
				e.collector(&a.Collectors[k])
			}
		}
		for j := range cell.Pairings {
			e.comparisons(&cell.Pairings[j])
		}
	}
	for _, p := range r.Prices {
		e.scope = append([]label{{"experiment", origin.Name(r.Experiment)}}, place(p.Cell)...)
		e.estimate(callPrice, p.PerCall, label{"collector", origin.Name(p.Collector)})
	}
	e.scaling(r)
	e.truth(r)
	e.sentences(r)
}

// place are the labels of a cell.
func place(c bench.Cell) []label {
	return []label{
		{"pods", strconv.Itoa(c.Pods)}, {"containers_per_pod", strconv.Itoa(c.ContainersPerPod)}, {"profile", origin.Name(c.Profile)},
	}
}

// truth adds what was found of answers. What could not be checked has no series.
func (e *exposition) truth(r *analysis.Report) {
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Source == nil {
			continue
		}
		e.scope = []label{
			{"experiment", origin.Name(r.Experiment)}, {"collector", origin.Name(c.Collector)}, {"treatment", origin.Name(c.State)}, {"pods", strconv.Itoa(c.Cell.Pods)},
			{"containers_per_pod", strconv.Itoa(c.Cell.ContainersPerPod)}, {"profile", origin.Name(c.Cell.Profile)},
		}
		if age := c.Source.Age; age != nil {
			e.add(answerAge, age.P50, label{"q", "0.5"})
			e.add(answerAge, age.P95, label{"q", "0.95"})
		}
		if fresh := c.Source.Fresh; fresh != nil {
			e.add(answerFresh, fresh.Value)
		}
		defects := 0
		for _, f := range c.Findings {
			if f.Severity == agreement.Defect {
				defects++
			}
		}
		e.add(answerDefects, float64(defects), label{"state", "all"})
		e.add(answerDefects, float64(len(c.Broken)), label{"state", "breaking"})
	}
}

// sentences adds what the run says of the KEP.
func (e *exposition) sentences(r *analysis.Report) {
	if r.Kubelet == nil {
		return
	}
	for i := range r.Kubelet.Verdicts {
		v := &r.Kubelet.Verdicts[i]
		if v.Result == "" {
			continue // of a simulated run
		}
		e.scope = []label{{"sentence", origin.Name(v.Sentence.ID)}, {"result", string(v.Result)}}
		if v.Cell != nil {
			e.scope = append(e.scope,
				label{"arm", origin.Name(v.Arm)}, label{"against", origin.Name(v.Against)}, label{"pods", strconv.Itoa(v.Cell.Pods)},
				label{"containers_per_pod", strconv.Itoa(v.Cell.ContainersPerPod)}, label{"profile", origin.Name(v.Cell.Profile)}, label{"load", string(v.Load)})
		}
		e.add(kepVerdict, 1)
	}
}

// scaling adds what one more pod costs.
func (e *exposition) scaling(r *analysis.Report) {
	slopes := map[analysis.Metric]definition{analysis.CPUCores: podCPU, analysis.PSS: podMemory, analysis.ResponseP50: podResponse}
	for _, s := range r.Scaling {
		d, ok := slopes[s.Series.Metric]
		if !ok {
			continue
		}
		e.scope = []label{
			{"experiment", origin.Name(r.Experiment)}, {"arm", origin.Name(s.Arm)},
			{"containers_per_pod", strconv.Itoa(s.ContainersPerPod)}, {"profile", origin.Name(s.Profile)},
		}
		e.estimate(d, s.PerPod, label{"component", string(s.Series.Component)}, label{"collector", origin.Name(s.Series.Collector)})
	}
}

// tallies counts trials over the whole run.
func (e *exposition) tallies(a *analysis.Arm) {
	e.scope = []label{{"arm", origin.Name(a.Name)}}
	if a.Trials.Tried == 0 {
		return
	}
	e.add(trialCount, float64(a.Trials.Tried), label{"state", "tried"})
	e.add(trialCount, float64(a.Trials.Used), label{"state", "used"})
	for _, v := range a.Trials.Void {
		e.add(voidTrials, float64(v.Trials), label{"reason", origin.Name(string(v.Reason))})
	}
}

// costs adds what the arm as a whole cost.
func (e *exposition) costs(a *analysis.ArmResult) {
	for _, c := range append([]analysis.Cost{a.Total}, a.Components...) {
		component := label{"component", string(c.Component)}
		e.estimate(cpu, c.CPU, component)
		e.estimate(memory, c.PSS, component)
	}
	e.estimate(aboveIdle, a.AboveIdle.CPU)
	e.estimate(readCalls, a.Reads)
}

// collector adds what is one collector's own.
func (e *exposition) collector(c *analysis.CollectorResult) {
	name := label{"collector", origin.Name(c.Collector)}
	for _, kind := range []struct {
		definition definition
		latency    analysis.Latency
	}{{response, c.Response}, {service, c.Service}} {
		for _, q := range []struct {
			quantile string
			estimate analysis.Estimate
		}{{"0.5", kind.latency.P50}, {"0.9", kind.latency.P90}, {"0.95", kind.latency.P95}, {"0.99", kind.latency.P99}, {"1", kind.latency.Max}} {
			e.estimate(kind.definition, q.estimate, name, label{"q", q.quantile})
		}
	}
	for _, state := range []struct {
		name  string
		count int
	}{{"all", c.Calls}, {"failed", c.Failed}, {"late", c.Late}} {
		e.add(callCount, float64(state.count), name, label{"state", state.name})
	}
	for _, m := range []struct {
		definition definition
		estimate   analysis.Estimate
	}{
		{firstCall, c.FirstCall}, {answerSize, c.Bytes}, {answerPods, c.Pods}, {answerContain, c.Containers},
		{answerSamples, c.Samples}, {expected, c.Expected},
	} {
		e.estimate(m.definition, m.estimate, name)
	}
}

// comparisons adds the ratios and verdicts of two arms.
func (e *exposition) comparisons(p *analysis.Pairing) {
	e.scope = append(e.scope[:0:0], e.scope...)
	for i := range e.scope {
		if e.scope[i].name == "arm" {
			e.scope[i].value = origin.Name(p.Of)
		}
	}
	e.scope = append(e.scope, label{"against", origin.Name(p.To)})
	defer func() { e.scope = e.scope[:len(e.scope)-1] }()
	for _, c := range p.Comparisons {
		e.estimate(ratio, c.Estimate, series(c.Series)...)
	}
	for _, j := range p.Judgements {
		class := label{"class", string(j.Class)}
		e.estimate(judged, j.Ratio, append(series(j.Series), class)...)
		if j.Verdict != analysis.NoVerdict {
			e.add(verdict, 1, append(series(j.Series), class, label{"verdict", string(j.Verdict)})...)
		}
	}
	if p.Together != analysis.NoVerdict {
		e.add(verdict, 1, label{"metric", "cpu_cores and pss_bytes"}, label{"component", string(analysis.Total)}, label{"verdict", string(p.Together)})
	}
}

// series are the labels that tell endpoints apart.
func series(s analysis.Series) []label {
	return []label{{"metric", string(s.Metric)}, {"component", string(s.Component)}, {"collector", origin.Name(s.Collector)}}
}
