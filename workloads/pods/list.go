package pods

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
)

// A member is a pod of the run as the runtime has it, in whatever state. Of its containers,
// ended are those that are not to run.
type member struct {
	sandbox           *runtimev1.PodSandbox
	containers, ended []*runtimev1.Container
}

// bench gives the ids alone, sorted.
func (m member) bench() bench.Pod {
	p := bench.Pod{ID: m.sandbox.GetId(), Containers: []string{}}
	for _, c := range m.containers {
		p.Containers = append(p.Containers, c.GetId())
	}
	slices.Sort(p.Containers)
	return p
}

func listSandboxes(ctx context.Context, client runtimev1.RuntimeServiceClient, f *runtimev1.PodSandboxFilter) ([]*runtimev1.PodSandbox, error) {
	resp, err := client.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{Filter: f})
	if err != nil {
		return nil, fmt.Errorf("list pod sandboxes: %w", err)
	}
	return slices.DeleteFunc(resp.GetItems(), func(s *runtimev1.PodSandbox) bool { return !bears(s.GetLabels(), f.GetLabelSelector()) }), nil
}

// listBounded is listSandboxes within the time of one call: a runtime that never answers
// must not hold a clean-up.
func listBounded(ctx context.Context, client runtimev1.RuntimeServiceClient, f *runtimev1.PodSandboxFilter) ([]*runtimev1.PodSandbox, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	return listSandboxes(ctx, client, f)
}

// listTimeout is for one list in a clean-up.
const listTimeout = 30 * time.Second

// bears says whether labels are all there. Whoever lists asks the runtime for them, and
// looks himself: a runtime that ignores a filter must not make us remove somebody else's
// pod.
func bears(labels, asked map[string]string) bool {
	for key, value := range asked {
		if got, ok := labels[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// members asks the runtime for the pods of the run: all of them, or the ready
// ones with the containers that run.
func (w *Workload) members(ctx context.Context, runningOnly bool) ([]member, error) {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.CallTimeout)
	defer cancel()
	sandboxFilter := &runtimev1.PodSandboxFilter{LabelSelector: selector(w.cfg.Run)}
	containerFilter := &runtimev1.ContainerFilter{LabelSelector: selector(w.cfg.Run)}
	if runningOnly {
		sandboxFilter.State = &runtimev1.PodSandboxStateValue{State: runtimev1.PodSandboxState_SANDBOX_READY}
		containerFilter.State = &runtimev1.ContainerStateValue{State: runtimev1.ContainerState_CONTAINER_RUNNING}
	}
	sandboxes, err := listSandboxes(ctx, w.client, sandboxFilter)
	if err != nil {
		return nil, err
	}
	resp, err := w.client.ListContainers(ctx, &runtimev1.ListContainersRequest{Filter: containerFilter})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	members := make([]member, len(sandboxes))
	bySandbox := make(map[string]*member)
	for i, s := range sandboxes {
		members[i].sandbox = s
		bySandbox[s.GetId()] = &members[i]
	}
	for _, c := range resp.GetContainers() {
		if !bears(c.GetLabels(), containerFilter.GetLabelSelector()) {
			continue
		}
		switch m := bySandbox[c.GetPodSandboxId()]; {
		case m == nil: // its sandbox went between the two lists
		case c.GetLabels()[LabelEnds] != "":
			m.ended = append(m.ended, c)
		default:
			m.containers = append(m.containers, c)
		}
	}
	return members, nil
}

// pods gives members as the experiment knows them, sorted by id.
func pods(members []member) []bench.Pod {
	out := make([]bench.Pod, 0, len(members))
	for _, m := range members {
		out = append(out, m.bench())
	}
	slices.SortFunc(out, func(a, b bench.Pod) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Running asks the runtime for the pods of the run that are ready, and those of
// their containers that run, sorted by id. A pod whose containers ended is there
// without them, so that whoever counts finds them missing.
func (w *Workload) Running(ctx context.Context) ([]bench.Pod, error) {
	members, err := w.members(ctx, true)
	if err != nil {
		return nil, err
	}
	return pods(members), nil
}

// A Leftover is what a run has left on the runtime, or has there because it goes
// on.
type Leftover struct {
	Run     string    // its id
	Pods    int       // sandboxes in any state
	Created time.Time // of the oldest
}

// Leftovers finds the sandboxes of all runs by their label, sorted by run.
func Leftovers(ctx context.Context, client runtimev1.RuntimeServiceClient) ([]Leftover, error) {
	sandboxes, err := listBounded(ctx, client, &runtimev1.PodSandboxFilter{LabelSelector: map[string]string{LabelCreatedBy: CreatedBy}})
	if err != nil {
		return nil, err
	}
	byRun := make(map[string]Leftover)
	for _, s := range sandboxes {
		run := s.GetLabels()[LabelRun]
		if run == "" {
			continue // ours by one label and nobody's by the other: not to be removed by run
		}
		l, seen := byRun[run]
		l.Run = run
		l.Pods++
		if created := time.Unix(0, s.GetCreatedAt()); !seen || created.Before(l.Created) {
			l.Created = created
		}
		byRun[run] = l
	}
	var out []Leftover
	for _, l := range byRun {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Leftover) int { return cmp.Compare(a.Run, b.Run) })
	return out, nil
}
