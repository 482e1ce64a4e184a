package main

import (
	"errors"
	"fmt"
	"io/fs"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/workloads/image"
)

func newNode() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Start, stop and look at the private node",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var f endpointFlags
	up := &cobra.Command{
		Use:   "up",
		Short: "Start a private runtime that stays until `node down`",
		Example: indent(`
# Measure several plans on one node:
cri-stats-bench node up
cri-stats-bench run --plan a.yaml -r unix:///run/cri-stats-bench/node/containerd.sock
cri-stats-bench node down`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return nodeUp(cmd, f) },
	}
	up.Flags().StringVar(&f.runtime, "runtime", "containerd", "runtime of the node")
	up.Flags().StringVar(&f.podload, "podload", "", "the program that pods run (default: podload beside this program)")
	cmd.AddCommand(up,
		&cobra.Command{
			Use:   "down",
			Short: "Stop the private runtime and remove all that it made",
			Args:  cobra.NoArgs,
			RunE:  nodeDown,
		},
		&cobra.Command{
			Use:   "status",
			Short: "Say whether the private node is up, and where it listens",
			Args:  cobra.NoArgs,
			RunE:  nodeStatus,
		},
	)
	return cmd
}

func nodeUp(cmd *cobra.Command, f endpointFlags) (err error) {
	ctx := cmd.Context()
	img, err := podloadImage(f.podload)
	if err != nil {
		return err
	}
	registry, err := image.Serve(ctx, map[string]v1.Image{imageName: img})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, registry.Close()) }()
	ref := registry.Ref(imageName)
	n, err := upNode(ctx, f.runtime, ref)
	if err != nil {
		return err
	}
	// The registry ends with this command, so the image must be there before.
	conn, err := criconn.Dial(ctx, n.Endpoint())
	if err == nil {
		err = errors.Join(image.Pull(ctx, conn.Images, ref), conn.Close())
	}
	if err != nil {
		return errors.Join(err, n.Down(ctx))
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s is up at %s\n", n.State.RuntimeName, n.State.RuntimeVersion, n.Endpoint())
	return err
}

func nodeDown(cmd *cobra.Command, _ []string) error {
	n, err := node.Find(node.DefaultDir)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "no private node is up")
		return err
	}
	if err != nil {
		return err
	}
	if err := n.Down(cmd.Context()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "the private node is gone")
	return err
}

func nodeStatus(cmd *cobra.Command, _ []string) error {
	n, err := node.Find(node.DefaultDir)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "no private node is up")
		return err
	}
	if err != nil {
		return err
	}
	s, err := n.Status(cmd.Context())
	if err != nil {
		return err
	}
	state := "ready"
	switch {
	case !s.Running:
		state = "dead: `cri-stats-bench cleanup` removes what it left"
	case !s.Ready:
		state = "not ready: " + s.Problem
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s at %s, pid %d: %s\n", s.State.RuntimeName, s.State.RuntimeVersion, n.Endpoint(), s.State.PID, state)
	return err
}
