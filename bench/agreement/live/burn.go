package live

import (
	"context"
	"sync"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// burnTime is how long one exec of a burner lasts before the next one follows. The
// runtime ends it, so what a check that was killed leaves behind is over by then.
const burnTime = 5 * time.Second

// A burn makes containers burn CPU time while calls go on: a second process in each
// cgroup, started by execs, since the counter of a container that sleeps is no clock.
type burn struct {
	s    *session
	stop chan struct{}
	done sync.WaitGroup
}

// startBurn begins to burn in the containers of the Config.
func startBurn(ctx context.Context, s *session) *burn {
	b := &burn{s: s, stop: make(chan struct{})}
	for _, id := range s.BurnContainers {
		b.done.Go(func() { b.keepOn(ctx, id) })
	}
	return b
}

// keepOn burns in one container until the burn is ended. Where a container cannot be
// made to burn, it is no clock, and the report counts one fewer.
func (b *burn) keepOn(ctx context.Context, container string) {
	for {
		select {
		case <-b.stop:
			return
		case <-ctx.Done():
			return
		default:
		}
		began := time.Now()
		bounded, cancel := context.WithTimeout(ctx, burnTime+b.s.Timeout)
		// The command is not to end by itself, so there is an error always.
		_, _ = b.s.Client.ExecSync(bounded, &runtimev1.ExecSyncRequest{
			ContainerId: container, Cmd: b.s.BurnCommand, Timeout: int64(burnTime / time.Second),
		})
		cancel()
		if time.Since(began) < burnTime/2 {
			return // it cannot be done here
		}
	}
}

// end returns when nothing burns any more.
func (b *burn) end() {
	close(b.stop)
	b.done.Wait()
}
