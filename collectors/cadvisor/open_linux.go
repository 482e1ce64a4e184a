package cadvisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	// The handlers of containers and the filesystems that the kubelet registers.
	_ "github.com/google/cadvisor/lib/container/containerd/install"
	_ "github.com/google/cadvisor/lib/container/crio/install"
	_ "github.com/google/cadvisor/lib/container/systemd/install"
	_ "github.com/google/cadvisor/lib/fs/btrfs/install"
	_ "github.com/google/cadvisor/lib/fs/nfs/install"
	_ "github.com/google/cadvisor/lib/fs/overlay/install"
	_ "github.com/google/cadvisor/lib/fs/tmpfs/install"
	_ "github.com/google/cadvisor/lib/fs/vfs/install"
	_ "github.com/google/cadvisor/lib/fs/zfs/install"

	"github.com/google/cadvisor/lib/cache/memory"
	"github.com/google/cadvisor/lib/container"
	"github.com/google/cadvisor/lib/manager"
	"github.com/google/cadvisor/lib/model"
	"github.com/google/cadvisor/lib/utils/sysfs"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/collectors/internal/podcgroup"
)

// OpenKubelet opens a collector that asks for what cAdvisor has in its cache, as
// the kubelet's summary does, with the kubelet's settings. Its Bytes are 0.
func OpenKubelet(ctx context.Context, s bench.Source) (bench.Collector, error) {
	return openSummary(ctx, s, kubeletSettings(), summaryRequest())
}

// OpenOneSecond is OpenKubelet with readings every 1 to 2 s, cAdvisor's own
// default, also of containers in which nothing changes.
func OpenOneSecond(ctx context.Context, s bench.Source) (bench.Collector, error) {
	set := kubeletSettings()
	set.housekeeping, set.longest, set.dynamic = time.Second, time.Second, false
	return openSummary(ctx, s, set, summaryRequest())
}

// OpenOnDemand is OpenKubelet with a reading of every cgroup in every call and
// none between calls. The rate of CPU is then over the time between two calls.
func OpenOnDemand(ctx context.Context, s bench.Source) (bench.Collector, error) {
	set := settings{housekeeping: never, longest: never, global: never, machine: never}
	request := summaryRequest()
	request.MaxAge = new(time.Duration) // nothing in the cache is young enough
	return openSummary(ctx, s, set, request)
}

func openSummary(ctx context.Context, s bench.Source, set settings, request model.RequestOptions) (bench.Collector, error) {
	subject, err := start(ctx, s, set)
	if err != nil {
		return nil, err
	}
	return &summary{subject: subject, request: request}, nil
}

// A subject is a cAdvisor that runs in this process and has read all containers
// of ours.
type subject struct {
	manager    manager.Manager
	population *population
	// pressure says whether pressure is measured here: cAdvisor has zeros for it
	// where it is not.
	pressure bool
}

// start starts cAdvisor and waits until it has read every container of s.Pods. It
// returns an *UnsupportedError where cAdvisor cannot know the runtime.
func start(ctx context.Context, s bench.Source, set settings) (_ *subject, err error) {
	if s.CgroupParent == "" {
		return nil, errors.New("start cAdvisor: no cgroup parent is given")
	}
	index, err := podcgroup.NewIndex(s.Pods)
	if err != nil {
		return nil, err
	}
	if err := checkSocket(s); err != nil {
		return nil, err
	}
	quiet()
	if err := setFlags(set, s); err != nil {
		return nil, err
	}
	c := &subject{pressure: hasPressure(cgroupfs.Root)}
	// The list of factories belongs to the process; those of a manager before this
	// one would be asked first.
	container.ClearContainerHandlerFactories()
	c.manager, err = manager.New(memory.New(kubeletCache, nil), sysfs.NewRealSysFs(),
		manager.HousekeepingConfig{Interval: &set.longest, AllowDynamic: &set.dynamic},
		metricSet(c.pressure), []string{s.CgroupParent}, nil, "", 0)
	if err != nil {
		return nil, fmt.Errorf("make cAdvisor's manager: %w", err)
	}
	if err := c.manager.Start(); err != nil {
		return nil, fmt.Errorf("start cAdvisor's manager: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	infos, err := c.await(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := checkHandlers(s, index, infos); err != nil {
		return nil, err
	}
	var cgroups []string
	for cgroup := range infos {
		cgroups = append(cgroups, cgroup)
	}
	slices.Sort(cgroups)
	c.population = newPopulation(index, s.CgroupParent, cgroups)
	return c, nil
}

// stopTimeout is how long cAdvisor may take to stop. Where a container comes at that
// very moment it never does: its watcher waits until the event is taken, and Stop waits
// for the watcher (lib/manager, watchForNewContainers).
const stopTimeout = 5 * time.Second

// Close stops cAdvisor, except for what the package comment says, and what does not
// stop in time: both end with the process. It may be called twice.
func (c *subject) Close() error {
	stopped := make(chan error, 1)
	go func() { stopped <- c.manager.Stop() }()
	select {
	case err := <-stopped:
		if err != nil {
			return fmt.Errorf("stop cAdvisor's manager: %w", err)
		}
	case <-time.After(stopTimeout):
	}
	return nil
}

// cAdvisor finds what runs before Start returns, and reads each container for the
// first time right after.
const (
	patience = 30 * time.Second
	look     = 50 * time.Millisecond
)

// await waits until cAdvisor has a reading of every container of ours and returns
// all that it has.
func (c *subject) await(ctx context.Context, s bench.Source) (map[string]model.ContainerInfo, error) {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		infos, err := c.manager.GetContainerInfoV2("/", model.RequestOptions{IdType: model.TypeName, Count: 1, Recursive: true})
		missing := missingContainers(s.Pods, infos)
		if len(missing) == 0 {
			return infos, nil // err can only be about cgroups that are not ours
		}
		select {
		case <-ticker.C:
		case <-bounded.Done():
			if ctx.Err() != nil {
				return nil, fmt.Errorf("wait for cAdvisor: %w", ctx.Err())
			}
			return nil, errors.Join(fmt.Errorf("wait for cAdvisor: after %v it has not read %d containers: %s",
				patience, len(missing), strings.Join(missing, ", ")), err)
		}
	}
}

// missingContainers returns the ids of those of ours that have no reading.
func missingContainers(pods []bench.Pod, infos map[string]model.ContainerInfo) []string {
	read := make(map[string]bool, len(infos))
	for cgroup, info := range infos {
		if len(info.Stats) > 0 {
			read[podcgroup.ID(cgroup[strings.LastIndexByte(cgroup, '/')+1:])] = true
		}
	}
	var missing []string
	for _, pod := range pods {
		for _, id := range pod.Containers {
			if !read[id] {
				missing = append(missing, id)
			}
		}
	}
	return missing
}

// checkHandlers makes sure that cAdvisor reads the containers of ours as those of
// their runtime. Without a connection to the runtime it would read them as plain
// cgroups, see checkSocket.
func checkHandlers(s bench.Source, index *podcgroup.Index, infos map[string]model.ContainerInfo) error {
	namespace, known := map[string]string{containerdName: "containerd", crioName: "crio"}[s.Runtime]
	if !known {
		return nil
	}
	for cgroup, info := range infos {
		if kind, _, _ := index.Of(cgroup); kind == podcgroup.Container && info.Namespace != namespace {
			return fmt.Errorf("start cAdvisor: it reads %s as a plain cgroup, not as a container of %s: it has no connection to %s",
				cgroup, s.Runtime, s.Endpoint)
		}
	}
	return nil
}
