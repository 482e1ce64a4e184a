package pods

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
)

// Names as long as Kubernetes allows: of a pod a DNS subdomain, of a container a label.
const (
	longestPod       = 253
	longestContainer = 63
)

// Odd makes one more pod of the run, of what stats are often wrong about. Two of its
// containers have ended before the others began (one well, as an init container does, one
// not), one has ended and was made anew, one has no resources set at all; names are as long
// as Kubernetes allows, and an annotation holds what may be in one. It returns the pod with
// the containers that run. Stop removes it.
func (w *Workload) Odd(ctx context.Context) (bench.Pod, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	pod, err := w.odd(ctx)
	if err != nil {
		return bench.Pod{}, fmt.Errorf("make an odd pod: %w", err)
	}
	return pod, nil
}

func (w *Workload) odd(ctx context.Context) (bench.Pod, error) {
	uid := newUID()
	name := w.cfg.NamePrefix + "-odd"
	name += strings.Repeat(".long", (longestPod-len(name))/len(".long"))
	config := w.sandboxConfig(spec{label: "odd"}, name, uid)
	config.Annotations = map[string]string{"note": "späte Blüte, \"quoted\"\n<b>two lines</b>"}
	var sandbox string
	err := call(ctx, w.cfg.CallTimeout, func(ctx context.Context) error {
		resp, err := w.client.RunPodSandbox(ctx, &runtimev1.RunPodSandboxRequest{Config: config, RuntimeHandler: w.cfg.RuntimeHandler})
		sandbox = resp.GetPodSandboxId()
		return err
	})
	if err != nil {
		w.cgroups.add(uid)
		return bench.Pod{}, fmt.Errorf("run sandbox: %w", err)
	}
	pod := bench.Pod{ID: sandbox}
	for _, c := range []struct {
		name    string
		attempt uint32
		args    []string
		ends    bool
		bare    bool // without resources
	}{
		{"init", 0, []string{"end"}, true, false},
		{"failed", 0, []string{"fail"}, true, false},
		{"again", 0, []string{"end"}, true, false},
		{"again", 1, []string{"pause"}, false, false},
		{"bare", 0, []string{"pause"}, false, true},
		{"burns-" + strings.Repeat("x", longestContainer-len("burns-")), 0, []string{"burn", "--cpu", "0.02"}, false, false},
	} {
		made := containerConfig(spec{Image: w.cfg.Image, Args: c.args}, config, c.name)
		made.Metadata.Attempt = c.attempt
		made.Annotations = config.Annotations
		if c.bare {
			made.Linux.Resources = nil
		}
		id, err := w.startContainer(ctx, sandbox, config, made)
		if err == nil && c.ends {
			err = w.awaitEnd(ctx, id)
		}
		if err != nil {
			return bench.Pod{}, fmt.Errorf("container %s, attempt %d: %w", c.name, c.attempt, err)
		}
		if !c.ends {
			pod.Containers = append(pod.Containers, id)
		}
	}
	slices.Sort(pod.Containers)
	return pod, nil
}

// awaitEnd waits until a container that ends by itself has done so.
func (w *Workload) awaitEnd(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.CallTimeout)
	defer cancel()
	for {
		resp, err := w.client.ContainerStatus(ctx, &runtimev1.ContainerStatusRequest{ContainerId: id})
		if err != nil {
			return fmt.Errorf("ask whether it has ended: %w", err)
		}
		if resp.GetStatus().GetState() == runtimev1.ContainerState_CONTAINER_EXITED {
			return nil
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("wait for its end: %w", err)
		}
	}
}
