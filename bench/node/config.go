package node

import (
	"errors"
	"path/filepath"
	"runtime"
	"time"
)

// DefaultDir is where a managed node keeps its files: on a disk, since images and
// writable layers in a tmpfs would be counted as memory.
const DefaultDir = "/var/lib/cri-stats-bench/node"

// Config says what node to bring up. Only Runtime, BinDir and SandboxImage have
// no default.
type Config struct {
	// Runtime is the runtime's name: "containerd" or "crio".
	Runtime string
	// BinDir holds the runtime's programs, see DefaultBinDir. Links are followed
	// once, at the start, so that a later build changes nothing of a live node.
	BinDir string
	// Dir is the root of everything that the node keeps on disk; DefaultDir if
	// empty. It is made, and removed by Down; it must not hold anything else.
	Dir string
	// PodsCgroups are the cgroup parents that all pods will be put under, as paths
	// below the root of the hierarchies. They belong to the node: Up refuses where one holds processes, Down ends all that
	// is in them and removes them.
	PodsCgroups []string
	// SandboxImage is the reference of the pause image. Up writes it to the
	// runtime's config and does not pull it.
	SandboxImage string

	// Kubelet puts a kubelet on top of the runtime; nil for none. A node with one
	// serves CRI on the path that every kubelet of the runtime's knows, and refuses to
	// start where a daemon of others has it or had it. CRI-O is served there without a
	// kubelet too, since cAdvisor knows no other path, unless somebody has it.
	Kubelet *KubeletConfig

	// Bridge gives the node a bridge, and pods that ask for a network namespace of their own
	// an address on it and nothing beyond: no route leads out, and nothing of the host's packet
	// filter or forwarding is changed. Without it there are only pods in the node's network.
	Bridge bool

	// Debug lets the runtime serve what it says of itself: on State.Debug (containerd only),
	// and on State.Profiles.
	Debug bool

	// StatsCollectPeriod is how often the runtime collects stats by itself; the
	// runtime's default if 0. containerd: stats_collect_period of the plugin
	// io.containerd.cri.v1.runtime, for CPU rates, 1 s by default. CRI-O:
	// collection_period, for all stats, in whole seconds, never by default.
	StatsCollectPeriod time.Duration
	// SnapshotStatsPeriod is how often it measures writable layers (containerd only:
	// stats_collect_period of io.containerd.cri.v1.images), in whole seconds; the
	// runtime's default if 0, which is 10 s.
	SnapshotStatsPeriod time.Duration
}

// KubeletConfig says what kubelet to put on a runtime.
type KubeletConfig struct {
	// StatsFromCRI is the feature gate PodAndContainerStatsFromCRI (KEP-2371).
	// Kubelet.Restart changes it.
	StatsFromCRI bool `json:"stats_from_cri"`
	// MaxPods is how many pods it takes; its own default of 110 if 0.
	MaxPods int `json:"max_pods,omitempty"`
}

// DefaultBinDir returns where scripts/node/build.sh puts its links to the
// programs that it built last: bin/current-GOARCH below CRI_STATS_BENCH_CACHE,
// else below XDG_CACHE_HOME/cri-stats-bench, else below
// HOME/.cache/cri-stats-bench. getenv is os.Getenv.
func DefaultBinDir(getenv func(string) string) (string, error) {
	cache := getenv("CRI_STATS_BENCH_CACHE")
	if cache == "" {
		base := getenv("XDG_CACHE_HOME")
		if home := getenv("HOME"); base == "" && home != "" {
			base = filepath.Join(home, ".cache")
		}
		if base == "" {
			return "", errors.New("find the cache of built programs: none of CRI_STATS_BENCH_CACHE, XDG_CACHE_HOME and HOME is set")
		}
		cache = filepath.Join(base, "cri-stats-bench")
	}
	return filepath.Join(cache, "bin", "current-"+runtime.GOARCH), nil
}
