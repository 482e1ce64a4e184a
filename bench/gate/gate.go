// Package gate holds the treatments of the kubelet experiment: it puts the
// kubelet's feature gate PodAndContainerStatsFromCRI off or on, by configuration
// and restart, and asks the kubelet which of the two is in force.
//
//	Managed    a kubelet that the harness started itself (package node)
//	Existing   a kubelet of somebody else: config files and a restart command
//	Untouched  a kubelet that is left alone: the mode that it is in is measured
//
// The Runner applies them through bench.Treatment. That a kubelet was restarted
// with a gate is not believed here: what counts is what it says of itself.
//
// It changes nothing on a node without having written down before how to change
// it back.
package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/kubeletconn"
)

// Feature is the name of the gate.
const Feature = "PodAndContainerStatsFromCRI"

// on says what a treatment asks of the gate.
func on(treatment string) (bool, error) {
	switch treatment {
	case bench.GateOn:
		return true, nil
	case bench.GateOff:
		return false, nil
	}
	return false, fmt.Errorf("unknown treatment %q; there are %s and %s", treatment, bench.GateOff, bench.GateOn)
}

// Untouched is the treatment of a kubelet that is left as it is.
type Untouched struct{ Kubelet bench.Kubelet }

var _ bench.Treatment = Untouched{}

// Apply refuses: nothing may be changed.
func (u Untouched) Apply(_ context.Context, name string) error {
	return fmt.Errorf("put the kubelet at %s into %s: the plan names no way to restart it", u.Kubelet.Endpoint, name)
}

// Revert has nothing to revert.
func (Untouched) Revert(context.Context) error { return nil }

// Observe asks the kubelet which gate is in force.
func (u Untouched) Observe(ctx context.Context) (bench.Condition, error) {
	conn, err := kubeletconn.New(u.Kubelet)
	if err != nil {
		return bench.Condition{}, err
	}
	defer conn.Close()
	status, err := conn.Status(ctx)
	if err != nil {
		return bench.Condition{}, err
	}
	c := bench.Condition{Operations: status.Operations}
	switch status.Provider {
	case "cri":
		c.State = bench.GateOn
	case "cadvisor":
		c.State = bench.GateOff
	case "":
		c.State, err = configured(ctx, conn)
	}
	return c, err
}

// configured is which gate a kubelet that names no provider is configured with.
// Those are older than 1.37, and the gate is off there unless it is put on.
func configured(ctx context.Context, conn *kubeletconn.Conn) (string, error) {
	config, err := conn.Config(ctx)
	switch {
	case err != nil:
		return "", fmt.Errorf("the kubelet has no kubelet_metrics_provider; %w", err)
	case config.FeatureGates[Feature]:
		return bench.GateOn, nil
	}
	return bench.GateOff, nil
}

// pollInterval is how often a kubelet that has been restarted is asked whether it
// is there.
const pollInterval = 200 * time.Millisecond

// await returns when the kubelet is healthy and says that the wanted gate is in
// force. The error says what the last answer was.
func (u Untouched) await(ctx context.Context, want string) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		problem := u.inForce(ctx, want)
		if problem == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the kubelet at %s: %w", u.Kubelet.Endpoint, errors.Join(context.Cause(ctx), problem))
		case <-ticker.C:
		}
	}
}

// inForce returns why the kubelet does not work with the wanted gate; any gate
// will do where none is wanted.
func (u Untouched) inForce(ctx context.Context, want string) error {
	conn, err := kubeletconn.New(u.Kubelet)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Ready(ctx); err != nil || want == "" {
		return err
	}
	c, err := u.Observe(ctx)
	if err == nil && c.State != want {
		err = fmt.Errorf("it says that %s is in force, not %s", c.State, want)
	}
	return err
}
