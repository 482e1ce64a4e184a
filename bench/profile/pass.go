package profile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/record"
)

const (
	// leastWindow is how long a trial is profiled at least: a hundred samples a second of a
	// daemon that uses a tenth of a CPU are 200 then.
	leastWindow = 20 * time.Second
	// hotFunctions is how many of each kind are told.
	hotFunctions = 5
	// clockTicks are those of /proc/PID/stat a second: USER_HZ, which the kernel fixes for
	// programs on every architecture that Go has.
	clockTicks = 100
	// trialTime is what a trial takes beside its window, as an estimate.
	trialTime = 5 * time.Second
)

// A Subject is a daemon that serves net/http/pprof.
type Subject struct {
	Component bench.Component
	// Get returns the answer to a path with a query: "/debug/pprof/profile?seconds=5".
	Get func(ctx context.Context, path string) ([]byte, error)
}

// A Pass profiles each arm once, in one cell. Its fields are set before it is run; it is
// for one Runner, as bench.Schedule, bench.Meter and bench.Recorder.
type Pass struct {
	Cell bench.Cell
	Arms []bench.Arm
	// Meter meters the trials as all others are.
	Meter bench.Meter
	// Subjects can be profiled. Agents profile themselves, into Agents as PID.cpu.pb.gz,
	// PID.before.pb.gz and PID.after.pb.gz; see package agent.
	Subjects []Subject
	Agents   string
	// Dir is the folder of the run.
	Dir string
	// Keep keeps what was found.
	Keep func(*record.Profile) error

	next  int
	watch *watch
}

var (
	_ bench.Schedule = (*Pass)(nil)
	_ bench.Meter    = (*Pass)(nil)
	_ bench.Recorder = (*Pass)(nil)
)

// Distinct returns the arms that do something else than all before them, with windows
// that are long enough to profile. An arm that stands twice in a round, so that it can be
// set against itself, is there once.
func Distinct(arms []bench.Arm) []bench.Arm {
	var out []bench.Arm
	for _, a := range arms {
		same := func(b bench.Arm) bool {
			return slices.Equal(a.Collectors, b.Collectors) && a.Interval == b.Interval &&
				maps.Equal(a.Intervals, b.Intervals) && a.Treatment == b.Treatment && a.Clients == b.Clients
		}
		if slices.ContainsFunc(out, same) {
			continue
		}
		if a.Window > 0 && a.Window < leastWindow {
			a.Window *= (leastWindow + a.Window - 1) / a.Window
		}
		out = append(out, a)
	}
	return out
}

// Next returns the next arm's trial.
func (p *Pass) Next() (bench.Slot, bool) {
	if p.next == len(p.Arms) {
		return bench.Slot{}, false
	}
	return bench.Slot{Cell: p.Cell, Position: p.next, Arm: p.Arms[p.next]}, true
}

// Done goes on, however the trial went: who is profiled is not asked twice.
func (p *Pass) Done(*bench.Trial) { p.next++ }

// Remaining is the time that what is left will take, as an estimate.
func (p *Pass) Remaining() time.Duration {
	var d time.Duration
	for _, a := range p.Arms[p.next:] {
		d += a.WarmUp + a.Window + trialTime
	}
	return d
}

// Append keeps a trial with what was found in it.
func (p *Pass) Append(t *bench.Trial) error {
	out := record.Profile{Trial: *t}
	if p.watch != nil {
		p.watch.into(&out, t)
	}
	p.watch = nil
	return p.Keep(&out)
}

// Watch opens the meter's watch and what is beside it.
func (p *Pass) Watch(ctx context.Context, agents []int) (bench.Watch, error) {
	inner, err := p.Meter.Watch(ctx, agents)
	if err != nil {
		return nil, err
	}
	p.watch = &watch{Watch: inner, pass: p, agents: agents, window: p.Arms[p.next].Window}
	if m, ok := inner.(interface {
		Processes() map[bench.Component][]int
	}); ok {
		p.watch.processes = m.Processes()
	}
	return p.watch, nil
}

// A watch profiles one window.
type watch struct {
	bench.Watch
	pass      *Pass
	agents    []int
	window    time.Duration
	processes map[bench.Component][]int

	before, after map[bench.Component]ticks
	count         *startedCount
	countErr      error
	started       map[bench.Component]map[string]int
	taken         []chan taken
	cancel        context.CancelFunc // of what is taken
	answers       []taken
}

// ticks are CPU time of a component in seconds.
type ticks struct{ user, system float64 }

// taken is what a subject answered.
type taken struct {
	component bench.Component
	value     string // cpuValue or allocatedValue
	data      []byte
	err       error
}

