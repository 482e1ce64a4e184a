//go:build !linux

package cadvisor

import (
	"context"

	"cri-stats-bench/bench"
)

// OpenKubelet returns an *UnsupportedError: cAdvisor reads cgroups.
func OpenKubelet(context.Context, bench.Source) (bench.Collector, error) { return nil, errNotLinux() }

// OpenOneSecond returns an *UnsupportedError: cAdvisor reads cgroups.
func OpenOneSecond(context.Context, bench.Source) (bench.Collector, error) { return nil, errNotLinux() }

// OpenOnDemand returns an *UnsupportedError: cAdvisor reads cgroups.
func OpenOnDemand(context.Context, bench.Source) (bench.Collector, error) { return nil, errNotLinux() }

// OpenMetrics returns an *UnsupportedError: cAdvisor reads cgroups.
func OpenMetrics(context.Context, bench.Source) (bench.Collector, error) { return nil, errNotLinux() }

func errNotLinux() error { return &bench.UnsupportedError{What: "cAdvisor", Needs: "Linux"} }
