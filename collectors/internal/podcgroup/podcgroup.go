// Package podcgroup tells which pod or container of ours a cgroup belongs to,
// by its path. The collectors that read cgroups, themselves or through cAdvisor,
// share it so that they call the same cgroup by the same name.
//
// It goes by the ids that it was given and never guesses: a cgroup with an id
// that nobody named is no container of ours, however much it looks like one.
package podcgroup

import (
	"fmt"
	"path"
	"strings"

	"cri-stats-bench/bench"
)

// A Kind says what a cgroup is to us.
type Kind uint8

// The kinds of cgroups.
const (
	// Other is a slice, a daemon, somebody else's container, a cgroup nested in a
	// container.
	Other Kind = iota
	// Container is an application container of a pod of ours.
	Container
	// Sandbox is the pause container of a pod of ours. It holds the pod's network
	// namespace and is no container in the sense of the CRI stats calls.
	Sandbox
)

// An Index knows the ids of the pods and containers of ours.
type Index struct {
	pods       map[string]bool
	containers map[string]string // container id -> pod id
}

// NewIndex makes an index of the pods. Ids that are empty or occur twice are an
// error, since what they name could not be told apart.
func NewIndex(pods []bench.Pod) (*Index, error) {
	x := &Index{pods: make(map[string]bool, len(pods)), containers: make(map[string]string, len(pods))}
	for _, pod := range pods {
		if pod.ID == "" || x.pods[pod.ID] {
			return nil, fmt.Errorf("index pods: pod id %q is empty or occurs twice", pod.ID)
		}
		x.pods[pod.ID] = true
		for _, id := range pod.Containers {
			if _, twice := x.containers[id]; twice || id == "" {
				return nil, fmt.Errorf("index pods: container id %q of pod %s is empty or occurs twice", id, pod.ID)
			}
			x.containers[id] = pod.ID
		}
	}
	return x, nil
}

// Pod returns the id of the pod that the container belongs to, empty if the
// container is not ours.
func (x *Index) Pod(container string) string { return x.containers[container] }

// Of says what the cgroup at the path is, and the ids of its pod and container
// as far as it has them.
func (x *Index) Of(cgroup string) (kind Kind, pod, container string) {
	id := ID(path.Base(cgroup))
	if pod, ours := x.containers[id]; ours {
		return Container, pod, id
	}
	if x.pods[id] {
		return Sandbox, id, ""
	}
	return Other, "", ""
}

// ID returns the id in the last element of a cgroup's path, which is made of it
// in one of these ways:
//
//	<id>                        containerd, cgroupfs driver
//	cri-containerd-<id>.scope   containerd, systemd driver
//	crio-<id>                   CRI-O, cgroupfs driver; and a dropped sandbox, any driver
//	crio-<id>.scope             CRI-O, systemd driver
//
// Of anything else comes what is left, which matches no id: CRI-O's
// "crio-conmon-<id>.scope" gives "conmon-<id>".
//
// See getCgroupsPath of containerd (internal/cri/server/podsandbox/helpers_linux.go)
// and ContainerCgroupAbsolutePath of CRI-O (internal/config/cgmgr).
func ID(base string) string {
	base = strings.TrimSuffix(base, ".scope")
	if id, ok := strings.CutPrefix(base, "cri-containerd-"); ok {
		return id
	}
	return strings.TrimPrefix(base, "crio-")
}
