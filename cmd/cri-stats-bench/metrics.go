package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

// runMetrics are what a running benchmark says of itself. A scrape costs CPU on
// the node that is measured; the harness's own share is metered.
type runMetrics struct {
	server    *http.Server
	trials    *prometheus.CounterVec
	remaining prometheus.Gauge
	pods      prometheus.Gauge
}

// serveMetrics serves Prometheus metrics on a loopback address until close, or
// nothing if addr is empty.
func serveMetrics(ctx context.Context, addr string, p *plan.Plan) (*runMetrics, error) {
	m := &runMetrics{
		trials: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cri_stats_bench_trials_total", Help: "Trials run, by arm and by what became of them.",
		}, []string{"arm", "outcome"}),
		remaining: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cri_stats_bench_remaining_seconds", Help: "Estimate of the time that is left.",
		}),
		pods: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cri_stats_bench_pods", Help: "Pods that the current cell asks for.",
		}),
	}
	if addr == "" {
		return m, nil
	}
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil || !tcp.IP.IsLoopback() {
		return nil, usage("--metrics-addr %s: give a loopback address such as 127.0.0.1:9099", addr)
	}
	registry := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "cri_stats_bench_plan_info", Help: "The plan under way.", ConstLabels: prometheus.Labels{"plan": p.Name},
	})
	info.Set(1)
	registry.MustRegister(m.trials, m.remaining, m.pods, info)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	m.server = &http.Server{Addr: listener.Addr().String(), Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = m.server.Serve(listener) }() // ends with close; nothing depends on it
	return m, nil
}

// observe takes in what the Runner tells.
func (m *runMetrics) observe(p bench.Progress) {
	m.remaining.Set(p.Remaining.Seconds())
	m.pods.Set(float64(p.Slot.Cell.Pods))
	if p.Phase != bench.PhaseDone {
		return
	}
	outcome := "used"
	switch {
	case p.Trial.Unsupported != "":
		outcome = "unsupported"
	case len(p.Trial.Void) > 0:
		outcome = "void"
	}
	m.trials.WithLabelValues(p.Slot.Arm.Name, outcome).Inc()
}

func (m *runMetrics) close() error {
	if m.server == nil {
		return nil
	}
	if err := m.server.Close(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("stop serving metrics: %w", err)
	}
	return nil
}
