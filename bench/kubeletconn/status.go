package kubeletconn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"cri-stats-bench/bench"
)

// A Status is what a kubelet says of itself on /metrics.
type Status struct {
	// Provider is who makes the stats of pods, "cadvisor" or "cri"; empty of a
	// kubelet that does not say (before 1.37).
	Provider string
	// Version is its build's: "v1.37.2".
	Version string
	// Operations are its calls to the runtime, by operation ("list_podsandbox_stats").
	Operations map[string]bench.Operation
}

// TextFormat is what Prometheus asks for where there are no native histograms.
const TextFormat = "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

// Status reads /metrics.
func (c *Conn) Status(ctx context.Context) (Status, error) {
	data, err := c.Get(ctx, "/metrics", TextFormat, nil)
	if err != nil {
		return Status{}, err
	}
	s, err := ParseStatus(data)
	if err != nil {
		return Status{}, fmt.Errorf("read /metrics of the kubelet at %s: %w", c.endpoint.Host, err)
	}
	return s, nil
}

// ParseStatus reads the text of /metrics, of which it looks at
//
//	kubelet_metrics_provider{provider="cadvisor"} 1
//	kubelet_runtime_operations_duration_seconds_sum{operation_type="list_containers"} 0.75
//	kubelet_runtime_operations_duration_seconds_count{operation_type="list_containers"} 301
//	kubelet_runtime_operations_errors_total{operation_type="container_status"} 1
//	kubernetes_build_info{…,git_version="v1.37.2",…} 1
//
// See pkg/kubelet/metrics/metrics.go and pkg/kubelet/server/metrics/metrics.go.
func ParseStatus(data []byte) (Status, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		return Status{}, err
	}
	s := Status{Operations: make(map[string]bench.Operation)}
	each := func(family, label string, do func(value string, m *dto.Metric)) {
		for _, m := range families[family].GetMetric() {
			do(labelOf(m, label), m)
		}
	}
	each("kubelet_metrics_provider", "provider", func(provider string, m *dto.Metric) {
		if m.GetGauge().GetValue() == 1 {
			s.Provider = provider
		}
	})
	each("kubernetes_build_info", "git_version", func(version string, _ *dto.Metric) { s.Version = version })
	each("kubelet_runtime_operations_duration_seconds", "operation_type", func(name string, m *dto.Metric) {
		h := m.GetHistogram()
		s.Operations[name] = bench.Operation{Count: int(h.GetSampleCount()), Seconds: h.GetSampleSum()}
	})
	each("kubelet_runtime_operations_errors_total", "operation_type", func(name string, m *dto.Metric) {
		o := s.Operations[name]
		o.Errors = int(m.GetCounter().GetValue())
		s.Operations[name] = o
	})
	return s, nil
}

func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// A Config is the part of a kubelet's configuration that experiments ask for.
type Config struct {
	// FeatureGates are those that the configuration names; of others the default
	// holds.
	FeatureGates  map[string]bool `json:"featureGates"`
	StaticPodPath string          `json:"staticPodPath"`
	CgroupRoot    string          `json:"cgroupRoot"`
	MaxPods       int             `json:"maxPods"`
}

// Config reads /configz, which is the configuration in force:
//
//	{"kubeletconfig":{"staticPodPath":"/etc/kubernetes/manifests","featureGates":{…},…}}
func (c *Conn) Config(ctx context.Context) (Config, error) {
	data, err := c.Get(ctx, "/configz", "application/json", nil)
	if err != nil {
		return Config{}, err
	}
	config, err := parseConfig(data)
	if err != nil {
		return Config{}, fmt.Errorf("read /configz of the kubelet at %s: %w", c.endpoint.Host, err)
	}
	return config, nil
}

func parseConfig(data []byte) (Config, error) {
	var answer struct {
		Kubelet *Config `json:"kubeletconfig"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return Config{}, err
	}
	if answer.Kubelet == nil {
		return Config{}, errors.New("it has no kubeletconfig")
	}
	return *answer.Kubelet, nil
}

// Ready asks /healthz.
func (c *Conn) Ready(ctx context.Context) error {
	answer, err := c.Get(ctx, "/healthz", "", nil)
	if err == nil && strings.TrimSpace(string(answer)) != "ok" {
		err = fmt.Errorf("get /healthz from the kubelet at %s: %q", c.endpoint.Host, answer)
	}
	return err
}
