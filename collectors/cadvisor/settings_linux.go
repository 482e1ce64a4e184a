package cadvisor

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/cadvisor/lib/container"
	"github.com/google/cadvisor/lib/container/crio"
	"k8s.io/klog/v2"

	"cri-stats-bench/bench"
)

// Settings of the kubelet (pkg/kubelet/cadvisor/cadvisor_linux.go, v1.37.2).
const (
	kubeletHousekeeping = 10 * time.Second
	kubeletLongest      = 15 * time.Second
	kubeletCache        = 2 * time.Minute
)

// Defaults of cAdvisor's flags that the kubelet leaves alone (lib/manager).
const (
	defaultGlobalHousekeeping = time.Minute     // walks all cgroups for ones it missed
	defaultMachineInfo        = 5 * time.Minute // reads the machine again
)

// never is longer than any run.
const never = 24 * time.Hour

// settings are when cAdvisor reads by itself.
type settings struct {
	// housekeeping is the interval between readings of a container. cAdvisor draws
	// each between one and two times that (jitter_factor is 1).
	housekeeping time.Duration
	// longest is what the interval may double to while nothing changes in the
	// container, where dynamic is set.
	longest time.Duration
	dynamic bool
	// global is the interval between walks over all cgroups, machine that between
	// readings of the machine.
	global, machine time.Duration
}

// kubeletSettings are the kubelet's.
func kubeletSettings() settings {
	return settings{
		housekeeping: kubeletHousekeeping, longest: kubeletLongest, dynamic: true,
		global: defaultGlobalHousekeeping, machine: defaultMachineInfo,
	}
}

// metricSet are the groups of metrics that the kubelet turns on. The group for
// disks is on because localStorageCapacityIsolation is by default, the one for
// pressure where the kernel has it.
func metricSet(pressure bool) container.MetricSet {
	set := container.MetricSet{
		container.CpuUsageMetrics:     {},
		container.MemoryUsageMetrics:  {},
		container.DiskIOMetrics:       {},
		container.DiskUsageMetrics:    {},
		container.NetworkUsageMetrics: {},
		container.ProcessMetrics:      {},
		container.OOMMetrics:          {},
	}
	if pressure {
		set[container.PressureMetrics] = struct{}{}
	}
	return set
}

// exportedSet are the groups that /metrics/cadvisor exports
// (pkg/kubelet/server/server.go, v1.37.2). Application metrics are among them,
// though the manager does not collect any.
func exportedSet(pressure bool) container.MetricSet {
	set := metricSet(pressure)
	set[container.AppMetrics] = struct{}{}
	return set
}

// hasPressure is the kubelet's IsPsiEnabled: one file that only version 2 of
// cgroups has at this place, and opening it fails where pressure is turned off.
func hasPressure(cgroupRoot string) bool {
	f, err := os.Open(filepath.Join(cgroupRoot, "cpu.pressure"))
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// setFlags writes cAdvisor's settings to the flags of the process, the only place
// where it looks for them. The kubelet does the same (its init in
// cadvisor_linux.go). It is right here alone: an agent is a process of its own,
// and none of its own flags are in that set.
func setFlags(set settings, s bench.Source) error {
	values := map[string]string{
		"housekeeping_interval":        set.housekeeping.String(),
		"global_housekeeping_interval": set.global.String(),
		"update_machine_info_interval": set.machine.String(),
		"event_storage_event_limit":    "default=0",
		"event_storage_age_limit":      "default=0",
		"containerd-namespace":         "k8s.io", // of all that CRI makes
	}
	// The kubelet has no flag for containerd's socket since 1.37 and finds it at
	// the default alone. That is no part of the cost, so the socket of the node is
	// given here, wherever it is.
	if s.Runtime != crioName {
		values["containerd"] = socketPath(s.Endpoint)
	}
	for name, value := range values {
		if err := flag.Set(name, value); err != nil {
			return fmt.Errorf("set flag %s of cAdvisor to %q: %w", name, value, err)
		}
	}
	return nil
}

// Names that runtimes give themselves.
const (
	containerdName = "containerd"
	crioName       = "cri-o"
)

// checkSocket returns an *UnsupportedError where cAdvisor cannot reach the
// runtime: it would then read the containers as plain cgroups, without their
// networks and disks, which is cheaper than what the kubelet does.
func checkSocket(s bench.Source) error {
	if s.Runtime != crioName {
		return nil
	}
	// The path is a constant of cAdvisor. /var/run is a link to /run: what counts
	// is that it is the same socket.
	want, err := os.Stat(crio.CrioSocket)
	if err == nil {
		var got os.FileInfo
		if got, err = os.Stat(socketPath(s.Endpoint)); err == nil && os.SameFile(want, got) {
			return nil
		}
	}
	return &bench.UnsupportedError{
		What:  "cAdvisor with CRI-O at " + s.Endpoint,
		Needs: "CRI-O at " + crio.CrioSocket + ", the only place where cAdvisor looks",
		Err:   err,
	}
}

// socketPath returns the path of a socket on this node, empty for an endpoint
// that is none.
func socketPath(endpoint string) string {
	if path, ok := strings.CutPrefix(endpoint, "unix://"); ok {
		return path
	}
	if strings.HasPrefix(endpoint, "/") {
		return endpoint
	}
	return ""
}

// quiet keeps cAdvisor's log off standard output, which is the agent's line to
// the harness, and from saying more than errors, which go to standard error.
func quiet() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard) // errors go to standard error all the same (stderrthreshold)
}
