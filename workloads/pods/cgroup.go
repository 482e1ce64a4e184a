package pods

import (
	"path"

	"cri-stats-bench/bench/criconn"
)

// cgroupRoot names the cgroup that all pods live under. It has no dash: systemd
// reads "a-b.slice" as a slice inside "a.slice".
const cgroupRoot = "cristatsbench"

// CgroupParent is the cgroup that all pods live under, as a path below the
// hierarchy's root.
func CgroupParent(driver criconn.CgroupDriver) string {
	if driver == criconn.Systemd {
		return "/" + cgroupRoot + ".slice"
	}
	return "/" + cgroupRoot
}

// podCgroup is the cgroup of one pod, as cgroup_parent of its sandbox. With the
// systemd driver it is the slice's whole path: ListPodSandboxStats of containerd
// calls the name alone an "invalid group path". uid must not have dashes.
func podCgroup(driver criconn.CgroupDriver, uid string) string {
	if driver == criconn.Systemd {
		return path.Join(CgroupParent(driver), cgroupRoot+"-pod"+uid+".slice")
	}
	return path.Join(CgroupParent(driver), "pod"+uid)
}
