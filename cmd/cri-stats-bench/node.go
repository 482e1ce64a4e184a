package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/workloads/image"
	"cri-stats-bench/workloads/pods"
)

func newNode() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Start, stop and look at the private node",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var f endpointFlags
	var kubelet, gate bool
	up := &cobra.Command{
		Use:   "up",
		Short: "Start a private runtime that stays until `node down`",
		Example: indent(`
# Measure several plans on one node:
cri-stats-bench node up
cri-stats-bench run --plan a.yaml -r unix:///run/cri-stats-bench/node/containerd.sock
cri-stats-bench node down

# Look at a kubelet by hand:
cri-stats-bench node up --runtime crio --kubelet --gate
cri-stats-bench node status`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !kubelet {
				if gate {
					return usage("--gate is for the kubelet: give --kubelet too")
				}
				return nodeUp(cmd, f, nil)
			}
			return nodeUp(cmd, f, &node.KubeletConfig{StatsFromCRI: gate})
		},
	}
	up.Flags().StringVar(&f.runtime, "runtime", "containerd", "runtime of the node: "+strings.Join(privateRuntimes, ", "))
	up.Flags().BoolVar(&kubelet, "kubelet", false, "put a kubelet on top, which needs no API server")
	up.Flags().BoolVar(&gate, "gate", false, "start the kubelet with the feature gate PodAndContainerStatsFromCRI on")
	up.Flags().BoolVar(&f.bridge, "bridge", false, "give the node a bridge, for pods with a network namespace of their own")
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

func nodeUp(cmd *cobra.Command, f endpointFlags, kubelet *node.KubeletConfig) (err error) {
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
	n, err := startNode(ctx, node.Config{Runtime: f.runtime, SandboxImage: ref, Kubelet: kubelet, Bridge: f.bridge})
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
	if _, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s is up at %s\n", n.State.RuntimeName, n.State.RuntimeVersion, n.Endpoint()); err != nil {
		return err
	}
	return describeKubelet(cmd.OutOrStdout(), n, "is up")
}

// startNode starts a private node where programs and pods have their usual places.
func startNode(ctx context.Context, c node.Config) (_ *node.Node, err error) {
	if c.BinDir, err = node.DefaultBinDir(os.Getenv); err != nil {
		return nil, err
	}
	c.PodsCgroups = []string{pods.CgroupParent(criconn.Cgroupfs)}
	n, err := node.Up(ctx, c)
	if errors.Is(err, node.ErrInUse) {
		return nil, statusError{exitUnfit, fmt.Errorf("%w: if a run was killed, `cri-stats-bench cleanup` removes what it left; if the node is up on purpose, give its --runtime-endpoint (`cri-stats-bench node status`)", err)}
	}
	return n, err
}

// describeKubelet says where the node's kubelet serves, if it has one.
func describeKubelet(w io.Writer, n *node.Node, how string) error {
	k := n.Kubelet()
	if k == nil {
		return nil
	}
	s, gate := k.State(), "off"
	if s.StatsFromCRI {
		gate = "on"
	}
	_, err := fmt.Fprintf(w, "kubelet at %s (--cacert %s), gate PodAndContainerStatsFromCRI %s, static pods in %s: %s\n", s.Endpoint, s.CertFile, gate, s.Manifests, how)
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
	state := how(s.ServiceStatus)
	if !s.Running {
		state = "dead: `cri-stats-bench cleanup` removes what it left"
	}
	if _, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s at %s, pid %d: %s\n", s.State.RuntimeName, s.State.RuntimeVersion, n.Endpoint(), s.State.PID, state); err != nil {
		return err
	}
	if s.Kubelet == nil {
		return nil
	}
	return describeKubelet(cmd.OutOrStdout(), n, how(s.Kubelet.ServiceStatus))
}

// how says in a word how a daemon is.
func how(s node.ServiceStatus) string {
	if s.Ready {
		return "ready"
	}
	return "not ready: " + s.Problem
}
