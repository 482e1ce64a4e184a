package meter

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"cri-stats-bench/bench"
)

// A delta makes costs of the readings of one window, after it.
type delta struct {
	watch   *watch
	metered bench.Metered
	// alive are the metered processes that still run, and the shims that began
	// inside the window.
	alive []*process
	// lost are shims that ended inside the window, and their clocks with them.
	lost map[*process]bool
}

// components are the ones that consist of processes.
var components = []bench.Component{bench.ComponentAgent, bench.ComponentRuntime, bench.ComponentShims, bench.ComponentKubelet, bench.ComponentHarness}

// warn adds a warning about a quantity of a component.
func (b *delta) warn(c bench.Component, q bench.Quantity, err error) {
	b.metered.Warnings = append(b.metered.Warnings, fmt.Errorf("%s: %s: %w", c, q, err))
}

// population finds out which processes ended and which shims began.
func (b *delta) population() {
	b.lost = make(map[*process]bool)
	changed := func(format string, p *process) {
		to := &b.metered.Changed
		if p.component == bench.ComponentShims {
			to = &b.metered.Shims
		}
		*to = append(*to, fmt.Sprintf(format, p))
	}
	ended := func(p *process) {
		changed("%s ended", p)
		b.lost[p] = p.component == bench.ComponentShims
	}
	for _, p := range b.watch.procs {
		switch err := b.watch.meter.lives(p); {
		case err == nil:
			b.alive = append(b.alive, p)
		case errors.Is(err, errReplaced):
			p.end.err, p.switches.err = err, err // the other's, not its own
			ended(p)
		case errors.Is(err, errEnded):
			ended(p)
		default:
			b.metered.Warnings = append(b.metered.Warnings, fmt.Errorf("see whether %s still runs: %w", p, err))
			changed("%s may have ended", p)
		}
	}
	shims, err := b.watch.meter.shims(b.watch.daemon)
	if err != nil && !errors.Is(err, errOtherShims) { // of which Watch has warned
		b.metered.Warnings = append(b.metered.Warnings, err)
	}
	for _, s := range shims {
		known := func(p *process) bool { return p.pid == s.pid && p.start == s.start }
		if !slices.ContainsFunc(b.watch.procs, known) {
			changed("%s began", s)
			b.alive = append(b.alive, s)
		}
	}
}

// total fills in costs and guards.
func (b *delta) total() {
	w := b.watch
	b.metered.Costs = make(bench.Costs)
	for _, c := range components {
		is := func(p *process) bool { return p.component == c }
		if !w.meters(c) {
			continue
		}
		b.metered.Costs[c] = b.processes(c, is, b.warn)
	}
	silent := func(bench.Component, bench.Quantity, error) {} // said of the component
	for _, agent := range w.agents {
		is := func(p *process) bool { return p == agent }
		b.metered.Agents = append(b.metered.Agents, b.processes(bench.ComponentAgent, is, silent))
	}
	for _, d := range w.domains {
		b.daemon(d)
	}
	b.pods()
	b.guards()
}

// meters says whether processes of the component are watched. No shims are an
// answer too, no agents are none.
func (w *watch) meters(c bench.Component) bool {
	switch c {
	case bench.ComponentAgent:
		return len(w.agents) > 0
	case bench.ComponentRuntime:
		return w.meter.cfg.Runtime != nil
	case bench.ComponentShims:
		return w.meter.cfg.Runtime != nil && !w.noShims
	case bench.ComponentKubelet:
		return w.meter.cfg.Kubelet != nil
	}
	return true
}

// processes adds up what some processes of a component used. A quantity that one
// of them lacks is lacking of all.
func (b *delta) processes(c bench.Component, is func(*process) bool, warn func(bench.Component, bench.Quantity, error)) bench.Cost {
	cost := make(bench.Cost)
	var cpu, reads, switches, pss, rss, anon sum
	watched, alive, lost := 0, 0, 0
	for _, p := range b.watch.procs {
		if is(p) {
			watched++
			if used, err := p.end.since(p.begin); b.lost[p] {
				lost++
			} else {
				cpu.add(used.Seconds(), err)
			}
			reads.add(float64(p.reads.value), p.reads.err)
			switches.add(float64(p.switches.value), p.switches.err)
		}
	}
	for _, p := range b.alive {
		if is(p) {
			alive++
			m, err := p.memory(b.watch.buf[:])
			pss.add(float64(m.pss), err)
			rss.add(float64(m.rss), err)
			if err == nil {
				err = m.anonErr
			}
			anon.add(float64(m.anon), err)
		}
	}
	cost[bench.Processes] = float64(alive)
	if lost > 0 {
		warn(c, bench.CPUSeconds, fmt.Errorf("%d processes ended inside the window: what they used since its start is only in the account of the runtime's cgroup, where they were in it", lost))
	}
	if lost < watched || watched == 0 { // of those that ended alone nothing is known
		cpu.into(cost, bench.CPUSeconds, c, warn)
	}
	if v, ok := cost[bench.CPUSeconds]; ok {
		cost[bench.CPUClockSeconds] = v
	}
	reads.into(cost, bench.ReadCalls, c, warn)
	switches.into(cost, bench.ContextSwitches, c, warn)
	if alive == 0 && watched > 0 {
		warn(c, bench.PSSBytes, errEnded)
		return cost
	}
	pss.into(cost, bench.PSSBytes, c, warn)
	rss.into(cost, bench.RSSBytes, c, warn)
	anon.into(cost, bench.AnonBytes, c, warn)
	return cost
}

