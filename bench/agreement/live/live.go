// Package live observes the sources of stats of a running node for package
// agreement: it calls each source again and again, reads the cgroup files right
// before and right after each call, and asks the runtime what runs.
//
// Package agreement stands after it and judges what was observed. Collectors come
// to it as constructors, so that it knows neither CRI nor cAdvisor; the runtime's
// client is only for listings and for what a listing cannot say. It judges
// nothing, and it makes and removes no pods: that it makes some containers burn CPU
// time, and one hold memory for some seconds, is all that it changes.
package live

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// A Clock is the time that calls take and that is waited for. Its Now must be the
// clock that sources take timestamps from.
type Clock interface {
	Now() time.Time
	// Sleep returns after d or when ctx ends, with its error.
	Sleep(ctx context.Context, d time.Duration) error
}

// An Open opens a collector.
type Open func(ctx context.Context, s bench.Source) (bench.Collector, error)

// A Source is a collector to observe.
type Source struct {
	agreement.Source
	Open Open
	// Fixed is set where the collector finds nothing that came after it was opened.
	Fixed bool
}

// A Config says what to observe and for how long.
type Config struct {
	Client runtimev1.RuntimeServiceClient
	// Source is what collectors are opened with; its pods are filled in.
	Source  bench.Source
	Sources []Source
	// Reference opens the direct reading of the pods of a Source; nil where there
	// is none.
	Reference Open
	Node      agreement.Node
	Clock     Clock // the system's if nil
	// Duration is how long calls go on, DefaultDuration if 0; Interval how often
	// each source is called, DefaultInterval if 0.
	Duration, Interval time.Duration
	// Timeout bounds each call, DefaultTimeout if 0.
	Timeout time.Duration
	// Own are pods that are there for the check and last as long.
	Own []bench.Pod
	// StepContainer is made to hold StepBytes more for StepTime, by StepCommand in
	// an exec; empty for no such step.
	StepContainer string
	StepCommand   []string
	// BurnContainers are made to burn CPU time all the while, by BurnCommand in execs.
	BurnContainers []string
	BurnCommand    []string
	// CacheContainers are made to hold page cache meanwhile, by CacheCommand in an exec
	// each: without any, usage and working set are the same, and a check of the one for the
	// other is empty.
	CacheContainers []string
	CacheCommand    []string
	// Progress, if set, is told what comes next.
	Progress func(what string)
}

// Defaults of Config.
const (
	// DefaultDuration is a little more than agreement.DefaultMaxAge: what is older
	// than that shows in it.
	DefaultDuration = 15 * time.Second
	DefaultInterval = time.Second
	DefaultTimeout  = time.Minute
)

const (
	// fewestRounds are made however long calls take.
	fewestRounds = 4
	// rest lets a source that was called before recover (checkBursts).
	rest = 1500 * time.Millisecond
	// burst is how many calls come one right after the other.
	burst = 3
	// lookBack is how long after the last call what runs is listed for the last time,
	// where pods came or went: listings are behind.
	lookBack = 5 * time.Second

	// lastingAge is how long a container must have run to be expected to last.
	lastingAge = time.Minute
)

const (
	// StepBytes is how much more memory the container of a Config is to hold.
	StepBytes = 64 << 20
	// StepTime is for how long, at least.
	StepTime = 4 * time.Second
)

// Observe makes the observations. Calls that fail are observations; its error is
// that nothing could be observed at all.
func Observe(ctx context.Context, cfg Config) (*agreement.Input, error) {
	cfg.fill()
	s := &session{Config: cfg, input: &agreement.Input{Node: cfg.Node}, hostNetwork: make(map[string]bool)}
	s.reference = newReference(cfg.Reference, cfg.Source)
	err := s.run(ctx)
	err = errors.Join(err, s.close())
	if err != nil {
		return nil, err
	}
	return s.input, nil
}

func (cfg *Config) fill() {
	if cfg.Clock == nil {
		cfg.Clock = systemClock{}
	}
	if cfg.Duration == 0 {
		cfg.Duration = DefaultDuration
	}
	if cfg.Interval == 0 {
		cfg.Interval = DefaultInterval
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
}

// A session is one check under way.
type session struct {
	Config
	input     *agreement.Input
	sources   []opened
	reference *reference
	// hostNetwork has what was asked of each pod.
	hostNetwork map[string]bool
	listed      *agreement.Listing // the last
}

type opened struct {
	Source
	collector bench.Collector
}

func (s *session) run(ctx context.Context) error {
	if err := s.list(ctx); err != nil {
		return err
	}
	// Values that sources have from before the first call are held against this.
	s.input.Directs = append(s.input.Directs, s.reference.read(ctx))
	if err := s.open(ctx); err != nil {
		return err
	}
	if len(s.sources) == 0 {
		return nil
	}
	burning := startBurn(ctx, s)
	err := s.rounds(ctx)
	burning.end()
	if err != nil {
		return err
	}
	if err := s.bursts(ctx); err != nil {
		return err
	}
	if s.changed() {
		s.Progress("looking at what runs once more")
		if err := s.Clock.Sleep(ctx, lookBack); err != nil {
			return err
		}
	}
	if err := s.list(ctx); err != nil {
		return err
	}
	s.layers(ctx)
	if err := s.identities(ctx); err != nil {
		return err
	}
	return s.probes(ctx)
}

// changed says whether listings differ.
func (s *session) changed() bool {
	first := s.input.Listings[0]
	return slices.ContainsFunc(s.input.Listings, func(l *agreement.Listing) bool { return !reflect.DeepEqual(l.Pods, first.Pods) })
}

// open opens the sources. One that is not supported here is left out and told.
func (s *session) open(ctx context.Context) error {
	for _, source := range s.Sources {
		s.Progress("opening " + source.Name)
		opening, cancel := context.WithTimeout(ctx, s.Timeout)
		from := s.Source
		from.Pods = pods(s.listed)
		if source.Fixed {
			// It waits for each of them, and those that end meanwhile never come.
			known := s.lasting()
			from.Pods, source.Knows = pods(known), known
		}
		c, err := source.Open(opening, from)
		if err == nil {
			// Whether the runtime has a method shows in the first call.
			if first := c.Collect(opening, new(bench.Batch)); isUnsupported(first) {
				err = errors.Join(first, c.Close())
			}
		}
		cancel()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				err = c.Close()
			}
			return errors.Join(context.Cause(ctx), err)
		case isUnsupported(err):
			s.input.Unsupported = append(s.input.Unsupported, agreement.Unsupported{Source: source.Name, Why: err.Error()})
			continue
		case err != nil:
			source.OpenErr = err
			s.input.Sources = append(s.input.Sources, source.Source)
			continue
		}
		s.sources = append(s.sources, opened{source, c})
		s.input.Sources = append(s.input.Sources, source.Source)
	}
	return nil
}

