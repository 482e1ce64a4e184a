package cadvisor

import (
	"path"

	"cri-stats-bench/bench"
	"cri-stats-bench/collectors/internal/podcgroup"
)

// A population says what each cgroup of ours is. It is made once, when all
// containers are there.
//
// The cgroup of a pod's pause container is the sandbox and no container: what
// cAdvisor says of its network is the pod's, as the kubelet takes it
// (cadvisor_stats_provider.go), and all else stays with its cgroup.
type population struct {
	members map[string]member // by cgroup
	pods    []bench.Entity
	// placed has for each pod the index of its entity in the batch, -1 as long as
	// it has none.
	placed []int32
}

// A member is a cgroup of ours.
type member struct {
	kind      podcgroup.Kind // Other stands for the cgroup of a whole pod here
	pod       int            // index into pods
	container string
}

// newPopulation finds the pods and containers of the index among the cgroups.
func newPopulation(index *podcgroup.Index, parent string, cgroups []string) *population {
	p := &population{members: make(map[string]member)}
	byID := make(map[string]int)
	for _, cgroup := range cgroups {
		kind, id, container := index.Of(cgroup)
		if kind == podcgroup.Other {
			continue
		}
		pod, known := byID[id]
		if !known {
			pod = len(p.pods)
			byID[id] = pod
			p.pods = append(p.pods, bench.Entity{Pod: id})
		}
		p.members[cgroup] = member{kind, pod, container}
		if above := path.Dir(cgroup); above != path.Join("/", parent) {
			p.members[above] = member{podcgroup.Other, pod, ""}
			p.pods[pod].Cgroup = above
		}
	}
	p.placed = make([]int32, len(p.pods))
	return p
}

// begin is called before the first place of a batch.
func (p *population) begin() {
	for i := range p.placed {
		p.placed[i] = -1
	}
}

// place returns the index of the cgroup's entity in b, and of the one that its
// network belongs to. It is called once per cgroup and batch.
func (p *population) place(b *bench.Batch, cgroup string) (own, network int32) {
	m, ours := p.members[cgroup]
	switch {
	case !ours:
		own = b.Entity(bench.Entity{Cgroup: cgroup})
	case m.kind == podcgroup.Container:
		own = b.Entity(bench.Entity{Pod: p.pods[m.pod].Pod, Container: m.container, Cgroup: cgroup})
	case m.kind == podcgroup.Sandbox:
		return b.Entity(bench.Entity{Cgroup: cgroup}), p.placePod(b, m.pod)
	default:
		own = p.placePod(b, m.pod)
	}
	return own, own
}

func (p *population) placePod(b *bench.Batch, pod int) int32 {
	if p.placed[pod] < 0 {
		p.placed[pod] = b.Entity(p.pods[pod])
	}
	return p.placed[pod]
}
