package node

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"
)

const (
	// runRoot holds the sockets of all managed nodes: a path that is short enough
	// for them, and that a reboot empties. sun_path holds 108 bytes, and
	// containerd accepts 42 for the folder of its shims' sockets, whose names are
	// long (containerd, core/runtime/v2/socket_linux.go, maxSocketDirLen).
	runRoot = "/run/cri-stats-bench"
	// shimDir is that folder, in the node's own below runRoot.
	shimDir = "s"
	// exitsDir is where conmon tells that containers have ended.
	exitsDir = "exits"
	// cgroupName is the daemon's own cgroup, a child of the root. The kubelet's own
	// and the parent of its pods stand beside it.
	cgroupName    = "/cri-stats-bench-node"
	kubeletCgroup = "-kubelet"
	kubeletPods   = "-pods"
)

// withDefaults fills in what may be left empty.
func (c Config) withDefaults() Config {
	if c.Dir == "" {
		c.Dir = DefaultDir
	}
	c.Dir = filepath.Clean(c.Dir)
	return c
}

// names returns the folder of the sockets and the daemon's cgroup of the node in
// dir. Another node than the default one gets names of its own, the same ones
// each time, so that nodes in different folders never meet.
//
// Note: they are not to be chosen. What is in them is removed without asking,
// and the length of the first is limited.
func names(dir string) (runDir, cgroup string) {
	suffix := ""
	if dir != DefaultDir {
		suffix = fmt.Sprintf("-%.4x", sha256.Sum256([]byte(dir)))
	}
	return runRoot + "/node" + suffix, cgroupName + suffix
}

// validate says all that is wrong with a config whose defaults are filled in.
func (c Config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("node: "+format, args...)) }

	spec, ok := runtimes[c.Runtime]
	if !ok {
		bad("unknown runtime %q, known are: %s", c.Runtime, strings.Join(runtimeNames(), ", "))
	}
	if c.BinDir == "" {
		bad("no folder of the runtime's programs given")
	}
	if c.SandboxImage == "" {
		bad("no sandbox image given")
	}
	if !path.IsAbs(c.Dir) || path.Clean(c.Dir) != c.Dir || c.Dir == "/" {
		bad("folder %q: must be a clean absolute path below the root", c.Dir)
	}
	// overlayfs splits its options at these, and they would be quoted in none of
	// the places that the path is written to.
	if i := strings.IndexFunc(c.Dir, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`,:\"'`, r) }); i >= 0 {
		bad("folder %q: the character %q cannot be part of it", c.Dir, c.Dir[i])
	}
	_, own := names(c.Dir)
	if c.Kubelet != nil && c.Kubelet.MaxPods < 0 {
		bad("the kubelet takes %d pods: must not be negative", c.Kubelet.MaxPods)
	}
	for _, pods := range c.PodsCgroups {
		if !path.IsAbs(pods) || path.Clean(pods) != pods || pods == "/" {
			bad("cgroup of pods %q: must be a clean absolute path below the root of the hierarchy", pods)
		}
		if within(pods, own) || within(own, pods) {
			bad("cgroups of pods %q and of the daemon %q: one must not be inside the other", pods, own)
		}
	}
	for _, p := range []struct {
		what         string
		period, unit time.Duration
	}{
		{"collecting stats", c.StatsCollectPeriod, spec.statsUnit},
		{"snapshots' stats", c.SnapshotStatsPeriod, spec.snapshotUnit},
	} {
		switch {
		case p.period == 0 || !ok:
		case p.period < 0:
			bad("period for %s %v: must not be negative", p.what, p.period)
		case p.unit == 0:
			bad("period for %s %v: %s has none to set", p.what, p.period, c.Runtime)
		case p.period%p.unit != 0:
			bad("period for %s %v: must be a multiple of %v", p.what, p.period, p.unit)
		}
	}
	return errors.Join(errs...)
}

// within says whether p is dir or below it.
func within(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}
