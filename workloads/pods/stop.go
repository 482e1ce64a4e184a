package pods

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Stop removes every sandbox of the run, its containers with it, their logs and
// their cgroups, and returns when the runtime no longer lists any.
func (w *Workload) Stop(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for round := 0; ; round++ {
		members, err := w.members(ctx, false)
		if err == nil {
			if len(members) == 0 {
				break
			}
			err = w.removeMembers(ctx, members, w.progress(len(members)))
		}
		if err = again(ctx, round, len(members), err); err != nil {
			return fmt.Errorf("stop run %s: %w", w.cfg.Run, err)
		}
	}
	if err := w.removeCgroups(ctx); err != nil {
		return fmt.Errorf("stop run %s: %w", w.cfg.Run, err)
	}
	return nil
}

// RemoveRun removes every sandbox of a run, which is to say of a dead one, and
// returns when the runtime no longer lists any. RemoveCgroups then removes what
// they lived in.
func RemoveRun(ctx context.Context, client runtimev1.RuntimeServiceClient, run string) error {
	if run == "" {
		return errors.New("remove run: no id")
	}
	for round := 0; ; round++ {
		sandboxes, err := listBounded(ctx, client, &runtimev1.PodSandboxFilter{LabelSelector: selector(run)})
		if err == nil {
			if len(sandboxes) == 0 {
				return nil
			}
			r := remover{client, defaultCallTimeout, 2 * runtime.NumCPU()}
			err = r.remove(ctx, sandboxes, func(*runtimev1.PodSandbox) error { return nil })
		}
		if err = again(ctx, round, len(sandboxes), err); err != nil {
			return fmt.Errorf("remove run %s: %w", run, err)
		}
	}
}

// maxRounds is how often removal is tried: a runtime may be busy with a sandbox
// that was being made.
const maxRounds = 5

// again decides after a round of removing n sandboxes, which had the error err,
// whether to look and remove once more: nil if so.
func again(ctx context.Context, round, n int, err error) error {
	switch {
	case err == nil && round == 0:
		return nil // the next look will most likely show nothing
	case round+1 >= maxRounds && n == 0: // they could not even be listed
		return fmt.Errorf("after %d attempts: %w", maxRounds, err)
	case round+1 >= maxRounds:
		return errors.Join(fmt.Errorf("%d pod sandboxes are still there after %d attempts", n, maxRounds), err)
	}
	if wait := sleep(ctx, time.Duration(round+1)*200*time.Millisecond); wait != nil {
		return errors.Join(wait, err)
	}
	return nil
}

// remove removes pods that Scale does not want, with all that is theirs.
func (w *Workload) remove(ctx context.Context, members []member, done func()) error {
	if len(members) == 0 {
		return nil
	}
	if err := w.removeMembers(ctx, members, done); err != nil {
		return err
	}
	return w.removeCgroups(ctx)
}

func (w *Workload) removeMembers(ctx context.Context, members []member, done func()) error {
	var sandboxes []*runtimev1.PodSandbox
	for _, m := range members {
		sandboxes = append(sandboxes, m.sandbox)
	}
	r := remover{w.client, w.cfg.CallTimeout, w.cfg.Parallel}
	return r.remove(ctx, sandboxes, func(s *runtimev1.PodSandbox) error {
		done()
		w.cgroups.add(s.GetMetadata().GetUid())
		return w.removeLogs(s)
	})
}

// podUID is the form of newUID's uids. Paths are built of uids that the runtime
// gives back; another's would be another's path.
var podUID = regexp.MustCompile(`^[0-9a-f]{32}$`)

func (w *Workload) removeLogs(s *runtimev1.PodSandbox) error {
	dir := w.logDir(s.GetMetadata().GetName(), s.GetMetadata().GetUid())
	if !podUID.MatchString(s.GetMetadata().GetUid()) || filepath.Dir(dir) != filepath.Clean(w.cfg.LogDir) {
		return nil
	}
	return removeLogDir(dir)
}

// cgroupWait is how long cgroups of removed pods may take to become empty.
const cgroupWait = 5 * time.Second

// removeCgroups removes the cgroups of pods that are no more, and the one above
// them if it is empty then.
func (w *Workload) removeCgroups(ctx context.Context) (err error) {
	uids := w.cgroups.take()
	if w.cfg.CgroupFS == "" {
		return nil
	}
	defer func() {
		if err != nil {
			w.cgroups.add(uids...) // for the next Stop
		}
	}()
	bounded, cancel := context.WithTimeout(ctx, cgroupWait)
	defer cancel()
	for {
		left, err := removePodCgroups(bounded, w.cfg.CgroupFS, w.cfg.CgroupDriver, uids)
		if err != nil || len(left) == 0 {
			return err
		}
		if err := sleep(bounded, pollInterval); err != nil {
			return fmt.Errorf("%d cgroups of removed pods are still in use, such as %s: %w", len(left), left[0], err)
		}
	}
}

// A uidSet has the uids of pods whose cgroups are to be removed: of those that
// were removed, and of those that could not be made, which no list of the runtime
// has.
type uidSet struct {
	mu   sync.Mutex
	uids []string
}

func (u *uidSet) add(uids ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, uid := range uids {
		if podUID.MatchString(uid) {
			u.uids = append(u.uids, uid)
		}
	}
}

func (u *uidSet) take() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	uids := u.uids
	u.uids = nil
	return uids
}

// maxErrors is how many pods' errors are told; hundreds mostly say the same.
const maxErrors = 3

// A remover removes sandboxes from a runtime, several at once.
type remover struct {
	client   runtimev1.RuntimeServiceClient
	timeout  time.Duration // of each call
	parallel int
}

// remove stops and removes all sandboxes, whatever becomes of one of them, and
// joins the errors. after is called for each that is gone.
func (r remover) remove(ctx context.Context, sandboxes []*runtimev1.PodSandbox, after func(*runtimev1.PodSandbox) error) error {
	var mu sync.Mutex
	var errs []error
	var g errgroup.Group
	g.SetLimit(r.parallel)
	failed := 0
	for _, s := range sandboxes {
		g.Go(func() error {
			err := r.removeOne(ctx, s)
			if err == nil {
				err = after(s)
			}
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				if failed++; failed <= maxErrors {
					errs = append(errs, fmt.Errorf("remove pod %s (%s): %w", s.GetMetadata().GetName(), s.GetId(), err))
				}
			}
			return nil
		})
	}
	_ = g.Wait() // its functions return no errors: one failure must not end the others
	if failed > maxErrors {
		errs = append(errs, fmt.Errorf("and %d more pods", failed-maxErrors))
	}
	return errors.Join(errs...)
}

// removeOne stops and removes a sandbox. The runtime ends and removes its
// containers with it (api.proto, RemovePodSandbox).
func (r remover) removeOne(ctx context.Context, s *runtimev1.PodSandbox) error {
	err := call(ctx, r.timeout, func(ctx context.Context) error {
		_, err := r.client.StopPodSandbox(ctx, &runtimev1.StopPodSandboxRequest{PodSandboxId: s.GetId()})
		return err
	})
	if err != nil {
		return fmt.Errorf("stop sandbox: %w", err)
	}
	err = call(ctx, r.timeout, func(ctx context.Context) error {
		_, err := r.client.RemovePodSandbox(ctx, &runtimev1.RemovePodSandboxRequest{PodSandboxId: s.GetId()})
		return err
	})
	if err != nil {
		return fmt.Errorf("remove sandbox: %w", err)
	}
	return nil
}
