package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
	"github.com/spf13/cobra"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/reports/format"
)

// shortID is as much of an id as crictl shows.
const shortID = 13

func newCollect() *cobra.Command {
	var f endpointFlags
	var parent string
	cmd := &cobra.Command{
		Use:   "collect COLLECTOR",
		Short: "Read once and show the normal form of the answer",
		Example: indent(`
cri-stats-bench collect cri-pod-stats -r unix:///run/containerd/containerd.sock`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			spec, ok := findCollector(args[0])
			if !ok {
				return usage("no collector named %q (see cri-stats-bench plan list)", args[0])
			}
			if f.existing() == "" {
				return usage("give the --runtime-endpoint to read from")
			}
			conn, err := criconn.Dial(cmd.Context(), f.existing())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, conn.Close()) }()
			source := bench.Source{Endpoint: conn.Endpoint, Runtime: conn.Version.GetRuntimeName(), CgroupParent: parent}
			if source.Pods, err = runningPods(cmd.Context(), conn.Runtime); err != nil {
				return err
			}
			var b bench.Batch
			start := time.Now()
			if err := collectOnce(cmd.Context(), spec, source, &b); err != nil {
				return err
			}
			return show(cmd.OutOrStdout(), &b, time.Since(start))
		},
	}
	cmd.Flags().StringVarP(&f.endpoint, "runtime-endpoint", "r", "", "CRI endpoint to read from (default $CONTAINER_RUNTIME_ENDPOINT)")
	cmd.Flags().StringVar(&parent, "cgroup-parent", "/kubepods", "cgroup that all pods live under, for the collector cgroup")
	return cmd
}

// collectOnce opens a collector in this process and reads once.
func collectOnce(ctx context.Context, spec bench.CollectorSpec, s bench.Source, b *bench.Batch) (err error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := spec.Open(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return c.Collect(ctx, b)
}

// runningPods asks the runtime for all pods that run, ours or not.
func runningPods(ctx context.Context, client runtimev1.RuntimeServiceClient) ([]bench.Pod, error) {
	sandboxes, err := client.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{Filter: &runtimev1.PodSandboxFilter{
		State: &runtimev1.PodSandboxStateValue{State: runtimev1.PodSandboxState_SANDBOX_READY},
	}})
	if err != nil {
		return nil, fmt.Errorf("list pod sandboxes: %w", err)
	}
	containers, err := client.ListContainers(ctx, &runtimev1.ListContainersRequest{Filter: &runtimev1.ContainerFilter{
		State: &runtimev1.ContainerStateValue{State: runtimev1.ContainerState_CONTAINER_RUNNING},
	}})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	bySandbox := make(map[string][]string)
	for _, c := range containers.GetContainers() {
		bySandbox[c.GetPodSandboxId()] = append(bySandbox[c.GetPodSandboxId()], c.GetId())
	}
	var out []bench.Pod
	for _, s := range sandboxes.GetItems() {
		out = append(out, bench.Pod{ID: s.GetId(), Containers: bySandbox[s.GetId()]})
	}
	return out, nil
}

// show prints a batch as a table of one line per sample.
func show(w io.Writer, b *bench.Batch, took time.Duration) error {
	now := time.Now()
	t := tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{Borders: tw.BorderNone, Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone}})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
	)
	t.Header("pod", "container", "cgroup", "metric", "labels", "value", "age by its timestamp")
	for _, s := range b.Samples {
		e := b.Entities[s.Entity]
		age := "-"
		if s.At != 0 {
			age = now.Sub(time.Unix(0, s.At)).Round(time.Millisecond).String()
		}
		row := []string{cut(e.Pod), cut(e.Container), e.Cgroup, s.Metric.Name, strings.Join(s.Labels, ","), fmt.Sprintf("%v", s.Value), age}
		if err := t.Append(row); err != nil {
			return fmt.Errorf("show a sample: %w", err)
		}
	}
	if err := t.Render(); err != nil {
		return fmt.Errorf("show samples: %w", err)
	}
	for _, warning := range b.Warnings {
		fmt.Fprintf(w, "warning: %s\n", format.Plain(warning.Error()))
	}
	_, err := fmt.Fprintf(w, "%d pods, %d containers, %d samples, %d bytes; opened and read in %v\n",
		b.Pods(), b.Containers(), len(b.Samples), b.Bytes, took.Round(time.Millisecond))
	return err
}

func cut(id string) string {
	if len(id) > shortID {
		return id[:shortID]
	}
	return id
}
