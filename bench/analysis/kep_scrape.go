package analysis

import (
	"maps"
	"slices"

	"cri-stats-bench/bench"
)

// A Scrape is one endpoint as one arm scraped it in one cell.
type Scrape struct {
	Cell      bench.Cell `json:"cell"`
	Arm       string     `json:"arm"`
	Collector string     `json:"collector"`
	// Calls counts those of all usable trials, Failed the failed among them, Lost those
	// that production would have lost: the failed ones, and answers after
	// ScrapeTimeout.
	Calls  int `json:"calls"`
	Failed int `json:"failed"`
	Lost   int `json:"lost"`
	// Names are how many metrics the last answers had, Missing those that are expected
	// of the gate on and only the gate off answers.
	Names   int      `json:"names"`
	Missing []string `json:"missing_names,omitempty"`
}

// endpointsScraped adds the endpoints of a cell.
func (b *builder) endpointsScraped(c *cellGroup) {
	gatePairs := b.gatePairs(c)
	for _, g := range c.order {
		for _, collector := range g.collectors {
			if !b.scrapes(collector) || g.empty() {
				continue
			}
			s := Scrape{Cell: c.cell, Arm: g.arm.Name, Collector: collector, Names: len(namesOf(g, collector))}
			for _, t := range g.used {
				calls := callsOf(t, collector)
				s.Calls += len(calls)
				s.Failed += calls.Failed()
				s.Lost += lostCalls(calls)
			}
			for i := range gatePairs {
				if gatePairs[i].on == g {
					if names := completenessOf(&gatePairs[i], collector); names != nil {
						s.Missing = names.missing
					}
				}
			}
			b.report.Kubelet.Scrapes = append(b.report.Kubelet.Scrapes, s)
		}
	}
}

// An OperationResult is what a kubelet says of one kind of its calls to the runtime,
// over all usable trials of an arm in a cell.
type OperationResult struct {
	Cell      bench.Cell `json:"cell"`
	Arm       string     `json:"arm"`
	Operation string     `json:"operation"`
	// PerMinute is how often, Seconds how long each takes on the mean, by the
	// kubelet's histogram, whose buckets are too coarse for quantiles.
	PerMinute float64 `json:"per_minute"`
	Seconds   float64 `json:"seconds_mean"`
	Count     int     `json:"count"`
	Errors    int     `json:"errors,omitempty"`
}

// statsOperations are those that the gate is about, and those that every list of
// stats begins with.
var statsOperations = []string{
	"container_stats", "list_container_stats", "podsandbox_stats", "list_podsandbox_stats",
	"list_podsandbox_metrics", "list_metric_descriptors", "list_containers", "list_podsandbox", "image_fs_info",
}

// operations adds the kubelet's own account.
func (b *builder) operations(c *cellGroup) {
	for _, g := range c.order {
		sum, minutes := make(map[string]bench.Operation), 0.0
		for _, t := range g.used {
			if t.Operations == nil {
				continue
			}
			minutes += t.Length.Minutes()
			for name, o := range t.Operations {
				s := sum[name]
				sum[name] = bench.Operation{Count: s.Count + o.Count, Seconds: s.Seconds + o.Seconds, Errors: s.Errors + o.Errors}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(sum)) {
			if o := sum[name]; slices.Contains(statsOperations, name) && minutes > 0 {
				b.report.Kubelet.Operations = append(b.report.Kubelet.Operations, OperationResult{
					Cell: c.cell, Arm: g.arm.Name, Operation: name, Count: o.Count, Errors: o.Errors,
					PerMinute: float64(o.Count) / minutes, Seconds: o.Seconds / float64(o.Count),
				})
			}
		}
	}
}

// An Account is what one component used by two roads, as means over the usable trials
// of an arm in a cell. What was not metered is 0. The cgroup of a private runtime holds
// its shims too, so the clocks and the PSS of the runtime are those of both.
type Account struct {
	Cell      bench.Cell      `json:"cell"`
	Arm       string          `json:"arm"`
	Component bench.Component `json:"component"`
	// ClockCPU is by process CPU clocks, CgroupCPU by the cgroup's account; cores.
	ClockCPU  float64 `json:"cpu_clock_cores,omitempty"`
	CgroupCPU float64 `json:"cpu_cgroup_cores,omitempty"`
	// PSS is summed over processes, CgroupMemory what the cgroup says, page cache
	// included; bytes.
	PSS          float64 `json:"pss_bytes,omitempty"`
	CgroupMemory float64 `json:"memory_cgroup_bytes,omitempty"`
	Trials       int     `json:"trials"`
}

// accounts adds the two roads of kubelet and runtime.
func (b *builder) accounts(c *cellGroup) {
	for _, g := range c.order {
		for _, component := range []bench.Component{bench.ComponentKubelet, bench.ComponentRuntime} {
			a := Account{Cell: c.cell, Arm: g.arm.Name, Component: component}
			for _, of := range []struct {
				quantity bench.Quantity
				mean     *float64
				rate     bool
			}{
				{bench.CPUClockSeconds, &a.ClockCPU, true}, {bench.CPUCgroupSeconds, &a.CgroupCPU, true},
				{bench.PSSBytes, &a.PSS, false}, {bench.MemoryCgroupBytes, &a.CgroupMemory, false},
			} {
				n := 0
				for _, t := range g.used {
					v, ok := account(t.Costs, component, of.quantity)
					if !ok {
						continue
					}
					if of.rate {
						v /= t.Length.Seconds()
					}
					*of.mean += v
					n++
				}
				if n > 0 {
					*of.mean /= float64(n)
				}
				a.Trials = max(a.Trials, n)
			}
			if a.Trials > 0 {
				b.report.Kubelet.Accounts = append(b.report.Kubelet.Accounts, a)
			}
		}
	}
}

// account returns what a component used by one road; of the runtime with its shims,
// but by the cgroup's road, which has both.
func account(costs bench.Costs, c bench.Component, q bench.Quantity) (float64, bool) {
	v, ok := costs[c][q]
	if c == bench.ComponentRuntime && (q == bench.CPUClockSeconds || q == bench.PSSBytes) {
		v += costs[bench.ComponentShims][q]
	}
	return v, ok
}

// callsOf are the calls of a collector in a trial.
func callsOf(t *bench.Trial, collector string) bench.Calls {
	for i := range t.Agents {
		if t.Agents[i].Collector == collector {
			return t.Agents[i].Calls
		}
	}
	return nil
}