// Begin begins to profile, and to meter.
func (w *watch) Begin() error {
	if err := w.Watch.Begin(); err != nil {
		return err
	}
	w.count, w.countErr = countStarted(w.processes)
	w.before = w.ticks()
	// The handlers count whole seconds; the last part of one is not profiled.
	seconds := strconv.Itoa(max(1, int(w.window/time.Second)))
	ctx, cancel := context.WithTimeout(context.Background(), w.window+leastWindow)
	w.cancel = cancel
	for _, s := range w.pass.Subjects {
		w.take(ctx, s, cpuValue, "/debug/pprof/profile?seconds="+seconds)
		w.take(ctx, s, allocatedValue, "/debug/pprof/allocs?seconds="+seconds)
	}
	return nil
}

// take asks a subject meanwhile.
func (w *watch) take(ctx context.Context, s Subject, value, path string) {
	answer := make(chan taken, 1)
	w.taken = append(w.taken, answer)
	go func() {
		data, err := s.Get(ctx, path)
		answer <- taken{s.Component, value, data, err}
	}()
}

// End ends the window and waits for what was asked.
func (w *watch) End() (bench.Metered, error) {
	metered, err := w.Watch.End()
	w.after = w.ticks()
	if w.count != nil {
		w.started, w.countErr = w.count.end()
		w.count = nil
	}
	for _, answer := range w.taken {
		w.answers = append(w.answers, <-answer)
	}
	w.taken = nil
	return metered, err
}

// Close ends what a window that was never ended has begun.
func (w *watch) Close() error {
	if w.cancel != nil {
		w.cancel()
	}
	var err error
	if w.count != nil {
		_, err = w.count.end()
		w.count = nil
	}
	return errors.Join(err, w.Watch.Close())
}

// ticks reads user and system time of all components.
func (w *watch) ticks() map[bench.Component]ticks {
	out := make(map[bench.Component]ticks)
	for component, pids := range w.processes {
		var sum ticks
		for _, pid := range pids {
			p, err := procfs.NewProc(pid)
			if err != nil {
				continue // it has ended, and the guards say so
			}
			if s, err := p.Stat(); err == nil {
				sum.user += float64(int(s.UTime)+s.CUTime) / clockTicks
				sum.system += float64(int(s.STime)+s.CSTime) / clockTicks
			}
		}
		out[component] = sum
	}
	return out
}

// inOrder are the components that have a part in a call.
var inOrder = []bench.Component{bench.ComponentAgent, bench.ComponentRuntime, bench.ComponentShims, bench.ComponentKubelet}

// into adds what was found in the window.
func (w *watch) into(out *record.Profile, t *bench.Trial) {
	miss := func(what string, err error) { out.Missing = append(out.Missing, fmt.Sprintf("%s: %v", what, err)) }
	if t.Length == 0 {
		return // nothing was measured, and the trial says why
	}
	if w.countErr != nil {
		miss("processes that were started", w.countErr)
	}
	for _, component := range inOrder {
		if len(w.processes[component]) == 0 {
			continue
		}
		part := record.ProfiledPart{
			Component: component,
			User:      w.after[component].user - w.before[component].user,
			System:    w.after[component].system - w.before[component].system,
		}
		if w.countErr == nil {
			part.Started = w.started[component]
			if part.Started == nil {
				part.Started = map[string]int{}
			}
		}
		for _, a := range slices.Concat(w.answers, w.ofAgents(component)) {
			if a.component != component {
				continue
			}
			if err := w.add(&part, a, t); err != nil {
				miss(fmt.Sprintf("%s profile of the %s", a.value, component), err)
			}
		}
		out.Parts = append(out.Parts, part)
	}
}

// ofAgents are the profiles that the agents took of themselves, all of an arm together.
func (w *watch) ofAgents(component bench.Component) []taken {
	if component != bench.ComponentAgent || w.pass.Agents == "" {
		return nil
	}
	var out []taken
	for _, value := range []string{cpuValue, allocatedValue} {
		data, err := mergeAgents(w.pass.Agents, w.agents, value)
		out = append(out, taken{component, value, data, err})
	}
	return out
}

// add keeps one raw profile and adds its functions to the part.
func (w *watch) add(part *record.ProfiledPart, a taken, t *bench.Trial) error {
	if a.err != nil {
		return a.err
	}
	p, err := parse(a.data)
	if err != nil {
		return err
	}
	hot, err := hottest(p, a.value, hotFunctions)
	if err != nil {
		return err
	}
	kind := "cpu"
	if a.value == allocatedValue {
		kind = "allocs"
		part.Allocated = hot
	} else {
		part.CPU = hot
	}
	name := filepath.Join(record.ProfilesDir, fmt.Sprintf("%s-%s.%s.pb.gz", fileName(t.Arm.Name), a.component, kind))
	if err := write(w.pass.Dir, name, a.data); err != nil {
		return err
	}
	part.Files = append(part.Files, name)
	return nil
}

// write makes or replaces a file below the folder of the run, and writes nowhere else: a run
// folder may be somebody's who has put links into it.
func write(dir, name string, data []byte) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) // no link stands there any more
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// fileName is a name with nothing in it that a path could take for something else.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
}
