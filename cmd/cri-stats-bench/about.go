package main

import (
	"fmt"
	"os"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn/fakecri"
	"cri-stats-bench/bench/host"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/bench/plan"
)

// about is host.json: all that a reader of the records must know of where they
// come from.
type about struct {
	// Simulated is set where nothing real was measured.
	Simulated bool `json:"simulated"`
	// NotForPublication gives the reasons why the host cannot carry a verdict.
	NotForPublication []string `json:"not_for_publication,omitempty"`
	// Preflight is what was looked at for that.
	Preflight []host.Check `json:"preflight"`
	// Version is this program's, Embeds are the modules in it that are measured.
	Version string            `json:"version"`
	Embeds  map[string]string `json:"embeds"`
	// Collectors are those of the plan: what reports must know of them.
	Collectors map[string]bench.Traits `json:"collectors"`
	Runtime    runtimeAbout            `json:"runtime"`
	// Kubelet is nil where none is measured.
	Kubelet *kubeletAbout `json:"kubelet,omitempty"`
	Host    *host.Host    `json:"host"`
}

// runtimeAbout is the runtime under measurement.
type runtimeAbout struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	APIVersion   string `json:"api_version"`
	CgroupDriver string `json:"cgroup_driver,omitempty"`
	// Daemon is its process; Managed and Config are set for a private node.
	Daemon  *node.Daemon `json:"daemon,omitempty"`
	Managed *node.State  `json:"managed,omitempty"`
	Config  string       `json:"config,omitempty"`
}

// IsSimulated says whether anything was measured on a node.
func (a about) IsSimulated() bool { return a.Simulated }

// Identity is what must not change when a run is continued: the machine and the
// version of what is measured, not a process or the free memory of the moment.
func (a about) Identity() string {
	kubelet := ""
	if a.Kubelet != nil {
		kubelet = "kubelet " + a.Kubelet.Version + "; "
	}
	return fmt.Sprintf("%s; %s %s; %scri-stats-bench %s", a.Host.Identity(), a.Runtime.Name, a.Runtime.Version, kubelet, a.Version)
}

// hostProbe is how long the node is watched for steal and foreign load.
const hostProbe = time.Second

// describe puts together where a run takes place.
func describe(h *host.Host, t *target, p *plan.Plan) (about, error) {
	a := about{
		Simulated: t.conn.Version.GetRuntimeName() == fakecri.RuntimeName,
		Version:   version(),
		Embeds: map[string]string{
			"cadvisor": moduleVersion("github.com/google/cadvisor/lib"),
			"cri-api":  moduleVersion("k8s.io/cri-api"),
			"grpc":     moduleVersion("google.golang.org/grpc"),
		},
		Runtime: runtimeAbout{
			Name:         t.conn.Version.GetRuntimeName(),
			Version:      t.conn.Version.GetRuntimeVersion(),
			APIVersion:   t.conn.Version.GetRuntimeApiVersion(),
			CgroupDriver: string(t.conn.CgroupDriver),
			Daemon:       t.daemon,
		},
		Collectors: traits(p),
		Host:       h,
		Preflight:  host.Preflight(h),
	}
	if t.managed != nil {
		a.Runtime.Managed = &t.managed.State
		config, err := os.ReadFile(t.managed.State.Config)
		if err != nil {
			return about{}, fmt.Errorf("read the private runtime's config: %w", err)
		}
		a.Runtime.Config = string(config)
	}
	if ok, reasons := host.Publishable(a.Preflight); !ok {
		a.NotForPublication = reasons
	}
	return a, nil
}
