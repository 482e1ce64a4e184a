package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/gate"
	"cri-stats-bench/bench/host"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/workloads/pods"
	"cri-stats-bench/workloads/staticpods"
)

func newCleanup() *cobra.Command {
	var f endpointFlags
	var manifests string
	cmd := &cobra.Command{
		Use:   "cleanup",
		Short: "Remove what runs that were killed have left behind",
		Long: `cleanup removes the private node with all that it made; with an endpoint, the
pods on that runtime that bear the label of a run. A kubelet whose configuration a
run has changed gets the original back and is restarted. It touches nothing else,
and nothing while a run is under way.`,
		Example: indent(`
cri-stats-bench cleanup
cri-stats-bench cleanup -r unix:///run/containerd/containerd.sock`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			// Whoever has the lock knows that every other run is dead.
			lock, err := host.AcquireLock("")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, lock.Release()) }()
			// Pods go also where the kubelet does not come back.
			err = restoreKubelet(cmd.Context(), cmd.OutOrStdout())
			if endpoint := f.existing(); endpoint != "" {
				return errors.Join(err, removePods(cmd.Context(), cmd.OutOrStdout(), endpoint, manifests))
			}
			return errors.Join(err, removeNode(cmd.Context(), cmd.OutOrStdout()))
		},
	}
	cmd.Flags().StringVarP(&f.endpoint, "runtime-endpoint", "r", "", "CRI endpoint of a runtime that was measured (default $CONTAINER_RUNTIME_ENDPOINT)")
	cmd.Flags().StringVar(&manifests, "static-pods", "/etc/kubernetes/manifests", "with an endpoint: the folder that the node's kubelet reads static pods from")
	return cmd
}

// restoreKubelet puts the configuration of a kubelet back that a run has changed.
func restoreKubelet(ctx context.Context, w io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, tearDownTimeout)
	defer cancel()
	path, err := gate.Recover(ctx, "")
	if err == nil && path != "" {
		_, err = fmt.Fprintf(w, "put %s back and restarted the kubelet\n", path)
	}
	return err
}

// removePods removes the pods of all runs from a runtime: first the manifests, or
// the kubelet would make the pods anew.
func removePods(ctx context.Context, w io.Writer, endpoint, manifests string) (err error) {
	conn, err := criconn.Dial(ctx, endpoint)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// What cannot be removed of one run must not leave another's.
	var errs []error
	static, err := staticpods.Leftovers(manifests)
	errs = append(errs, err)
	for run, n := range static {
		if err := staticpods.Remove(ctx, conn.Runtime, manifests, run); err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(w, "removed %d static pods of the run %s\n", n, run)
	}
	left, err := pods.Leftovers(ctx, conn.Runtime)
	errs = append(errs, err)
	for _, l := range left {
		if err := pods.RemoveRun(ctx, conn.Runtime, l.Run); err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(w, "removed %d pods of the run %s\n", l.Pods, l.Run)
	}
	errs = append(errs, pods.RemoveCgroups(ctx, cgroupfs.Root, conn.CgroupDriver))
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if len(left) == 0 && len(static) == 0 {
		fmt.Fprintf(w, "no pods of ours at %s\n", conn.Endpoint)
	}
	return nil
}

// removeNode removes the private node, alive or dead.
func removeNode(ctx context.Context, w io.Writer) error {
	_, err := node.Find("")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintln(w, "no private node")
	case err != nil:
		return err
	default:
		fmt.Fprintln(w, "removing the private node")
	}
	// Also without a state file: a node that was killed before it had one left
	// folders.
	return node.Down(ctx, "")
}
