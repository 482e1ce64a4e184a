package pods

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Labels that the kubelet sets on what it makes. Answers carry them, and sources
// take names from them, so ours have them as well.
const (
	labelPodName       = "io.kubernetes.pod.name"
	labelPodNamespace  = "io.kubernetes.pod.namespace"
	labelPodUID        = "io.kubernetes.pod.uid"
	labelContainerName = "io.kubernetes.container.name"
)

// Resources of the kubelet's BestEffort class: no limits, the smallest share, and
// the first to go when memory runs out.
const (
	cpuShares   = 2
	oomScoreAdj = 1000
)

// create makes one pod and starts its containers.
func (w *Workload) create(ctx context.Context, s spec, name string) (*runtimev1.PodSandbox, error) {
	uid := newUID()
	config := w.sandboxConfig(s, name, uid)
	if config.GetLogDirectory() != "" {
		if err := os.MkdirAll(config.GetLogDirectory(), 0o755); err != nil {
			return nil, fmt.Errorf("make log folder: %w", err)
		}
	}
	var sandbox string
	err := call(ctx, w.cfg.CallTimeout, func(ctx context.Context) error {
		resp, err := w.client.RunPodSandbox(ctx, &runtimev1.RunPodSandboxRequest{Config: config, RuntimeHandler: s.Handler})
		sandbox = resp.GetPodSandboxId()
		return err
	})
	if err != nil {
		// there is no sandbox with whose removal these would go
		w.cgroups.add(uid)
		return nil, errors.Join(fmt.Errorf("run sandbox: %w", err), removeLogDir(config.GetLogDirectory()))
	}
	for i := range s.Ended {
		name := fmt.Sprintf("ended-%d", i)
		if err := w.endedContainer(ctx, s, sandbox, config, name); err != nil {
			return nil, fmt.Errorf("container %s: %w", name, err)
		}
	}
	for i := range s.Containers {
		name := fmt.Sprintf("load-%d", i)
		id, err := w.startContainer(ctx, sandbox, config, containerConfig(s, config, name))
		if err == nil && s.Nested > 0 {
			err = nest(w.cfg.CgroupFS, config.GetLinux().GetCgroupParent(), id, s.Nested)
		}
		if err != nil {
			return nil, fmt.Errorf("container %s: %w", name, err)
		}
	}
	return &runtimev1.PodSandbox{Id: sandbox, Metadata: config.GetMetadata()}, nil
}

// endedContainer makes a container that ends by itself, as init containers do, and waits
// for that. It bears LabelEnds.
func (w *Workload) endedContainer(ctx context.Context, s spec, sandbox string, pod *runtimev1.PodSandboxConfig, name string) error {
	s.Args = []string{"end"}
	made := containerConfig(s, pod, name)
	made.Labels[LabelEnds] = "true"
	id, err := w.startContainer(ctx, sandbox, pod, made)
	if err != nil {
		return err
	}
	return w.awaitEnd(ctx, id)
}

// startContainer creates and starts a container.
func (w *Workload) startContainer(ctx context.Context, sandbox string, pod *runtimev1.PodSandboxConfig, made *runtimev1.ContainerConfig) (id string, err error) {
	err = call(ctx, w.cfg.CallTimeout, func(ctx context.Context) error {
		resp, err := w.client.CreateContainer(ctx, &runtimev1.CreateContainerRequest{PodSandboxId: sandbox, Config: made, SandboxConfig: pod})
		id = resp.GetContainerId()
		return err
	})
	if err != nil {
		return "", fmt.Errorf("create: %w", err)
	}
	err = call(ctx, w.cfg.CallTimeout, func(ctx context.Context) error {
		_, err := w.client.StartContainer(ctx, &runtimev1.StartContainerRequest{ContainerId: id})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("start: %w", err)
	}
	return id, nil
}

// newUID makes the uid of a pod: 32 hex digits. It has no dashes because names of
// systemd slices give dashes a meaning.
func newUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// namespaces are those of a pod, with a process namespace per container as the kubelet has
// it. In the node's network it needs no network plugin and starts faster; its network
// counters are absent in turn.
func namespaces(s spec) *runtimev1.NamespaceOption {
	network := runtimev1.NamespaceMode_NODE
	if s.Networked {
		network = runtimev1.NamespaceMode_POD
	}
	return &runtimev1.NamespaceOption{
		Network: network,
		Pid:     runtimev1.NamespaceMode_CONTAINER,
		Ipc:     runtimev1.NamespaceMode_POD,
	}
}

func (w *Workload) sandboxConfig(s spec, name, uid string) *runtimev1.PodSandboxConfig {
	labels := selector(w.cfg.Run)
	labels[LabelSpec] = s.label
	labels[labelPodName] = name
	labels[labelPodNamespace] = Namespace
	labels[labelPodUID] = uid
	hostname := ""
	if s.Networked { // others have that of the node
		hostname = name
	}
	return &runtimev1.PodSandboxConfig{
		Metadata:     &runtimev1.PodSandboxMetadata{Name: name, Namespace: Namespace, Uid: uid},
		Hostname:     hostname,
		LogDirectory: w.logDir(name, uid),
		Labels:       labels,
		Linux: &runtimev1.LinuxPodSandboxConfig{
			CgroupParent:    podCgroup(w.cfg.CgroupDriver, uid),
			SecurityContext: &runtimev1.LinuxSandboxSecurityContext{NamespaceOptions: namespaces(s)},
		},
	}
}

func containerConfig(s spec, pod *runtimev1.PodSandboxConfig, name string) *runtimev1.ContainerConfig {
	labels := maps.Clone(pod.GetLabels())
	labels[labelContainerName] = name
	c := &runtimev1.ContainerConfig{
		Metadata: &runtimev1.ContainerMetadata{Name: name},
		// CRI-O creates no container without user_specified_image.
		Image:  &runtimev1.ImageSpec{Image: s.Image, UserSpecifiedImage: s.Image},
		Args:   s.Args,
		Labels: labels,
		Linux: &runtimev1.LinuxContainerConfig{
			Resources:       &runtimev1.LinuxContainerResources{CpuShares: cpuShares, OomScoreAdj: oomScoreAdj},
			SecurityContext: &runtimev1.LinuxContainerSecurityContext{NamespaceOptions: namespaces(s)},
		},
	}
	if pod.GetLogDirectory() != "" {
		c.LogPath = logName(name)
	}
	return c
}

// logDir is the folder of a pod's logs, named as the kubelet does; empty if there
// are none.
func (w *Workload) logDir(name, uid string) string {
	if w.cfg.LogDir == "" {
		return ""
	}
	return filepath.Join(w.cfg.LogDir, Namespace+"_"+name+"_"+uid)
}

func removeLogDir(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove log folder: %w", err)
	}
	return nil
}

func logName(container string) string { return container + ".log" }
