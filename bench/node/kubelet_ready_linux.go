package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cri-stats-bench/bench/kubeletconn"
)

const (
	// kubeletAnswer is how long the kubelet may take to answer.
	kubeletAnswer = 5 * time.Second
	// plegStale is how long ago the kubelet may have listed the pods of its runtime
	// last, which it does every second (PLEG): longer, and it has lost the runtime.
	plegStale = 20 * time.Second
	// kubeletLogLines of errors are shown when it is not ready.
	kubeletLogLines = 8
)

// How samples in /metrics begin: when the kubelet listed the pods of its runtime
// last, in seconds of Unix time, and whether the gate is on.
const (
	metricPLEG = "kubelet_pleg_last_seen_seconds "
	metricGate = `kubernetes_feature_enabled{name="PodAndContainerStatsFromCRI",`
)

// fallback is what a kubelet logs when the gate is on and the runtime cannot
// serve it (cmd/kubelet/app/server.go). kubelet_metrics_provider says "cri" then
// all the same.
const fallback = "falling back to cadvisor stats"

// ErrGate says that a kubelet runs with another provider than its config asks for.
var ErrGate = errors.New("the kubelet does not follow the gate PodAndContainerStatsFromCRI")

// WaitReady waits until the kubelet serves, has listed the pods of its runtime, and
// names the provider that its config asks for; ErrGate if it names another. The
// other errors have the lines of its log that say why.
func (k *Kubelet) WaitReady(ctx context.Context) error {
	s := k.node.State.Kubelet
	ticker := time.NewTicker(readyInterval)
	defer ticker.Stop()
	var problem string
	for {
		status, err := k.Status(ctx)
		if err != nil {
			return err
		}
		if status.Ready {
			return k.checkGate(status.Provider)
		}
		if !status.Running {
			return fmt.Errorf("start %s: %w; %s", s.Argv[0], errEnded, k.why())
		}
		// That time is up says less than what was the matter before.
		if problem == "" || ctx.Err() == nil {
			problem = status.Problem
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %s; %s", s.Argv[0], ctx.Err(), problem, k.why())
		case <-ticker.C:
		}
	}
}

// Provider returns who makes the stats of pods, as the kubelet says: "cri" or
// "cadvisor". A kubelet that is not ready is an error, and so is one that does not
// follow its config (ErrGate).
func (k *Kubelet) Provider(ctx context.Context) (string, error) {
	status, err := k.Status(ctx)
	if err != nil {
		return "", err
	}
	if !status.Ready {
		return "", fmt.Errorf("ask the kubelet at %s for its provider: %s; %s", k.node.State.Kubelet.Endpoint, status.Problem, k.why())
	}
	return status.Provider, k.checkGate(status.Provider)
}

// checkGate says where the provider in force is not the one of the config.
func (k *Kubelet) checkGate(provider string) error {
	s := k.node.State.Kubelet
	want := "cadvisor"
	if s.StatsFromCRI {
		want = "cri"
	}
	if provider != want {
		return fmt.Errorf("%w: its provider is %q, its config asks for %q", ErrGate, provider, want)
	}
	if !s.StatsFromCRI {
		return nil
	}
	log, err := readLog(s.Log, s.LogStart)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, fallback) {
			return fmt.Errorf("%w: %s", ErrGate, strings.TrimSpace(line))
		}
	}
	return nil
}

// Status says how the kubelet is now. One that does not run or does not answer is
// no error: Problem says so.
func (k *Kubelet) Status(ctx context.Context) (KubeletStatus, error) {
	s := &k.node.State
	var st KubeletStatus
	running, err := s.Kubelet.running(s.BootID)
	if err != nil {
		return st, err
	}
	if st.Running = running; !running {
		st.Problem = "the kubelet does not run"
		return st, nil
	}
	if running, err = s.running(s.BootID); err != nil {
		return st, err
	} else if !running {
		st.Problem = "its runtime does not run"
		return st, nil
	}
	ctx, cancel := context.WithTimeout(ctx, kubeletAnswer)
	defer cancel()
	provider, err := s.Kubelet.ask(ctx)
	st.Provider = provider
	if err != nil {
		st.Problem = err.Error()
		return st, nil
	}
	st.Ready = true
	return st, nil
}

// ask asks the kubelet for its provider and whether it is well.
func (k *KubeletState) ask(ctx context.Context) (provider string, err error) {
	conn, err := kubeletconn.New(k.Serves())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.Ready(ctx); err != nil {
		return "", err
	}
	metrics, err := conn.Get(ctx, "/metrics", kubeletconn.TextFormat, nil)
	if err != nil {
		return "", err
	}
	return judge(metrics, time.Now())
}

// judge takes from the text of /metrics who the provider is, and whether the
// kubelet has listed the pods of its runtime lately:
//
//	kubelet_metrics_provider{provider="cri"} 1
//	kubelet_pleg_last_seen_seconds 1.7636e+09
//	kubernetes_feature_enabled{name="PodAndContainerStatsFromCRI",stage="BETA"} 1
//
// /healthz does not tell that a runtime was lost.
//
// The last line counts where there is no first one: the kubelet's server sets that
// while its other half registers it, and what is set before is dropped
// (cmd/kubelet/app/server.go, startKubelet: two goroutines). On CRI-O, 1.37.2 was
// seen to start without it ten times in a row. Both follow the same gate.
func judge(metrics []byte, now time.Time) (provider string, err error) {
	status, err := kubeletconn.ParseStatus(metrics)
	if err != nil {
		return "", err
	}
	if provider = status.Provider; provider == "" {
		switch gate, found := sample(metrics, metricGate); {
		case found && gate == "1":
			provider = "cri"
		case found && gate == "0":
			provider = "cadvisor"
		default:
			return "", errors.New("it names no provider of stats in kubelet_metrics_provider, and no gate in kubernetes_feature_enabled")
		}
	}
	text, found := sample(metrics, metricPLEG)
	if !found {
		text = "0"
	}
	seen, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return provider, fmt.Errorf("read %s: %w", strings.TrimSpace(metricPLEG), err)
	}
	if seen == 0 {
		return provider, errors.New("it has not listed the pods of its runtime yet")
	}
	if age := float64(now.Unix()) - seen; !(age < plegStale.Seconds()) {
		return provider, fmt.Errorf("it has not listed the pods of its runtime for %.0f s", age)
	}
	return provider, nil
}

// sample returns the value of the first sample whose line begins so.
func sample(metrics []byte, begins string) (value string, found bool) {
	for line := range bytes.Lines(metrics) {
		if bytes.HasPrefix(line, []byte(begins)) {
			line = bytes.TrimSpace(line)
			return string(line[bytes.LastIndexByte(line, ' ')+1:]), true
		}
	}
	return "", false
}
