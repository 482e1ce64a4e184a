package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agent"
	"cri-stats-bench/bench/godebug"
	"cri-stats-bench/bench/kubeletconn"
	"cri-stats-bench/bench/profile"
	"cri-stats-bench/bench/record"
)

// profile runs each arm once more as r would, at the highest density, and profiles it.
// The run has ended before: none of these trials is a result.
func (m *measurement) profile(ctx context.Context, r bench.Runner, records *record.Writer) (err error) {
	dir, err := os.MkdirTemp("", "cri-stats-bench-profiles-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	subjects, done, err := m.target.profiled()
	if err != nil {
		return err
	}
	defer done()
	densest := slices.MaxFunc(m.plan.Cells(), func(a, b bench.Cell) int { return cmp.Compare(a.Pods, b.Pods) })
	pass := &profile.Pass{
		Cell: densest, Arms: profile.Distinct(m.plan.Arms), Meter: r.Meter,
		Subjects: subjects, Agents: dir, Dir: m.dir, Keep: records.AppendProfile,
	}
	fmt.Fprintf(m.stderr, "profiling %d arms, about %v more; no result is made of it\n", len(pass.Arms), pass.Remaining().Round(time.Second))
	agents, ok := r.Agents.(*agent.Command)
	if !ok {
		return fmt.Errorf("profile agents: they are %T", r.Agents)
	}
	profiled := *agents
	profiled.Profiles = dir
	r.Agents, r.Meter, r.Schedule, r.Recorder, r.Checker = &profiled, pass, pass, pass, nil
	return r.Run(ctx)
}

// profiled are the daemons that can be profiled, and how to be done with them.
func (t *target) profiled() ([]profile.Subject, func(), error) {
	var subjects []profile.Subject
	if t.managed != nil && t.managed.State.Profiles != "" {
		socket := t.managed.State.Profiles
		subjects = append(subjects, profile.Subject{
			Component: bench.ComponentRuntime,
			Get:       func(ctx context.Context, path string) ([]byte, error) { return godebug.Get(ctx, socket, path) },
		})
	}
	if t.kubelet == nil {
		return subjects, func() {}, nil
	}
	conn, err := kubeletconn.New(t.kubelet.serves)
	if err != nil {
		return nil, nil, err
	}
	return append(subjects, profile.Subject{
		Component: bench.ComponentKubelet,
		Get:       func(ctx context.Context, path string) ([]byte, error) { return conn.Get(ctx, path, "", nil) },
	}), conn.Close, nil
}
