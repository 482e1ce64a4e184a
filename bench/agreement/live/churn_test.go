package live_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement/live"
	"cri-stats-bench/bench/criconn/fakecri"
)

// churn makes and removes pods and containers of a node whenever it is called: now
// and then one, at any moment of an observation.
type churn struct {
	t    testing.TB
	n    *node
	rng  *rand.Rand
	made []string // sandboxes that it may remove
	done int
}

func (c *churn) turn() {
	ctx := c.t.Context()
	switch r := c.rng.Float64(); {
	case r < 0.10:
		c.made = append(c.made, c.n.run(c.t, []string{"burn", "--cpu", "0.05"}))
	case r < 0.20 && len(c.made) > 0:
		i := c.rng.IntN(len(c.made))
		if _, err := c.n.conn.Runtime.StopPodSandbox(ctx, &runtimev1.StopPodSandboxRequest{PodSandboxId: c.made[i]}); err != nil {
			c.t.Fatal(err)
		}
		if c.rng.IntN(2) == 0 { // others stay as exited ones
			if _, err := c.n.conn.Runtime.RemovePodSandbox(ctx, &runtimev1.RemovePodSandboxRequest{PodSandboxId: c.made[i]}); err != nil {
				c.t.Fatal(err)
			}
		}
		c.made = append(c.made[:i], c.made[i+1:]...)
	case r < 0.25 && len(c.made) > 0: // a second container, in a pod that runs
		c.n.start(c.t, c.made[c.rng.IntN(len(c.made))], fmt.Sprintf("more-%d", c.done), []string{"burn", "--cpu", "0.02"})
	default:
		return
	}
	c.done++
}

// A turningCollector lets the population change before each reading.
type turningCollector struct {
	bench.Collector
	turn func()
}

func (c turningCollector) Collect(ctx context.Context, b *bench.Batch) error {
	c.turn()
	return c.Collector.Collect(ctx, b)
}

// TestChurn verifies healthy nodes on which pods and containers come and go between
// every listing, reading and call.
func TestChurn(t *testing.T) {
	wrong, turns := 0, 0
	for seed := range uint64(*seeds) {
		n := newNode(t, seed, fakecri.Healthy)
		step := n.last
		c := &churn{t: t, n: n, rng: rand.New(rand.NewPCG(seed, 3))}
		report := n.verify(t, func(cfg *live.Config) {
			cfg.StepContainer = step
			cfg.Interval = time.Second
			cfg.Reference = func(context.Context, bench.Source) (bench.Collector, error) {
				return turningCollector{n.Direct(), c.turn}, nil
			}
		})
		turns += c.done
		if !only(report, fakecri.Healthy) {
			wrong++
			for _, f := range report.Findings {
				t.Logf("seed %d: %.250v", seed, f.String())
			}
		}
	}
	if 100*wrong > *seeds {
		t.Errorf("%d of %d runs found a defect", wrong, *seeds)
	}
	if turns < 20**seeds {
		t.Errorf("%d changes in %d runs: that is no churn", turns, *seeds)
	}
}
