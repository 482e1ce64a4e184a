package cgroup

import "cri-stats-bench/bench/cgroupfs"

// The lines of memory.stat that are read.
const (
	inactiveFile    = iota // page cache that was not used lately, bytes
	rss                    // anonymous memory, bytes
	pageFaults             // since the cgroup was made
	majorPageFaults        // those that had to read from a disk
	swap                   // bytes, on version 1 only
	statLines
)

// statKeys are the names of the lines. An empty name matches nothing.
type statKeys [statLines]string

// statKeysOf returns the names in the version of cgroups. All of them count
// descendants too: version 2 does so always, version 1 in the total_ lines. See
// memory.rst of cgroup-v1, "stat file", and cgroup-v2.rst, "memory.stat".
//
// Note: cAdvisor takes pgfault of version 1, which leaves out descendants and is
// therefore nearly 0 for a pod; containerd takes total_pgfault.
func statKeysOf(version int) *statKeys {
	if version == 1 {
		return &statKeys{
			inactiveFile: "total_inactive_file", rss: "total_rss",
			pageFaults: "total_pgfault", majorPageFaults: "total_pgmajfault", swap: "total_swap",
		}
	}
	return &statKeys{inactiveFile: "inactive_file", rss: "anon", pageFaults: "pgfault", majorPageFaults: "pgmajfault"}
}

// memoryStat is what was found in memory.stat.
type memoryStat struct {
	value [statLines]uint64
	found [statLines]bool
}

func (s *memoryStat) has(line int) bool { return s.found[line] }

// parse takes the lines that keys name from memory.stat. A line that is not
// there (version 1 without swap accounting has no total_swap) stays absent.
//
//	total_cache 22929408
//	total_rss 1863680
//	total_pgfault 98635
func (s *memoryStat) parse(data []byte, keys *statKeys) error {
	*s = memoryStat{}
	return cgroupfs.ParseFlat(data, func(key []byte, v uint64) {
		for line := range keys {
			if string(key) == keys[line] {
				s.value[line], s.found[line] = v, true
				return
			}
		}
	})
}
