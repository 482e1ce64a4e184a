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
	for _, id := range s.CacheContainers {
		b.done.Go(func() { b.exec(ctx, id, s.CacheCommand, s.Duration) })
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
		b.exec(ctx, container, b.s.BurnCommand, burnTime)
		if time.Since(began) < burnTime/2 {
			return // it cannot be done here
		}
	}
}

// exec runs a command for so long that is not to end by itself, so that there is an error
// always.
func (b *burn) exec(ctx context.Context, container string, command []string, length time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, length+b.s.Timeout)
	defer cancel()
	_, _ = b.s.Client.ExecSync(ctx, &runtimev1.ExecSyncRequest{ContainerId: container, Cmd: command, Timeout: int64((length + time.Second - 1) / time.Second)})
}

// end returns when nothing burns any more.
func (b *burn) end() {
	close(b.stop)
	b.done.Wait()
}
