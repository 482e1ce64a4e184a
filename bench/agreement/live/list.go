package live

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// list asks the runtime for all pods and containers, in whatever state.
//
// The instant of the listing is that before it asks: what it does not have may
// have begun since.
func (s *session) list(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	l := &agreement.Listing{At: s.Clock.Now()}
	sandboxes, err := s.Client.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{})
	if err != nil {
		return fmt.Errorf("list pod sandboxes: %w", err)
	}
	containers, err := s.Client.ListContainers(ctx, &runtimev1.ListContainersRequest{})
	if err != nil {
		return fmt.Errorf("list containers: %w", err)
	}
	of := make(map[string][]agreement.Container)
	for _, c := range containers.GetContainers() {
		of[c.GetPodSandboxId()] = append(of[c.GetPodSandboxId()], agreement.Container{
			ID:      c.GetId(),
			Running: c.GetState() == runtimev1.ContainerState_CONTAINER_RUNNING,
			Created: time.Unix(0, c.GetCreatedAt()),
		})
	}
	for _, p := range sandboxes.GetItems() {
		l.Pods = append(l.Pods, agreement.Pod{
			ID:          p.GetId(),
			Ready:       p.GetState() == runtimev1.PodSandboxState_SANDBOX_READY,
			HostNetwork: s.onHostNetwork(ctx, p.GetId()),
			Containers:  of[p.GetId()],
		})
	}
	// Runtimes list in any order; ours is fixed, so that listings can be compared.
	slices.SortFunc(l.Pods, func(a, b agreement.Pod) int { return strings.Compare(a.ID, b.ID) })
	for _, p := range l.Pods {
		slices.SortFunc(p.Containers, func(a, b agreement.Container) int { return strings.Compare(a.ID, b.ID) })
	}
	s.listed = l
	s.input.Listings = append(s.input.Listings, l)
	s.reference.cover(ctx, l)
	return nil
}

// onHostNetwork asks for a pod's network once. A pod that is gone in the meantime
// counts as one with its own.
func (s *session) onHostNetwork(ctx context.Context, pod string) bool {
	host, asked := s.hostNetwork[pod]
	if asked {
		return host
	}
	answer, err := s.Client.PodSandboxStatus(ctx, &runtimev1.PodSandboxStatusRequest{PodSandboxId: pod})
	if err == nil {
		host = answer.GetStatus().GetLinux().GetNamespaces().GetOptions().GetNetwork() == runtimev1.NamespaceMode_NODE
	}
	s.hostNetwork[pod] = host
	return host
}

// pods returns what of a listing runs, as collectors take it.
func pods(l *agreement.Listing) []bench.Pod {
	var out []bench.Pod
	for _, p := range l.Pods {
		if !p.Ready {
			continue
		}
		pod := bench.Pod{ID: p.ID}
		for _, c := range p.Containers {
			if c.Running {
				pod.Containers = append(pod.Containers, c.ID)
			}
		}
		out = append(out, pod)
	}
	return out
}

// probes asks for the pods one by one where a source failed as a whole.
func (s *session) probes(ctx context.Context) error {
	failed := make(map[string]bool)
	for _, o := range s.input.Observations {
		failed[o.Source] = failed[o.Source] || o.Err != nil
	}
	for _, source := range s.sources {
		if !failed[source.Name] || source.OwnClock {
			continue
		}
		p := agreement.Probe{Source: source.Name}
		for _, pod := range pods(s.listed) {
			p.Asked++
			err := s.probe(ctx, pod.ID, source.Form.Pods)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				p.Failed = append(p.Failed, pod.ID)
				p.Err = err
			}
		}
		s.input.Probes = append(s.input.Probes, p)
	}
	return nil
}

// probe asks for one pod. The metrics call has no filter; the stats call of the
// same pod stands in for it.
func (s *session) probe(ctx context.Context, pod string, whole bool) error {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	var err error
	if whole {
		_, err = s.Client.PodSandboxStats(ctx, &runtimev1.PodSandboxStatsRequest{PodSandboxId: pod})
	} else {
		_, err = s.Client.ListContainerStats(ctx, &runtimev1.ListContainerStatsRequest{
			Filter: &runtimev1.ContainerStatsFilter{PodSandboxId: pod},
		})
	}
	return err
}
