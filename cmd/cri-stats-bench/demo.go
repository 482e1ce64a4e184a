package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/host"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/workloads/image"
)

func newDemo() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole pipeline on an in-memory CRI server: no root, any OS, 20 s, SIMULATED",
		Long: `demo shows what a run does and what a report looks like, on an in-memory CRI
server that runs no pods. Its numbers say nothing about any runtime: every output
is marked SIMULATED, and there is never a verdict.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd, f) },
	}
	cmd.Flags().StringVar(&f.out, "out", "out", "folder for the folders of runs")
	cmd.Flags().StringVar(&f.preset, "preset", "demo", "a plan that comes with the program; arms that read a node cannot work here")
	cmd.Flags().StringVar(&f.plan, "plan", "", "a plan file")
	cmd.Flags().Uint64Var(&f.seed, "seed", 0, "seed of the shuffling (default: the plan's, or a random one; it is recorded)")
	cmd.MarkFlagsMutuallyExclusive("preset", "plan")
	return cmd
}

func runDemo(cmd *cobra.Command, f runFlags) error {
	if f.plan != "" {
		f.preset = ""
	}
	p, err := f.choosePlan()
	if err != nil {
		return err
	}
	if p.Experiment == plan.Kubelet {
		return usage("a kubelet cannot be simulated: cri-stats-bench run --preset %s starts a private one", p.Name)
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "SIMULATED: this runs on an in-memory CRI server and measures no node")
	dir := f.dir(p)
	if err := measureFake(cmd.Context(), p, dir, cmd.ErrOrStderr()); err != nil {
		return err
	}
	return finish(dir, nil, cmd.OutOrStdout(), cmd.ErrOrStderr())
}

// measureFake runs a plan on the in-memory runtime.
func measureFake(ctx context.Context, p *plan.Plan, dir string, stderr io.Writer) (err error) {
	endpoint, pid, stop, err := startFakeCRI(stderr)
	if err != nil {
		return err
	}
	t := &target{image: imageName}
	t.undo = append(t.undo, stop)
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	if err := t.dial(ctx, endpoint); err != nil {
		return err
	}
	if err := image.Pull(ctx, t.conn.Images, t.image); err != nil {
		return err
	}
	t.daemon = &node.Daemon{Socket: endpoint, PID: pid, Name: "fakecri"}
	h, err := host.Describe(ctx, host.Options{})
	if err != nil {
		return err
	}
	about, err := describe(h, t, p)
	if err != nil {
		return err
	}
	m := measurement{plan: p, about: about, target: t, dir: dir, stderr: stderr}
	return m.run(ctx)
}
