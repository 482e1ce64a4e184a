package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench"
)

// collectorCadvisor is what plans call the endpoint that the KEP is about.
const collectorCadvisor = "kubelet-cadvisor"

// scrapes says whether a collector reads a kubelet.
func (b *builder) scrapes(collector string) bool { return b.input.Host.Collector(collector).Kubelet }

// costParts are CPU and memory of kubelet, runtime and shims together.
func costParts(limit float64) func(*builder, *gatePair) ([]KEPPart, error) {
	return func(b *builder, d *gatePair) ([]KEPPart, error) {
		var out []KEPPart
		for _, of := range []struct {
			name   string
			metric Metric
		}{{"CPU", CPUCores}, {"memory", PSS}} {
			p, err := b.ratioPart(of.name, limit, d, TotalOf(of.metric))
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		return append(out, b.unearned(d)...), nil
	}
}

// performanceParts are CPU, and what those notice who scrape: how long an answer
// takes, and whether it comes in time.
func performanceParts(b *builder, d *gatePair) ([]KEPPart, error) {
	if d.load == Unscraped {
		return nil, nil
	}
	cpu, err := b.ratioPart("CPU", 1, d, TotalOf(CPUCores))
	if err != nil {
		return nil, err
	}
	out := []KEPPart{cpu}
	for _, c := range d.on.collectors {
		p, err := b.ratioPart("median response of "+c, 1, d, Series{Metric: ResponseP50, Collector: c})
		if err != nil {
			return nil, err
		}
		out = append(out, lostPart(c, d), p)
	}
	return append(out, b.unearned(d)...), nil
}

// ScrapeTimeout is when a scrape is lost in production: Prometheus' scrape_timeout,
// and the request timeout of metrics-server, if nobody has changed them.
const ScrapeTimeout = 10 * time.Second

// lost says whether production would have lost the call: it failed, or its answer
// came too late.
func lost(c bench.Call) bool { return c.Err != "" || c.Service >= ScrapeTimeout }

func lostCalls(calls bench.Calls) int {
	n := 0
	for _, c := range calls {
		if lost(c) {
			n++
		}
	}
	return n
}

// fewestLosing is from how many rounds on it is no chance that each of them lost
// scrapes with the gate on and none with it off.
const fewestLosing = 3

// lostPart holds if no scrape is lost with the gate on. It breaks if in each of at
// least three rounds some were, where none was with the gate off.
func lostPart(collector string, d *gatePair) KEPPart {
	p := KEPPart{Name: "lost scrapes of " + collector, Wants: fmt.Sprintf("no answer that fails or takes %v", ScrapeTimeout), Result: Pass}
	type tally struct{ calls, lost int }
	count := func(g *group) (map[turn]tally, tally) {
		rounds, sum := make(map[turn]tally), tally{}
		for _, t := range g.used {
			calls := callsOf(t, collector)
			n := tally{len(calls), lostCalls(calls)}
			rounds[turnOf(t)] = n
			sum.calls, sum.lost = sum.calls+n.calls, sum.lost+n.lost
		}
		return rounds, sum
	}
	on, onSum := count(d.on)
	off, offSum := count(d.off)
	p.Says = fmt.Sprintf("%d of %d lost, with the gate off %d of %d", onSum.lost, onSum.calls, offSum.lost, offSum.calls)
	worse, both := 0, 0
	for at, n := range on {
		if m, ok := off[at]; ok {
			both++
			if n.lost > 0 && m.lost == 0 {
				worse++
			}
		}
	}
	switch {
	case onSum.lost == 0:
	case worse == both && both >= fewestLosing:
		p.Result = Fail
	default:
		p.Result = Unsettled
	}
	return p
}

// workShare is the share of the names that are expected on /metrics/cadvisor from
// which on a cost is that of the same work. What an answer costs goes with its
// series; one that leaves out more than a tenth must not be praised for being cheap.
const workShare = 0.9

// unearned are parts that do not hold where a cost is no evidence: that of answers
// which are not true, or of less work.
func (b *builder) unearned(d *gatePair) []KEPPart {
	var out []KEPPart
	for _, g := range []*group{d.on, d.off} {
		if len(g.result.Untrue) == 0 {
			continue
		}
		p := KEPPart{Name: "truth of " + g.arm.Name, Wants: "answers that are true, by the plan's rule", Result: Unsettled}
		for _, c := range b.checksOf(g) {
			switch {
			case c.Source == nil:
				p.say(c.Collector + " could not be checked")
			case len(c.Broken) > 0:
				p.say(c.Collector + ": " + inShort(c.Broken))
			}
		}
		out = append(out, p)
	}
	return append(out, b.doesTheWork(d)...)
}

// say adds to the evidence.
func (p *KEPPart) say(text string) {
	if p.Says != "" {
		p.Says += "; "
	}
	p.Says += text
}

// doesTheWork is a part that does not hold where the gate on answers less than the
// gate off: its cost is then no evidence that it is cheaper.
func (b *builder) doesTheWork(d *gatePair) []KEPPart {
	names := completenessOf(d, collectorCadvisor)
	if names == nil || len(names.expected) == 0 || float64(len(names.present)) >= workShare*float64(len(names.expected)) {
		return nil
	}
	return []KEPPart{{
		Name: "same work", Wants: fmt.Sprintf("at least %.0f %% of the expected metrics on /metrics/cadvisor", workShare*100), Result: Unsettled,
		Says: fmt.Sprintf("only %d of %d expected metrics are answered: it is not said to be cheap for doing less", len(names.present), len(names.expected)),
	}}
}

// sameParts are what can be said of the answers themselves.
func sameParts(b *builder, d *gatePair) ([]KEPPart, error) {
	if d.load == Unscraped {
		return nil, nil
	}
	var out []KEPPart
	for _, c := range d.on.collectors {
		n := completenessOf(d, c)
		if n == nil {
			continue
		}
		p := KEPPart{Name: "names of " + c, Wants: "every expected metric that the gate off answers", Result: Pass}
		p.Says = fmt.Sprintf("%d of %d expected metrics; %d names in all, with the gate off %d", len(n.present), len(n.expected), n.on, n.off)
		if len(n.missing) > 0 {
			p.Result = Fail
			p.Says += "; missing: " + strings.Join(n.missing, ", ")
		}
		out = append(out, p)
	}
	out = append(out, b.containersPart(d))
	for _, c := range d.on.collectors {
		out = append(out, b.truthParts(d, c)...)
	}
	return out, nil
}

// containersPart holds if no last answer lacked a container of ours.
func (b *builder) containersPart(d *gatePair) KEPPart {
	missing, answers := 0, 0
	for _, t := range d.on.used {
		for i := range t.Agents {
			if b.scrapes(t.Agents[i].Collector) {
				missing += len(t.Agents[i].Missing)
				answers++
			}
		}
	}
	p := KEPPart{Name: "containers", Wants: "every container of ours in each last answer", Result: Pass}
	p.Says = fmt.Sprintf("%d missing in %d last answers", missing, answers)
	if missing > 0 {
		p.Result = Fail
	}
	return p
}

// A completeness compares the names of two arms' answers from one endpoint.
type completeness struct {
	on, off                    int // names in all
	expected, present, missing []string
}

// ofNetwork is what the names begin with that mean nothing here: pods of ours are in the
// node's network, which a kubelet with the gate off shows as if it were theirs.
const ofNetwork = "container_network_"

// completenessOf is nil where one of the arms gave no answer with names.
func completenessOf(d *gatePair, collector string) *completeness {
	on, off := namesOf(d.on, collector), namesOf(d.off, collector)
	if len(on) == 0 || len(off) == 0 {
		return nil
	}
	c := &completeness{on: len(on), off: len(off)}
	for _, name := range off {
		if collector == collectorCadvisor && !expectedName(name) || strings.HasPrefix(name, ofNetwork) {
			continue
		}
		c.expected = append(c.expected, name)
		if slices.Contains(on, name) {
			c.present = append(c.present, name)
		} else {
			c.missing = append(c.missing, name)
		}
	}
	return c
}

// namesOf are the names that any last answer of the arm had from an endpoint, sorted.
func namesOf(g *group, collector string) []string {
	var out []string
	for _, t := range g.used {
		for i := range t.Agents {
			if t.Agents[i].Collector == collector {
				out = append(out, t.Agents[i].Names...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