// A sum adds values of which some may be lacking.
type sum struct {
	value       float64
	n, missing  int
	firstMissed error
}

func (s *sum) add(v float64, err error) {
	s.n++
	if err == nil {
		s.value += v
		return
	}
	if s.missing == 0 {
		s.firstMissed = err
	}
	s.missing++
}

// into puts the sum into the cost, or one warning beside it.
func (s *sum) into(cost bench.Cost, q bench.Quantity, c bench.Component, warn func(bench.Component, bench.Quantity, error)) {
	if s.missing == 0 {
		cost[q] = s.value
		return
	}
	warn(c, q, fmt.Errorf("of %d of %d processes there is none: %w", s.missing, s.n, s.firstMissed))
}

// The roads agree where they differ by no more than this.
const (
	roadsRelative = 0.02
	roadsAbsolute = 10 * time.Millisecond // a thread's clock lags by up to a tick
)

// daemon adds the account of a daemon's own cgroup; see the package comment, "CPU
// time".
func (b *delta) daemon(d *domain) {
	cost := b.metered.Costs[d.component]
	if d.memory != "" {
		b.cgroupMemory(cost, d.component, d.memory)
	}
	if d.account == nil {
		return
	}
	account, err := d.account.end.since(d.account.begin)
	if err != nil {
		b.warn(d.component, bench.CPUCgroupSeconds, err)
		return
	}
	cost[bench.CPUCgroupSeconds] = account.Seconds()
	var clocks time.Duration
	for _, p := range b.watch.procs {
		if p.covered != d || b.lost[p] {
			continue // of those that ended the account tells
		}
		used, err := p.end.since(p.begin)
		if err != nil {
			// What the account has beyond the clocks is not known, so neither is the
			// daemon's part of it. The missing clock has its warning already.
			delete(cost, bench.CPUSeconds)
			return
		}
		clocks += used
	}
	beyond := account - clocks
	differ := math.Abs(beyond.Seconds()) > roadsRelative*account.Seconds() && beyond.Abs() > roadsAbsolute
	if differ {
		text := "children that ended, counted with the " + string(d.component)
		if beyond < 0 {
			text = "the clocks count"
		}
		b.warn(d.component, bench.CPUSeconds,
			fmt.Errorf("cgroup %s has %v, the clocks of the processes in it %v: %s", d.account.path, account, clocks, text))
	}
	if v, ok := cost[bench.CPUSeconds]; ok && !(differ && beyond < 0) {
		cost[bench.CPUSeconds] = v + beyond.Seconds()
	}
}

// pods adds the account of the pods' cgroup. Where CRI-O puts conmon into it, it
// has conmon's CPU time too.
func (b *delta) pods() {
	w := b.watch
	if w.pods == nil {
		return
	}
	cost := make(bench.Cost)
	b.metered.Costs[bench.ComponentPods] = cost
	used, err := w.pods.end.since(w.pods.begin)
	if err != nil {
		b.warn(bench.ComponentPods, bench.CPUSeconds, err)
	} else {
		cost[bench.CPUSeconds], cost[bench.CPUCgroupSeconds] = used.Seconds(), used.Seconds()
	}
	b.cgroupMemory(cost, bench.ComponentPods, w.pods.path)
}

// cgroupMemory adds what a cgroup says of its memory.
func (b *delta) cgroupMemory(cost bench.Cost, c bench.Component, path string) {
	v, err := b.watch.cgroups.MemoryUsage(path)
	if err != nil {
		b.warn(c, bench.MemoryCgroupBytes, err)
		return
	}
	cost[bench.MemoryCgroupBytes] = float64(v)
}

// guards adds the node and the fractions of its capacity. The foreign one is what
// the node was busy with beyond all metered components: a difference of figures
// of which the node's comes in steps of 10 ms, so it may be slightly negative,
// and is left so.
func (b *delta) guards() {
	w := b.watch
	if w.node == nil {
		return
	}
	use, err := w.node.use()
	if err != nil {
		b.warn(bench.ComponentNode, bench.CPUSeconds, err)
		return
	}
	b.metered.Costs[bench.ComponentNode] = bench.Cost{bench.CPUSeconds: use.busy}
	guards := bench.Guards{bench.GuardSteal: use.steal / use.capacity}
	b.metered.Guards = guards
	harness, ok := b.metered.Costs[bench.ComponentHarness][bench.CPUSeconds]
	if ok {
		guards[bench.GuardHarness] = harness / use.capacity
	}
	foreign := use.busy
	accounted := components
	if w.meter.cfg.PodsCgroup != "" && !w.noPods {
		accounted = append(slices.Clip(accounted), bench.ComponentPods)
	}
	for _, c := range accounted {
		cost, metered := b.metered.Costs[c]
		v, ok := cost[bench.CPUSeconds]
		if !ok && (metered || c == bench.ComponentPods) {
			b.metered.Warnings = append(b.metered.Warnings, fmt.Errorf("%s: the CPU time of the %s is not known", bench.GuardForeign, c))
			return
		}
		foreign -= v
	}
	guards[bench.GuardForeign] = foreign / use.capacity
}
