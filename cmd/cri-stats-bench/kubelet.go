package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/gate"
	"cri-stats-bench/bench/host"
	"cri-stats-bench/bench/kubeletconn"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/workloads/pods"
)

// A kubeletTarget is the kubelet that is measured, and what can be done to it.
type kubeletTarget struct {
	serves    bench.Kubelet
	treatment bench.Treatment
	// manifests is its folder of static pods, podsCgroup what all pods live under.
	manifests, podsCgroup string
	// pid changes with each restart.
	pid func() (int, error)
	// well says what is wrong with it, with the lines of its log that do; nil where
	// there is no log to be read. log is the file, empty then.
	well func(context.Context) error
	log  string
	// config is the file that it was configured with first; empty if it is not known.
	config string
}

// kubeletAbout is the kubelet under measurement.
type kubeletAbout struct {
	// Version is its build's, as it says itself.
	Version  string `json:"version"`
	Endpoint string `json:"endpoint"`
	// Managed is set for a private kubelet, Restarted for one that is restarted with
	// other configurations.
	Managed   bool `json:"managed"`
	Restarted bool `json:"restarted"`
	// Provider is who made the stats of pods before the first trial.
	Provider string `json:"provider,omitempty"`
	Config   string `json:"config,omitempty"`
}

// spareMaxPods is how many pods a private kubelet takes beyond those of the plan: a
// pod that goes still counts while another one comes.
const spareMaxPods = 10

// wantKubelet says which kubelet a plan needs, and refuses what does not go
// together.
func (f *runFlags) wantKubelet(p *plan.Plan) error {
	existing := f.existing() != ""
	switch {
	case p.Experiment != plan.Kubelet && p.Kubelet == nil:
		return nil
	case p.Kubelet == nil && existing:
		return usage("experiment: kubelet on a runtime that is there already: the plan must name its kubelet too (key kubelet)")
	case p.Kubelet == nil:
		f.kubelet = &node.KubeletConfig{MaxPods: slices.Max(p.Pods) + spareMaxPods}
	case !existing:
		return usage("the plan names a kubelet that is there already: give its --runtime-endpoint")
	case !p.Kubelet.Untouched() && !f.allowRestart:
		return usage("the plan changes %s and restarts the kubelet with %q: give --allow-restart if that may be", p.Kubelet.ConfigPath, p.Kubelet.Restart)
	}
	return nil
}

// kubeletOf is the process of a kubelet on a node, 0 where none runs.
func kubeletOf(h *host.Host) int {
	for _, r := range h.Readers {
		if r.Name == "kubelet" {
			return r.PID
		}
	}
	return 0
}

// removesPods says what a kubelet does to pods that were made without it.
func removesPods(pid int) string {
	return fmt.Sprintf("a kubelet runs here (process %d): if it is this runtime's, it removes the pods of a run as soon as it sees them, unless the plan names it and it makes them", pid)
}

// managedKubelet is the kubelet of a private node, nil if it has none.
func managedKubelet(n *node.Node) *kubeletTarget {
	k := n.Kubelet()
	if k == nil {
		return nil
	}
	s := k.State()
	return &kubeletTarget{
		serves:    s.Serves(),
		treatment: gate.Managed{Restarter: k, Untouched: gate.Untouched{Kubelet: s.Serves()}},
		manifests: s.Manifests, podsCgroup: s.PodsCgroup, config: s.Config,
		pid:  func() (int, error) { return k.State().PID, nil },
		well: func(ctx context.Context) error { _, err := k.Provider(ctx); return err },
		log:  s.Log,
	}
}

// whyTimeout is how long a kubelet may take to say what is wrong with it.
const whyTimeout = 5 * time.Second

// why says what the kubelet says where pods do not come: it is not well itself, or it
// has refused one.
func (k *kubeletTarget) why() string {
	ctx, cancel := context.WithTimeout(context.Background(), whyTimeout)
	defer cancel()
	if k.well != nil {
		if err := k.well(ctx); err != nil {
			return err.Error()
		}
	}
	conn, err := kubeletconn.New(k.serves)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	known, err := conn.Pods(ctx)
	if err != nil {
		return err.Error()
	}
	for _, p := range known {
		if p.Labels[pods.LabelCreatedBy] == pods.CreatedBy && p.Trouble != "" {
			return fmt.Sprintf("the kubelet says of pod %s: %s", p.Name, p.Trouble)
		}
	}
	if k.log != "" {
		return "the kubelet itself is well; its log is " + k.log
	}
	return ""
}

// ofThisNode refuses an endpoint that is another machine's: what is metered is the kubelet of
// this node, and the token that the plan names must not go wherever a plan says.
func ofThisNode(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return usage("kubelet endpoint: %w", err)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Hostname() == "localhost" || ip.IsLoopback() {
		return nil
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return fmt.Errorf("list the addresses of this node: %w", err)
	}
	for _, a := range addresses {
		if own, ok := a.(*net.IPNet); ok && ip != nil && own.IP.Equal(ip) {
			return nil
		}
	}
	return usage("kubelet endpoint %s is not an address of this node, whose kubelet is measured: give https://127.0.0.1:10250 or one of its own", endpoint)
}

