package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/child"
)

// closeTimeout is how long an agent may take to end by itself.
const closeTimeout = 5 * time.Second

// A Command starts agents as child processes.
type Command struct {
	// Path and Args start a process that calls Serve on its standard input and
	// output.
	Path string
	Args []string
	// Stderr takes what agents say beside the protocol.
	Stderr io.Writer
	// Timeout is the deadline for opening a collector, and for its first call.
	Timeout time.Duration
	// Profiles is a folder that agents write profiles of their windows to, which makes them
	// slower; empty for none.
	Profiles string
}

var _ bench.Agents = (*Command)(nil)

// Start implements bench.Agents.
func (c *Command) Start(ctx context.Context, collector string, s bench.Source) (bench.AgentProcess, error) {
	// Note: the process does not hang on ctx; it is ended by Close, which lets it
	// put away what it holds.
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Stderr = c.Stderr
	child.Detach(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	p := &process{cmd: cmd, stdin: stdin, answers: make(chan answer, 1), ended: make(chan struct{})}
	go p.read(stdout)
	// Twice the deadline: one for opening, one for the first call.
	openCtx, cancel := context.WithTimeout(ctx, 2*c.Timeout)
	defer cancel()
	if _, err := p.ask(openCtx, order{Open: &open{Collector: collector, Source: s, Timeout: c.Timeout, Profiles: c.Profiles}}); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// process is an agent seen from the parent.
type process struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	answers chan answer
	// ended is closed when the process's output has ended and it was waited for.
	ended   chan struct{}
	closing sync.Once
}

var _ bench.AgentProcess = (*process)(nil)

// read owns the process's output and its end.
func (p *process) read(stdout io.Reader) {
	defer close(p.ended)
	decoder := json.NewDecoder(bufio.NewReader(stdout))
	for {
		var a answer
		if err := decoder.Decode(&a); err != nil {
			break
		}
		select {
		case p.answers <- a:
		default: // nobody asked: an agent gives one answer to each order
		}
	}
	// Whatever follows output that is no answer is of no use: let it not block.
	_, _ = io.Copy(io.Discard, stdout)
	_ = p.cmd.Wait() // how it ended is in its ProcessState
}

// ask sends one order and waits for its answer. After an error the process is of
// no more use but to be closed.
func (p *process) ask(ctx context.Context, o order) (answer, error) {
	if err := json.NewEncoder(p.stdin).Encode(o); err != nil {
		return answer{}, fmt.Errorf("give an order to agent %d: %w", p.PID(), err)
	}
	select {
	case a := <-p.answers:
		switch {
		case a.Unsupported != nil:
			return a, &bench.UnsupportedError{What: a.Unsupported.What, Needs: a.Unsupported.Needs}
		case a.Error != "":
			return a, errors.New(a.Error)
		}
		return a, nil
	case <-p.ended:
		return answer{}, fmt.Errorf("agent %d ended: %v (its last words are in run.log)", p.PID(), p.cmd.ProcessState)
	case <-ctx.Done():
		return answer{}, fmt.Errorf("wait for agent %d: %w", p.PID(), ctx.Err())
	}
}

// PID implements bench.AgentProcess.
func (p *process) PID() int { return p.cmd.Process.Pid }

// Run implements bench.AgentProcess.
func (p *process) Run(ctx context.Context, w bench.Window) error {
	_, err := p.ask(ctx, order{Run: &w})
	return err
}

// Report implements bench.AgentProcess.
func (p *process) Report(ctx context.Context) (bench.AgentReport, error) {
	a, err := p.ask(ctx, order{Report: true})
	if err != nil {
		return bench.AgentReport{}, err
	}
	if a.Report == nil {
		return bench.AgentReport{}, fmt.Errorf("agent %d answered without a report", p.PID())
	}
	return *a.Report, nil
}

// Close implements bench.AgentProcess: it ends the input, so that the agent ends
// by itself, and kills it if it does not.
func (p *process) Close() error {
	p.closing.Do(func() {
		_ = p.stdin.Close()
		timer := time.NewTimer(closeTimeout)
		defer timer.Stop()
		select {
		case <-p.ended:
		case <-timer.C:
			_ = p.cmd.Process.Kill() // it may just have ended
			<-p.ended
		}
	})
	return nil
}
