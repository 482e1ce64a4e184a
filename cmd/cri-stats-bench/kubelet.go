package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/gate"
	"cri-stats-bench/bench/kubeletconn"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/bench/plan"
)

// A kubeletTarget is the kubelet that is measured, and what can be done to it.
type kubeletTarget struct {
	serves    bench.Kubelet
	treatment bench.Treatment
	// manifests is its folder of static pods, podsCgroup what all pods live under.
	manifests, podsCgroup string
	// pid changes with each restart.
	pid func() (int, error)
	// why says what its log complains of; nil where there is no log to be read.
	why func() string
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
	case p.Experiment != plan.Kubelet:
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
		pid: func() (int, error) { return k.State().PID, nil },
		why: func() string {
			ctx, cancel := context.WithTimeout(context.Background(), whyTimeout)
			defer cancel()
			if _, err := k.Provider(ctx); err != nil {
				return err.Error()
			}
			return "the kubelet itself is well; its log is " + s.Log
		},
	}
}

// whyTimeout is how long a kubelet may take to say what is wrong with it.
const whyTimeout = 5 * time.Second

// existingKubelet is the kubelet of this node, as a plan describes it.
func existingKubelet(p *plan.ExistingKubelet, driver criconn.CgroupDriver) (*kubeletTarget, error) {
	untouched := gate.Untouched{Kubelet: bench.Kubelet{Endpoint: p.Endpoint, CAFile: p.CAFile, TokenFile: p.TokenFile}}
	k := &kubeletTarget{
		serves: untouched.Kubelet, treatment: untouched,
		manifests: p.StaticPods, podsCgroup: "/kubepods", config: p.ConfigPath,
		pid: func() (int, error) {
			d, err := node.DiscoverKubelet(p.Endpoint)
			if err != nil {
				return 0, err
			}
			return d.PID, nil
		},
	}
	if driver == criconn.Systemd {
		k.podsCgroup += ".slice"
	}
	if p.Untouched() {
		return k, nil
	}
	existing := &gate.Existing{Untouched: untouched, Path: p.ConfigPath, Off: p.ConfigOff, On: p.ConfigOn, Restart: p.Restart}
	err := existing.Check()
	if errors.Is(err, gate.ErrChanged) {
		return nil, statusError{exitUnfit, err}
	}
	k.treatment = existing
	return k, err
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
		a.Config = string(config)
	}
	return a, nil
}
