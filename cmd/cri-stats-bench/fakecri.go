package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/criconn/fakecri"
)

// newFakeCRI serves the in-memory runtime of the demo in a process of its own, so
// that it is metered as a runtime is. It says its endpoint and ends with its
// input.
func newFakeCRI() *cobra.Command {
	return &cobra.Command{
		Use:    "fakecri",
		Short:  "Serve an in-memory CRI runtime that runs nothing",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Roughly what containerd 2.4 burns per pod; the numbers are made up and
			// everything that comes of them is marked SIMULATED.
			server, err := fakecri.Start(fakecri.Options{Cost: map[string]fakecri.Cost{
				"ListContainerStats":    {PerCall: 200 * time.Microsecond, PerPod: 300 * time.Microsecond, Busy: true},
				"ListPodSandboxStats":   {PerCall: 200 * time.Microsecond, PerPod: 500 * time.Microsecond, Busy: true},
				"ListPodSandboxMetrics": {PerCall: time.Millisecond, PerPod: 5 * time.Millisecond},
			}})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), server.Endpoint())
			if err == nil {
				_, err = io.Copy(io.Discard, cmd.InOrStdin())
			}
			return errors.Join(err, server.Stop())
		},
	}
}

// startFakeCRI starts this program as the demo's runtime and returns its endpoint
// and process id. The process ends with stop, or when this one ends.
func startFakeCRI(stderr io.Writer) (endpoint string, pid int, stop func(context.Context) error, err error) {
	exe, err := os.Executable()
	if err != nil {
		return "", 0, nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(exe, "fakecri") // it must outlive an interruption until its pods are removed
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", 0, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", 0, nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", 0, nil, fmt.Errorf("start the in-memory runtime: %w", err)
	}
	stop = func(context.Context) error { return errors.Join(stdin.Close(), cmd.Wait()) }
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return "", 0, nil, errors.Join(fmt.Errorf("start the in-memory runtime: %w", err), stop(context.Background()))
	}
	return strings.TrimSpace(line), cmd.Process.Pid, stop, nil
}