// existingKubelet is the kubelet of this node, as a plan describes it.
func existingKubelet(ctx context.Context, p *plan.ExistingKubelet, driver criconn.CgroupDriver) (*kubeletTarget, error) {
	if err := ofThisNode(p.Endpoint); err != nil {
		return nil, err
	}
	untouched := gate.Untouched{Kubelet: bench.Kubelet{Endpoint: p.Endpoint, CAFile: p.CAFile, TokenFile: p.TokenFile}}
	k := &kubeletTarget{
		serves: untouched.Kubelet, treatment: untouched,
		manifests: p.StaticPods, config: p.ConfigPath,
		pid: func() (int, error) {
			d, err := node.DiscoverKubelet(p.Endpoint)
			if err != nil {
				return 0, err
			}
			return d.PID, nil
		},
	}
	// Also one that is only looked at is to be looked at as its owner configured it.
	if err := gate.Unchanged(""); err != nil {
		return nil, statusError{exitUnfit, err}
	}
	if !p.Untouched() {
		existing := &gate.Existing{Untouched: untouched, Path: p.ConfigPath, Off: p.ConfigOff, On: p.ConfigOn, Restart: p.Restart}
		if err := existing.Check(); err != nil {
			return nil, err
		}
		k.treatment = existing
	}
	conn, err := kubeletconn.New(k.serves)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	config, err := conn.Config(ctx)
	if err != nil {
		return nil, err
	}
	if filepath.Clean(config.StaticPodPath) != filepath.Clean(p.StaticPods) {
		return nil, usage("kubelet.static_pods of the plan is %q, and the kubelet at %s reads static pods from %q", p.StaticPods, p.Endpoint, config.StaticPodPath)
	}
	k.podsCgroup = podsCgroup(config.CgroupRoot, driver)
	return k, nil
}

// podsCgroup is what all pods of a kubelet live under that has cgroupRoot in its
// configuration. Each name of systemd's has those above it in it: on nodes of kind,
// /kubelet becomes /kubelet.slice/kubelet-kubepods.slice
// (pkg/kubelet/cm/cgroup_manager_linux.go, ToSystemd).
func podsCgroup(root string, driver criconn.CgroupDriver) string {
	cgroup := path.Join("/", root, "kubepods")
	if driver != criconn.Systemd {
		return cgroup
	}
	unit, prefix := "", ""
	for name := range strings.SplitSeq(cgroup[1:], "/") {
		prefix += strings.ReplaceAll(name, "-", "_")
		unit += "/" + prefix + ".slice"
		prefix += "-"
	}
	return unit
}

// describe asks the kubelet who it is; nil if there is none.
func (k *kubeletTarget) describe(ctx context.Context) (*kubeletAbout, error) {
	if k == nil {
		return nil, nil
	}
	conn, err := kubeletconn.New(k.serves)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	status, err := conn.Status(ctx)
	if err != nil {
		return nil, err
	}
	_, managed := k.treatment.(gate.Managed)
	_, untouched := k.treatment.(gate.Untouched)
	a := &kubeletAbout{Version: status.Version, Endpoint: k.serves.Endpoint, Managed: managed, Restarted: !untouched, Provider: status.Provider}
	if k.config != "" {
		config, err := os.ReadFile(k.config)
		if err != nil {
			return nil, fmt.Errorf("read the kubelet's configuration: %w", err)
		}
		if a.Config, err = keptConfig(config); err != nil {
			return nil, fmt.Errorf("read the kubelet's configuration %s: %w", k.config, err)
		}
	}
	return a, nil
}

// keptKeys are the keys of a kubelet's configuration that what it costs may depend on. The
// others are nobody's business: staticPodURLHeader may hold a password, and reports ask
// to publish host.json.
var keptKeys = []string{
	"apiVersion", "kind", "featureGates", "cgroupDriver", "cgroupRoot", "cgroupsPerQOS", "kubeletCgroups", "systemCgroups",
	"runtimeRequestTimeout", "maxPods", "podsPerCore", "evictionHard", "evictionSoft", "evictionPressureTransitionPeriod",
	"nodeStatusUpdateFrequency", "nodeStatusReportFrequency", "volumeStatsAggPeriod", "syncFrequency", "fileCheckFrequency",
	"cpuManagerPolicy", "cpuManagerReconcilePeriod", "memoryManagerPolicy", "topologyManagerPolicy", "cpuCFSQuota",
	"enforceNodeAllocatable", "failSwapOn", "memorySwap", "localStorageCapacityIsolation", "logging", "tracing",
	"imageMinimumGCAge", "imageGCHighThresholdPercent", "imageGCLowThresholdPercent", "containerLogMaxSize", "containerLogMonitorInterval",
}

// keptConfig is as much of a kubelet's configuration as records have.
func keptConfig(data []byte) (string, error) {
	var all map[string]any
	if err := yaml.Unmarshal(data, &all); err != nil {
		return "", err
	}
	kept := make(map[string]any)
	for _, key := range keptKeys {
		if v, ok := all[key]; ok {
			kept[key] = v
		}
	}
	out, err := yaml.Marshal(kept)
	if err != nil {
		return "", err
	}
	if left := len(all) - len(kept); left > 0 {
		return fmt.Sprintf("%s# and %d keys that are not recorded\n", out, left), nil
	}
	return string(out), nil
}
