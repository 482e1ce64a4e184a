package main

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

func TestMetrics(t *testing.T) {
	m, err := serveMetrics(t.Context(), "127.0.0.1:0", &plan.Plan{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	slot := bench.Slot{Cell: bench.Cell{Pods: 35}, Arm: bench.Arm{Name: "cri-pod-stats"}}
	m.observe(bench.Progress{Phase: bench.PhaseTrial, Slot: slot, Remaining: time.Minute})
	for _, trial := range []*bench.Trial{{}, {}, {Void: []bench.Void{{}}}, {Unsupported: "it is"}} {
		m.observe(bench.Progress{Phase: bench.PhaseDone, Slot: slot, Trial: trial, Remaining: time.Minute})
	}
	resp, err := http.Get("http://" + m.server.Addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`cri_stats_bench_trials_total{arm="cri-pod-stats",outcome="used"} 2`,
		`cri_stats_bench_trials_total{arm="cri-pod-stats",outcome="void"} 1`,
		`cri_stats_bench_trials_total{arm="cri-pod-stats",outcome="unsupported"} 1`,
		"cri_stats_bench_remaining_seconds 60", "cri_stats_bench_pods 35", `cri_stats_bench_plan_info{plan="test"} 1`,
	} {
		if !strings.Contains(string(body), want+"\n") {
			t.Errorf("metrics lack %s:\n%s", want, body)
		}
	}
	if err := m.close(); err != nil {
		t.Error(err)
	}
}

// Metrics are for whoever runs the benchmark, not for the network.
func TestMetricsLoopbackOnly(t *testing.T) {
	var usage statusError
	if _, err := serveMetrics(t.Context(), "0.0.0.0:0", &plan.Plan{}); !errors.As(err, &usage) || usage.status != exitUsage {
		t.Errorf("served on every address: %v", err)
	}
}
