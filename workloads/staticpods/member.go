package staticpods

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/workloads/pods"
)

// callTimeout bounds one question to the runtime.
const callTimeout = 30 * time.Second

// A member is a pod of the run as the runtime has it, in whatever state.
type member struct {
	sandbox    *runtimev1.PodSandbox
	containers []*runtimev1.Container
}

// ready says whether the sandbox lives.
func (m member) ready() bool {
	return m.sandbox.GetState() == runtimev1.PodSandboxState_SANDBOX_READY
}

// runs returns the ids of the containers that run, sorted.
func (m member) runs() []string {
	ids := []string{}
	for _, c := range m.containers {
		if c.GetState() == runtimev1.ContainerState_CONTAINER_RUNNING {
			ids = append(ids, c.GetId())
		}
	}
	slices.Sort(ids)
	return ids
}

// members asks the runtime for the pods of the run. The kubelet gives the labels of
// a pod to its sandbox alone, so containers are found by their sandbox.
func (w *Workload) members(ctx context.Context) ([]member, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	sandboxes, err := w.client.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{Filter: &runtimev1.PodSandboxFilter{
		LabelSelector: map[string]string{pods.LabelCreatedBy: pods.CreatedBy, pods.LabelRun: w.cfg.Run},
	}})
	if err != nil {
		return nil, fmt.Errorf("list pod sandboxes: %w", err)
	}
	containers, err := w.client.ListContainers(ctx, &runtimev1.ListContainersRequest{})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	bySandbox := make(map[string][]*runtimev1.Container)
	for _, c := range containers.GetContainers() {
		bySandbox[c.GetPodSandboxId()] = append(bySandbox[c.GetPodSandboxId()], c)
	}
	var out []member
	for _, s := range sandboxes.GetItems() {
		out = append(out, member{s, bySandbox[s.GetId()]})
	}
	return out, nil
}

// running gives those that are ready as the experiment knows them, sorted by id.
func running(members []member) []bench.Pod {
	out := []bench.Pod{}
	for _, m := range members {
		if m.ready() {
			out = append(out, bench.Pod{ID: m.sandbox.GetId(), Containers: m.runs()})
		}
	}
	slices.SortFunc(out, func(a, b bench.Pod) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// errNoProgress says that the kubelet does not do what the manifests ask for.
var errNoProgress = errors.New("the kubelet does nothing about it")

// A wait is told how far things have come, and gives up when they come no further.
type wait struct {
	patience time.Duration
	last     int
	since    time.Time
	pause    time.Duration
}

// further waits a little. progress is any number that changes as things move on.
func (w *wait) further(ctx context.Context, progress int) error {
	if now := time.Now(); w.since.IsZero() || progress != w.last {
		w.last, w.since = progress, now
	} else if now.Sub(w.since) > w.patience {
		return fmt.Errorf("nothing has changed for %v: %w", w.patience, errNoProgress)
	}
	w.pause = min(max(2*w.pause, firstPause), longestPause)
	return sleep(ctx, w.pause)
}

// await returns the n pods when the runtime has just them and each container runs.
// Sandboxes that have ended are the kubelet's to put away, in its own time.
func (w *Workload) await(ctx context.Context, s spec, n int) ([]bench.Pod, error) {
	waiting := wait{patience: w.cfg.Patience}
	for {
		members, err := w.members(ctx)
		if err != nil {
			return nil, err
		}
		out, containers, whole := running(members), 0, 0
		for _, p := range out {
			if containers += len(p.Containers); len(p.Containers) == s.containers {
				whole++
			}
		}
		if whole == n && len(out) == n {
			return out, nil
		}
		if err := waiting.further(ctx, len(out)<<16+containers); err != nil {
			return nil, fmt.Errorf("wait for %d static pods: %d are there and %d run whole: %w", n, len(out), whole, w.explain(ctx, members, err))
		}
	}
}

// explain adds why pods do not come, from a container that has ended and from the
// kubelet.
func (w *Workload) explain(ctx context.Context, members []member, err error) error {
	if !errors.Is(err, errNoProgress) {
		return err
	}
	ended, endErr := w.ended(ctx, members)
	if ended != "" {
		err = fmt.Errorf("%w; %s", err, ended)
	}
	if w.cfg.Why != nil {
		if why := w.cfg.Why(); why != "" {
			err = fmt.Errorf("%w; %s", err, why)
		}
	}
	return errors.Join(err, endErr)
}

// ended says how the first container has ended of those that have.
func (w *Workload) ended(ctx context.Context, members []member) (string, error) {
	for _, m := range members {
		for _, c := range m.containers {
			if c.GetState() != runtimev1.ContainerState_CONTAINER_EXITED {
				continue
			}
			status, err := w.client.ContainerStatus(ctx, &runtimev1.ContainerStatusRequest{ContainerId: c.GetId()})
			if err != nil {
				return "", fmt.Errorf("ask how container %s ended: %w", c.GetId(), err)
			}
			st := status.GetStatus()
			return strings.TrimSpace(fmt.Sprintf("container %s of pod %s ended with status %d, %s %s",
				c.GetMetadata().GetName(), m.sandbox.GetMetadata().GetName(), st.GetExitCode(), st.GetReason(), st.GetMessage())), nil
		}
	}
	return "", nil
}

// remove takes manifests away and waits until the kubelet has ended their pods.
func (w *Workload) remove(ctx context.Context, drop []manifest) error {
	if len(drop) == 0 {
		return nil
	}
	dropped := make(map[string]bool, len(drop))
	for _, m := range drop {
		if err := os.Remove(m.file); err != nil {
			return fmt.Errorf("remove a manifest: %w", err)
		}
		dropped[m.Metadata.UID] = true
	}
	return w.awaitEnd(ctx, func(uid string) bool { return dropped[uid] })
}

// awaitEnd waits until the kubelet has ended the pods that are meant, and removes
// what it keeps of them for its own garbage collection.
func (w *Workload) awaitEnd(ctx context.Context, meant func(uid string) bool) error {
	waiting := wait{patience: w.cfg.Patience}
	for {
		members, err := w.members(ctx)
		if err != nil {
			return err
		}
		var ended []*runtimev1.PodSandbox
		alive, containers := 0, 0
		for _, m := range members {
			if !meant(m.sandbox.GetMetadata().GetUid()) {
				continue
			}
			if n := len(m.runs()); m.ready() || n > 0 {
				alive++
				containers += n
			} else {
				ended = append(ended, m.sandbox)
			}
		}
		var refused error
		if alive == 0 {
			// The kubelet removes what it has ended, too, and a runtime may refuse whoever
			// comes second. What counts is that it is gone, which the next list tells.
			if refused = w.removeEnded(ctx, ended); refused == nil {
				return nil
			}
		}
		if err := waiting.further(ctx, alive<<16+containers); err != nil {
			if refused != nil {
				return errors.Join(refused, err)
			}
			return fmt.Errorf("wait for static pods to end: %d are left: %w", alive, w.explain(ctx, nil, err))
		}
	}
}

// removeEnded removes sandboxes that the kubelet has stopped. It would do so too,
// within a minute; until then they would be in every list.
func (w *Workload) removeEnded(ctx context.Context, sandboxes []*runtimev1.PodSandbox) error {
	for _, s := range sandboxes {
		bounded, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := w.client.RemovePodSandbox(bounded, &runtimev1.RemovePodSandboxRequest{PodSandboxId: s.GetId()})
		cancel()
		if err != nil {
			return fmt.Errorf("remove the sandbox %s of a pod that has ended: %w", s.GetId(), err)
		}
	}
	return nil
}
