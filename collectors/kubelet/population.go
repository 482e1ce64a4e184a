package kubelet

import (
	"context"
	"errors"
	"fmt"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
)

// A podName and a containerName are what a kubelet calls pods and containers.
type podName struct{ namespace, name string }

type containerName struct {
	podName
	container string
}

// A population knows the runtime's ids of what the kubelet names, and where each
// stands in the batch.
type population struct {
	pods       map[podName]string
	containers map[containerName]string
	placed     map[bench.Entity]int32
	// described is how many metrics the runtime describes to a kubelet, which serves
	// no others; -1 if it describes none to anybody.
	described int
}

// findPods asks the runtime for the names of the pods of s. It is the only time
// that a collector of this package speaks to the runtime.
func findPods(ctx context.Context, s bench.Source) (_ *population, err error) {
	p := &population{pods: make(map[podName]string), containers: make(map[containerName]string), placed: make(map[bench.Entity]int32), described: -1}
	if len(s.Pods) == 0 {
		return p, nil
	}
	conn, err := criconn.Dial(ctx, s.Endpoint)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	sandboxes, err := conn.Runtime.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{})
	if err != nil {
		return nil, fmt.Errorf("list pod sandboxes, for their names: %w", err)
	}
	containers, err := conn.Runtime.ListContainers(ctx, &runtimev1.ListContainersRequest{})
	if err != nil {
		return nil, fmt.Errorf("list containers, for their names: %w", err)
	}
	// A runtime without the call has no gate to be switched on.
	if d, err := conn.Runtime.ListMetricDescriptors(ctx, &runtimev1.ListMetricDescriptorsRequest{}); err == nil {
		p.described = len(d.GetDescriptors())
	}
	ours := make(map[string]podName)
	for _, pod := range s.Pods {
		ours[pod.ID] = podName{}
	}
	for _, sandbox := range sandboxes.GetItems() {
		if _, ok := ours[sandbox.GetId()]; ok {
			name := podName{sandbox.GetMetadata().GetNamespace(), sandbox.GetMetadata().GetName()}
			ours[sandbox.GetId()] = name
			p.pods[name] = sandbox.GetId()
		}
	}
	for _, c := range containers.GetContainers() {
		if name, ok := ours[c.GetPodSandboxId()]; ok && c.GetState() == runtimev1.ContainerState_CONTAINER_RUNNING {
			p.containers[containerName{name, c.GetMetadata().GetName()}] = c.GetId()
		}
	}
	return p, nil
}

// begin is called before the first place of a batch.
func (p *population) begin() { clear(p.placed) }

// pod returns the entity of a pod. One that is not ours has its name for an id.
func (p *population) pod(n podName) bench.Entity {
	if id, ok := p.pods[n]; ok {
		return bench.Entity{Pod: id}
	}
	return bench.Entity{Pod: n.namespace + "/" + n.name}
}

// container returns the entity of a container.
func (p *population) container(n containerName) bench.Entity {
	e := p.pod(n.podName)
	e.Container = e.Pod + "/" + n.container
	if id, ok := p.containers[n]; ok {
		e.Container = id
	}
	return e
}

// place returns the index of the entity in b, where it is put at the first time.
func (p *population) place(b *bench.Batch, e bench.Entity) int32 {
	at, ok := p.placed[e]
	if !ok {
		at = b.Entity(e)
		p.placed[e] = at
	}
	return at
}
