package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/agreement/live"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/child"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/collectors/cgroup"
)

const (
	// ownClockCheck is how long collectors with a clock of their own are observed: two
	// turns of cAdvisor's housekeeping for containers that are at work, and what is
	// older than it may be shows.
	ownClockCheck = 40 * time.Second
	// checkBurners containers burn checkCPU each during a check: it takes three to
	// compare, and less than a core in all, or nothing could be read in time.
	checkBurners = 4
	checkCPU     = 0.2
	// checkCaches hold page cache.
	checkCaches = 3
	// checkTimeout ends a check that hangs.
	checkTimeout = 5 * time.Minute
)

// A checkOrder is what a check is to observe.
type checkOrder struct {
	Source     bench.Source       `json:"source"`
	Collectors []checkedCollector `json:"collectors"`
}

// A checkedCollector is a collector and how often its arm calls it.
type checkedCollector struct {
	Name     string        `json:"name"`
	Interval time.Duration `json:"interval"`
}

// newCheck is the child's side of a check: a process of its own, since one process
// can open one cAdvisor, and the harness none. It ends when its input does.
func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:    "check",
		Short:  "Check what collectors answer, on the order of a parent process",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var order checkOrder
			if err := json.NewDecoder(cmd.InOrStdin()).Decode(&order); err != nil {
				return usage("read the order of a check: %w", err)
			}
			ctx, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			go func() {
				_, _ = io.Copy(io.Discard, cmd.InOrStdin())
				cancel() // whoever wanted to know is gone
			}()
			report, err := order.carryOut(ctx)
			if err != nil {
				return err
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
		},
	}
}

// carryOut observes and judges.
func (o *checkOrder) carryOut(ctx context.Context) (_ *agreement.Report, err error) {
	conn, err := criconn.Dial(ctx, o.Source.Endpoint)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	cfg := live.Config{
		Client: conn.Runtime, Source: o.Source, Own: o.Source.Pods,
		Reference: cgroup.Open, Node: nodeFacts(cgroupfs.Root),
		BurnCommand: burnCommand(checkCPU), StepCommand: holdCommand(), CacheCommand: cacheCommand(),
	}
	for _, c := range o.Collectors {
		f := formOf(c.Name)
		if f == nil {
			return nil, fmt.Errorf("the answers of %q cannot be checked", c.Name)
		}
		source := f.source(c.Interval)
		if source.OwnClock {
			cfg.Duration = ownClockCheck
		}
		cfg.Sources = append(cfg.Sources, source)
	}
	for _, pod := range o.Source.Pods[:min(checkBurners, len(o.Source.Pods))] {
		cfg.BurnContainers = append(cfg.BurnContainers, pod.Containers[:1]...)
	}
	for _, pod := range o.Source.Pods[min(checkBurners, len(o.Source.Pods)):min(checkBurners+checkCaches, len(o.Source.Pods))] {
		cfg.CacheContainers = append(cfg.CacheContainers, pod.Containers[:1]...)
	}
	if len(cfg.BurnContainers) > 0 {
		cfg.StepContainer = cfg.BurnContainers[0]
	}
	in, err := live.Observe(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return agreement.Check(in)
}

// A checker has answers checked by a child of this program, and keeps what it found:
// each collector once in a state and a profile, at the highest density, where it is
// hardest to be complete and in time.
type checker struct {
	path    string // of this program
	pods    int    // the highest density
	source  bench.Source
	records *record.Writer
	log     *slog.Logger
	tell    func(bench.Progress)
	done    map[checkKey]bool
}

type checkKey struct {
	cell             bench.Cell
	state, collector string
}

var _ bench.Checker = (*checker)(nil)

// newChecker goes on from what was checked already.
func newChecker(c checker, made []record.Check) *checker {
	c.done = make(map[checkKey]bool)
	for i := range made {
		for _, collector := range made[i].Collectors {
			c.done[checkKey{made[i].Cell, made[i].State, collector}] = true
		}
	}
	return &c
}

// Check checks what has not been checked yet.
func (c *checker) Check(ctx context.Context, s bench.Subject) error {
	if s.Cell.Pods < c.pods {
		return nil
	}
	for _, group := range c.groups(s) {
		check := record.Check{Cell: s.Cell, State: s.State, Start: time.Now().UTC()}
		for _, collector := range group {
			check.Collectors = append(check.Collectors, collector.Name)
		}
		c.tell(bench.Progress{Phase: bench.PhaseCheck, Slot: bench.Slot{Cell: s.Cell, Arm: bench.Arm{Collectors: check.Collectors}}})
		order := checkOrder{Source: c.source, Collectors: group}
		order.Source.Pods = s.Pods
		report, err := c.run(ctx, order)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		check.Length = time.Since(check.Start)
		if check.Report = report; err != nil {
			check.Err = err.Error()
		}
		c.log.Info("checked what was answered", "cell", s.Cell, "state", s.State, "collectors", check.Collectors, "took", check.Length, "err", err)
		if err := c.records.AppendCheck(&check); err != nil {
			return err
		}
		for _, name := range check.Collectors {
			c.done[checkKey{s.Cell, s.State, name}] = true
		}
	}
	return nil
}

// groups are the collectors that can be checked in one process each.
func (c *checker) groups(s bench.Subject) [][]checkedCollector {
	var together []checkedCollector
	var alone [][]checkedCollector
	seen := make(map[string]bool)
	for _, arm := range s.Arms {
		for _, name := range arm.Collectors {
			f := formOf(name)
			if f == nil || seen[name] || c.done[checkKey{s.Cell, s.State, name}] {
				continue
			}
			seen[name] = true
			one := checkedCollector{name, arm.IntervalOf(name)}
			if f.alone {
				alone = append(alone, []checkedCollector{one})
			} else {
				together = append(together, one)
			}
		}
	}
	switch {
	case len(together) == 0:
		return alone
	case len(alone) == 0:
		return [][]checkedCollector{together}
	}
	alone[0] = slices.Concat(together, alone[0])
	return alone
}

// run has an order carried out.
func (c *checker) run(ctx context.Context, order checkOrder) (_ *agreement.Report, err error) {
	text, err := json.Marshal(order)
	if err != nil {
		return nil, fmt.Errorf("order a check: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.path, "check")
	child.Detach(cmd)
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	stdin, err := cmd.StdinPipe() // which stays open until it has ended
	if err != nil {
		return nil, fmt.Errorf("order a check: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a check: %w", err)
	}
	_, err = stdin.Write(text)
	if err = errors.Join(err, cmd.Wait()); err != nil {
		return nil, fmt.Errorf("check %v: %w: %s", order.Collectors, err, strings.TrimSpace(complaint.String()))
	}
	report := new(agreement.Report)
	if err := json.Unmarshal([]byte(out.String()), report); err != nil {
		return nil, fmt.Errorf("read the outcome of a check: %w", err)
	}
	return report, nil
}
