package live

import (
	"context"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// A step makes one container hold more memory for a while: a second process in
// its cgroup, started by an exec that the runtime ends at its timeout.
type step struct {
	s       *session
	started time.Time
	holds   time.Duration
	done    chan struct{}
}

func newStep(s *session) *step { return &step{s: s} }

// start begins the step, once. It lasts for StepTime, or as long as it takes to call
// each source twice, so that all of them see it.
func (t *step) start(ctx context.Context, round time.Duration) {
	if t.done != nil || t.s.StepContainer == "" {
		return
	}
	t.holds = max(StepTime, 2*round).Round(time.Second)
	t.s.Progress("making a container hold more memory")
	t.started = t.s.Clock.Now()
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		ctx, cancel := context.WithTimeout(ctx, t.holds+t.s.Timeout)
		defer cancel()
		// The command is not to end by itself, so there is an error always; whether
		// there was a step shows in the cgroup files.
		_, _ = t.s.Client.ExecSync(ctx, &runtimev1.ExecSyncRequest{
			ContainerId: t.s.StepContainer, Cmd: t.s.StepCommand, Timeout: int64(t.holds / time.Second),
		})
	}()
}

// wait waits for the end of the step's process.
func (t *step) wait() {
	if t.done != nil {
		<-t.done
	}
}

// finish says when the step was in the cgroup files. Where it never was, there was
// none.
func (t *step) finish() {
	if t.done == nil {
		return
	}
	base, known := 0.0, false
	for _, o := range t.s.input.Observations {
		for _, d := range []agreement.Direct{o.DirectBefore, o.DirectAfter} {
			v, at, ok := workingSet(d, t.s.StepContainer)
			switch {
			case !ok:
			case at < t.started.UnixNano():
				base, known = v, true
			case known && v >= base+StepBytes/2:
				t.s.input.Steps = append(t.s.input.Steps, agreement.Step{
					Container: t.s.StepContainer, Bytes: StepBytes, Seen: time.Unix(0, at), Ended: t.started.Add(t.holds),
				})
				return
			}
		}
	}
}

func workingSet(d agreement.Direct, container string) (v float64, at int64, ok bool) {
	if d == nil {
		return 0, 0, false
	}
	for i := range d.Samples {
		sample := &d.Samples[i]
		if d.Entities[sample.Entity].Container == container && sample.Metric.Name == bench.MemoryWorkingSet.Name {
			return sample.Value, sample.At, true
		}
	}
	return 0, 0, false
}
