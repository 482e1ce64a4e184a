package fakecri

import (
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// A load is what a container does as long as it runs.
type load struct {
	cores float64 // CPUs it burns
	hold  uint64  // bytes it holds
}

// What every container burns and holds besides, and what a pause container does.
// An idle counter that stood still could not be told from a frozen one.
const (
	idleCores    = 0.001
	idleBytes    = 1 << 20
	pauseCores   = 0.0002
	pauseBytes   = 256 << 10
	startCPU     = 15 * time.Millisecond // burned by the time a container runs
	waveFraction = 0.02                  // how far memory swings
	wavePeriod   = time.Minute
	limitBytes   = 1 << 30 // what a container could have at most
)

// loadOf reads the load from the arguments of the benchmark image's program:
// --cpu CORES and --hold BYTES. What it cannot read is idle.
func loadOf(args []string) load {
	l := load{cores: idleCores}
	for i, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		switch name {
		case "--cpu":
			if cores, err := strconv.ParseFloat(value, 64); err == nil && cores >= 0 {
				l.cores += cores
			}
		case "--hold":
			if n, err := strconv.ParseUint(value, 10, 63); err == nil {
				l.hold = n
			}
		}
	}
	return l
}

// A usage is what one container, or the cgroup of a whole pod, has used at an
// instant.
type usage struct {
	at         time.Time
	cpu        time.Duration // since it was made
	cores      float64       // rate of cpu
	workingSet uint64        // bytes, as all below
	cache      uint64
	rss        uint64
	available  uint64
	faults     uint64 // page faults since it was made
	layer      uint64 // writable layer
	inodes     uint64
	processes  uint64
	stalled    time.Duration // PSI total, some
}

// A containerReading is one running container at an instant.
type containerReading struct {
	container
	usage
}

// A podReading is one ready pod at an instant: what answers are built from. Its
// own usage is the sum of the pause container and the containers that run.
type podReading struct {
	pod
	usage
	network    *networkReading // nil for pods in the node's network
	containers []containerReading
}

// A networkReading has the counters of a pod's only interface.
type networkReading struct {
	rxBytes, rxPackets, txBytes, txPackets uint64
}

// read takes the readings of all ready pods as they were so long ago, or, where
// they began since, as they began.
func (s *state) read(ago time.Duration) []podReading {
	now := s.now().Add(-ago)
	running := make(map[string][]containerReading)
	for _, c := range s.listContainers() {
		if c.state == runtimev1.ContainerState_CONTAINER_RUNNING {
			running[c.pod] = append(running[c.pod], containerReading{c, c.usageAt(now)})
		}
	}
	var pods []podReading
	for _, p := range s.listPods() {
		if !p.ready {
			continue
		}
		r := podReading{pod: p, containers: running[p.id]}
		r.usage = usageOf(p.id, load{pauseCores, 0}, pauseBytes, now.Sub(p.created), now)
		for _, c := range r.containers {
			r.usage = r.usage.plus(c.usage)
		}
		if p.config.GetLinux().GetSecurityContext().GetNamespaceOptions().GetNetwork() != runtimev1.NamespaceMode_NODE {
			r.network = networkAt(now.Sub(p.created))
		}
		pods = append(pods, r)
	}
	return pods
}

func (c container) usageAt(now time.Time) usage {
	l := c.load
	for _, s := range c.stays {
		if !now.Before(s.from) && now.Before(s.to) {
			l.hold += s.bytes
		}
	}
	return usageOf(c.id, l, idleBytes, now.Sub(c.started), now)
}

// usageOf computes the usage after a load ran for the time age. The id only sets
// where in its wave the memory is.
func usageOf(id string, l load, base uint64, age time.Duration, now time.Time) usage {
	age = max(age, 0)
	h := fnv.New32a()
	h.Write([]byte(id)) // never fails (hash.Hash)
	phase := 2 * math.Pi * (float64(h.Sum32())/math.MaxUint32 + age.Seconds()/wavePeriod.Seconds())
	rss := base + l.hold
	rss += uint64(waveFraction * float64(base) * (1 + math.Sin(phase)))
	cache := base / 4
	return usage{
		at:         now,
		cpu:        startCPU + time.Duration(l.cores*float64(age)),
		cores:      l.cores,
		workingSet: rss + cache/2,
		cache:      cache,
		rss:        rss,
		available:  limitBytes - min(limitBytes, rss+cache/2),
		faults:     500 + uint64(age.Seconds()*(1+100*l.cores)),
		layer:      32 << 10,
		inodes:     8,
		processes:  1,
		stalled:    time.Duration(l.cores * float64(age) / 100),
	}
}

func (u usage) plus(v usage) usage {
	u.cpu += v.cpu
	u.cores += v.cores
	u.workingSet += v.workingSet
	u.cache += v.cache
	u.rss += v.rss
	u.available = min(u.available, v.available)
	u.faults += v.faults
	u.layer += v.layer
	u.inodes += v.inodes
	u.processes += v.processes
	u.stalled += v.stalled
	return u
}

func networkAt(age time.Duration) *networkReading {
	packets := uint64(max(age, 0).Seconds() * 2)
	return &networkReading{rxBytes: 90 * packets, rxPackets: packets, txBytes: 70 * packets, txPackets: packets}
}
