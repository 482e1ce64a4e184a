package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/meter"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/variant"
)

// wantTreatments refuses treatments of a runtime that is not ours to restart.
func (f *runFlags) wantTreatments(p *plan.Plan) error {
	if len(p.Treatments) == 0 {
		return nil
	}
	if f.existing() != "" {
		return usage("the plan restarts the runtime as %d treatments: that takes a private one, leave out --runtime-endpoint (and CONTAINER_RUNTIME_ENDPOINT)", len(p.Treatments))
	}
	f.debug = true
	var err error
	f.variants, err = variants(p.Treatments, f.runtime)
	return err
}

// variants are the treatments of a plan as the node takes them.
func variants(treatments []plan.Treatment, daemon string) ([]node.Variant, error) {
	out := make([]node.Variant, len(treatments))
	for i, t := range treatments {
		out[i] = node.Variant{Name: t.Name, Programs: t.Programs, Config: t.Config, Env: t.Env}
		if !t.Version() {
			if t.Programs == "" {
				continue
			}
			if _, err := os.Stat(t.Programs); err != nil {
				return nil, usage("programs of treatment %s: %w", t.Name, err)
			}
			continue
		}
		bin, err := node.DefaultBinDir(os.Getenv)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(daemon, "-distribution")
		found, err := filepath.Glob(filepath.Join(filepath.Dir(bin), fmt.Sprintf("%s-%s-%s-*", name, t.Programs, runtime.GOARCH)))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, usage("programs of treatment %s: %s %s is not in %s: build it with scripts/node/build.sh %[2]s %[3]s", t.Name, name, t.Programs, filepath.Dir(bin))
		}
		out[i].Programs = found[len(found)-1]
	}
	return out, nil
}

// treatRuntime is the treatment of a private runtime, nil where the plan has none. empty
// removes the pods of the run.
func (t *target) treatRuntime(variants []node.Variant, workload bench.Workload) bench.Treatment {
	if len(variants) == 0 {
		return nil
	}
	return &variant.Managed{
		Runtime: t.managed, Variants: variants, Empty: workload.Stop, Debug: t.managed.State.Debug,
		CPU: func() (time.Duration, error) { return meter.ProcessClock(t.managed.State.PID) },
	}
}

// pid is the process of the runtime's daemon, which changes where treatments restart it.
func (t *target) pid() (int, error) {
	if t.managed != nil {
		return t.managed.State.PID, nil
	}
	return t.daemon.PID, nil
}