// lasting is the part of the last listing that can be expected to last: the pods
// of Own, and what has run for a minute.
func (s *session) lasting() *agreement.Listing {
	own := make(map[string]bool)
	for _, pod := range s.Own {
		own[pod.ID] = true
	}
	l := &agreement.Listing{At: s.listed.At}
	for _, pod := range s.listed.Pods {
		young := func(c agreement.Container) bool { return s.listed.At.Sub(c.Created) < lastingAge }
		if own[pod.ID] || !slices.ContainsFunc(pod.Containers, young) {
			l.Pods = append(l.Pods, pod)
		}
	}
	return l
}

func isUnsupported(err error) bool {
	var unsupported *bench.UnsupportedError
	return errors.As(err, &unsupported)
}

// rounds calls each source once per interval, in an order that turns, until the
// time is over.
func (s *session) rounds(ctx context.Context) error {
	start := s.Clock.Now()
	s.Progress(fmt.Sprintf("calling %d sources for %v", len(s.sources), s.Duration))
	step := newStep(s)
	defer step.wait()
	took := time.Duration(0)
	for round := 0; round < fewestRounds || s.Clock.Now().Sub(start) < s.Duration; round++ {
		began := s.Clock.Now()
		if began.Sub(start) >= s.Duration/3 {
			step.start(ctx, took)
		}
		for i := range s.sources {
			if err := s.observe(ctx, &s.sources[(i+round)%len(s.sources)]); err != nil {
				return err
			}
		}
		took = s.Clock.Now().Sub(began)
		due := start.Add(time.Duration(round+1) * s.Interval)
		if err := s.Clock.Sleep(ctx, due.Sub(s.Clock.Now())); err != nil {
			return err
		}
	}
	step.finish()
	return nil
}

// observe makes one observation.
func (s *session) observe(ctx context.Context, source *opened) error {
	if err := s.list(ctx); err != nil {
		return err
	}
	o := agreement.Observation{Source: source.Name, ListedBefore: s.listed, Answer: new(bench.Batch)}
	o.DirectBefore = s.reference.read(ctx)
	call, cancel := context.WithTimeout(ctx, s.Timeout)
	o.Start = s.Clock.Now()
	o.Err = source.collector.Collect(call, o.Answer)
	o.End = s.Clock.Now()
	cancel()
	o.DirectAfter = s.reference.read(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := judgeable(o.Answer); err != nil {
		o.Err, o.Answer = errors.Join(o.Err, err), new(bench.Batch) // none of it is kept
	}
	own(o.Answer)
	if err := s.list(ctx); err != nil {
		return err
	}
	o.ListedAfter = s.listed
	s.input.Observations = append(s.input.Observations, o)
	return nil
}

// mostNames is how many names of metrics an answer may have that is judged: each is held
// against all others of its kind, and no runtime has a hundredth of them.
const mostNames = 2000

// judgeable refuses an answer that would keep whoever judges it busy for hours.
func judgeable(b *bench.Batch) error {
	if n := len(b.Names()); n > mostNames {
		return fmt.Errorf("the answer has %d names of metrics: more than %d are not judged", n, mostNames)
	}
	return nil
}

// own makes the batch keep its labels: a collector may use their memory again.
func own(b *bench.Batch) {
	for i := range b.Samples {
		b.Samples[i].Labels = slices.Clone(b.Samples[i].Labels)
	}
}

// bursts calls each source that answers from no clock of its own some times in a
// row, after a rest.
func (s *session) bursts(ctx context.Context) error {
	for i := range s.sources {
		source := &s.sources[i]
		if source.OwnClock {
			continue
		}
		s.Progress("calling " + source.Name + " in a row")
		if err := s.Clock.Sleep(ctx, rest); err != nil {
			return err
		}
		b := agreement.Burst{Source: source.Name, Pods: len(s.listed.Pods)}
		for range burst {
			call, cancel := context.WithTimeout(ctx, s.Timeout)
			start := s.Clock.Now()
			err := source.collector.Collect(call, new(bench.Batch))
			cancel()
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				break // the observations say so
			}
			b.Service = append(b.Service, s.Clock.Now().Sub(start))
		}
		s.input.Bursts = append(s.input.Bursts, b)
	}
	return nil
}

// close closes what was opened.
func (s *session) close() error {
	errs := []error{s.reference.close()}
	for _, source := range s.sources {
		errs = append(errs, source.collector.Close())
	}
	return errors.Join(errs...)
}

// systemClock is the machine's.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
