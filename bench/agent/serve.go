package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"cri-stats-bench/bench"
)

// Find looks a collector up by name.
type Find func(collector string) (bench.CollectorSpec, bool)

// Serve is the child's side: it obeys the orders on in and answers on out until
// in ends. An error of the collector is an answer; only a broken pipe or an order
// that cannot be read is an error here.
func Serve(ctx context.Context, in io.Reader, out io.Writer, find Find) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	orders := make(chan order)
	readErr := make(chan error, 1)
	go func() {
		// The parent is gone when its pipe ends: whatever call is under way must end
		// too. readErr has room, so this goroutine ends by itself.
		defer cancel()
		defer close(orders)
		decoder := json.NewDecoder(bufio.NewReader(in))
		for {
			var o order
			if err := decoder.Decode(&o); err != nil {
				if !errors.Is(err, io.EOF) {
					readErr <- fmt.Errorf("read an order: %w", err)
				}
				return
			}
			select {
			case orders <- o:
			case <-ctx.Done():
				return
			}
		}
	}()

	s := server{find: find}
	defer s.close()
	encoder := json.NewEncoder(out)
	for o := range orders {
		if err := encoder.Encode(s.obey(ctx, o)); err != nil {
			return fmt.Errorf("answer an order: %w", err)
		}
	}
	select {
	case err := <-readErr:
		return err
	default:
		return nil
	}
}

// server is one collector and what it has measured.
type server struct {
	find      Find
	collector bench.Collector
	source    bench.Source
	report    bench.AgentReport
	// stay are the containers that run all along, where others come and go; nil elsewhere.
	stay map[string]bool
	// batch takes the next answer, last keeps the last good one.
	batch, last *bench.Batch
	profiler    profiler
}

func (s *server) close() {
	if s.collector != nil {
		// The process ends: what Close could not end ends with it.
		_ = s.collector.Close()
	}
}

func (s *server) obey(ctx context.Context, o order) answer {
	var err error
	switch {
	case o.Open != nil:
		err = s.open(ctx, *o.Open)
	case s.collector == nil:
		err = errors.New("no collector is open")
	case o.Run != nil:
		err = s.run(ctx, *o.Run)
	case o.Report:
		report := s.finish()
		return answer{Report: &report}
	default:
		err = errors.New("an order that asks nothing")
	}
	var u *bench.UnsupportedError
	switch {
	case errors.As(err, &u):
		return answer{Unsupported: &unsupported{What: u.What, Needs: u.Needs}}
	case err != nil:
		return answer{Error: err.Error()}
	}
	return answer{}
}

// open opens the collector and makes the first call, which shows whether the
// source can do it at all. Where an answer comes that is empty, it can: a kubelet that
// has just started does not know its pods yet, and one that never serves them is to be
// measured all the same.
func (s *server) open(ctx context.Context, o open) error {
	if s.collector != nil {
		return errors.New("a collector is open already")
	}
	spec, ok := s.find(o.Collector)
	if !ok {
		return fmt.Errorf("no collector named %q", o.Collector)
	}
	// Note: the collector gets a context without the deadline, since it may keep
	// what it opens; the deadline is watched from outside by the parent.
	collector, err := spec.Open(ctx, o.Source)
	if err != nil {
		return err
	}
	s.collector = collector
	s.source = o.Source
	s.profiler.dir = o.Profiles
	if o.Source.Churn {
		s.stay = containers(o.Source.Pods)
	}
	s.batch, s.last = new(bench.Batch), new(bench.Batch)

	callCtx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	start := time.Now()
	err = collector.Collect(callCtx, s.batch)
	s.report = bench.AgentReport{Collector: o.Collector}
	switch {
	case err == nil:
		s.report.FirstCall = time.Since(start)
	case errors.Is(err, bench.ErrEmpty):
		err = nil // and there is no time of a first answer
	}
	return err
}

// run makes the calls of the warm-up and of the window. The loop logs nothing,
// touches no disk and grows nothing.
func (s *server) run(ctx context.Context, w bench.Window) error {
	if w.Interval <= 0 || w.Calls < 0 || w.WarmUpCalls < 0 || w.Timeout <= 0 {
		return fmt.Errorf("a window of %d+%d calls every %v with timeout %v makes no sense", w.WarmUpCalls, w.Calls, w.Interval, w.Timeout)
	}
	// From here on the monotonic clock counts: a step of the wall clock moves
	// nothing.
	now := time.Now()
	start := now.Add(w.Start.Sub(now))
	s.report.Calls = make(bench.Calls, 0, w.Calls)
	timer := time.NewTimer(0)
	<-timer.C
	defer timer.Stop()
	for k := -w.WarmUpCalls; k < w.Calls; k++ {
		if k == 0 {
			if err := s.profiler.begin(); err != nil {
				return err
			}
		}
		due := time.Duration(k) * w.Interval
		if wait := time.Until(start.Add(due)); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-timer.C:
			}
		}
		call := s.call(ctx, start, due, w.Timeout)
		if err := ctx.Err(); err != nil {
			return err
		}
		if k < 0 {
			s.report.Busy = max(0, call.Start+call.Service)
			continue
		}
		s.report.Calls = append(s.report.Calls, call)
	}
	return s.profiler.end()
}

// call reads once.
func (s *server) call(ctx context.Context, start time.Time, due, timeout time.Duration) bench.Call {
	callCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	b := s.batch
	b.Reset()
	call := bench.Call{Due: due, Start: time.Since(start)}
	err := s.collector.Collect(callCtx, b)
	call.Service = time.Since(start) - call.Start
	if err != nil {
		call.Err = err.Error()
		return call
	}
	call.Bytes = b.Bytes
	call.Pods, call.Containers = b.Pods(), b.Containers()
	call.Samples = len(b.Samples)
	if s.stay != nil && call.Containers > 0 {
		call.Lacks = lacks(s.stay, b)
	}
	s.batch, s.last = s.last, b
	return call
}

// containers are the ids of all containers of pods.
func containers(pods []bench.Pod) map[string]bool {
	ids := make(map[string]bool)
	for _, p := range pods {
		for _, c := range p.Containers {
			ids[c] = true
		}
	}
	return ids
}

// lacks counts those of some containers that an answer does not have.
func lacks(ids map[string]bool, b *bench.Batch) int {
	n := len(ids)
	for i := range b.Entities {
		if ids[b.Entities[i].Container] {
			n--
		}
	}
	return n
}

// finish compares the last good answer with what runs, after the window.
func (s *server) finish() bench.AgentReport {
	report := s.report
	answered := slices.ContainsFunc(report.Calls, func(c bench.Call) bool { return c.Err == "" })
	if !answered || len(s.last.Samples) == 0 && s.last.Containers() == 0 {
		return report // nothing was read, so nothing can be missing: idle, cri-version
	}
	missing := containers(s.source.Pods)
	for _, e := range s.last.Entities {
		if e.Container == "" {
			continue
		}
		if missing[e.Container] {
			delete(missing, e.Container)
		} else {
			report.Extra++
		}
	}
	for id := range missing {
		report.Missing = append(report.Missing, id)
	}
	slices.Sort(report.Missing)
	report.Names = s.last.Names()
	for _, w := range s.last.Warnings {
		report.Warnings = append(report.Warnings, w.Error())
	}
	return report
}
