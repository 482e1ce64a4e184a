package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/collectors/internal/podcgroup"
)

// find returns the entities of the pods and containers of s that have a cgroup
// below s.CgroupParent, each pod before its containers. A pod's cgroup is the
// one that holds its containers' or its sandbox's; a pod whose containers are
// right under the parent has none of its own. The pause container's cgroup is
// the sandbox and is not read, as the CRI stats calls leave it out.
func find(hierarchies *cgroupfs.FS, s bench.Source) ([]bench.Entity, error) {
	index, err := podcgroup.NewIndex(s.Pods)
	if err != nil {
		return nil, err
	}
	root, err := hierarchies.Dir(cgroupfs.Memory, "/")
	if err != nil {
		return nil, err
	}
	parent := path.Join("/", s.CgroupParent)
	found := make([]bench.Entity, 0, 2*len(s.Pods))
	seen := make(map[string]bool) // cgroups of pods, ids of containers
	err = filepath.WalkDir(filepath.Join(root, parent), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			return nil
		}
		cgroup := filepath.ToSlash(strings.TrimPrefix(name, filepath.Clean(root)))
		kind, pod, container := index.Of(cgroup)
		if kind == podcgroup.Other {
			return nil
		}
		if above := path.Dir(cgroup); above != parent && !seen[above] {
			seen[above] = true
			found = append(found, bench.Entity{Pod: pod, Cgroup: above})
		}
		if kind == podcgroup.Container {
			seen[container] = true
			found = append(found, bench.Entity{Pod: pod, Container: container, Cgroup: cgroup})
		}
		return fs.SkipDir // what is below belongs to the container
	})
	if err != nil && (len(s.Pods) > 0 || !errors.Is(err, fs.ErrNotExist)) { // without pods the parent need not be there
		return nil, fmt.Errorf("find the cgroups under %s: %w", s.CgroupParent, err)
	}
	if missing := missingContainers(s.Pods, seen); len(missing) > 0 {
		return nil, fmt.Errorf("find the cgroups under %s: %d containers have none: %s", s.CgroupParent, len(missing), strings.Join(missing, ", "))
	}
	return found, nil
}

// missingContainers returns the ids that were not seen.
func missingContainers(pods []bench.Pod, seen map[string]bool) []string {
	var missing []string
	for _, pod := range pods {
		for _, id := range pod.Containers {
			if !seen[id] {
				missing = append(missing, id)
			}
		}
	}
	return missing
}
