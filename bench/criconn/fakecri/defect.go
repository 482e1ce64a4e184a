package fakecri

import (
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A Defect is one way in which the stats that the server gives are wrong. Each is
// one that a runtime has shipped or that users complained of; package agreement
// must find it and call it by its name.
type Defect string

// The defects. All calls for stats and metrics have them, as far as they can: the
// metrics are in whole seconds in any case, and only a stream can break off.
const (
	Healthy       Defect = ""
	FrozenFirst   Defect = "frozen"          // each pod and container as in the first answer that had it
	Stale30       Defect = "stale"           // 30 s old, with honest timestamps
	Microseconds  Defect = "microseconds"    // CPU time in microseconds where nanoseconds belong
	WholeSeconds  Defect = "whole-seconds"   // CPU time cut to whole seconds
	TenthMissing  Defect = "tenth-missing"   // every tenth container is left out
	OneTwice      Defect = "one-twice"       // one container is in the answer twice
	Renamed       Defect = "renamed"         // stats call containers by another name than listings
	Zeros         Defect = "zeros"           // everything is 0
	ZeroRate      Defect = "zero-rate"       // the rate of CPU use is 0 in every third answer
	GoingBack     Defect = "going-back"      // each second answer has a tenth less in its counters
	DoubleMemory  Defect = "double-memory"   // the working set is counted twice
	NowOnOld      Defect = "now-on-old"      // 30 s old, with timestamps of now
	OnePodError   Defect = "one-pod-error"   // one pod cannot be read, and the call fails for it
	HalfThenError Defect = "half-then-error" // a stream ends in the middle, with an error
)

// Defects are all of them.
func Defects() []Defect {
	return []Defect{
		FrozenFirst, Stale30, Microseconds, WholeSeconds, TenthMissing, OneTwice, Renamed, Zeros, ZeroRate, GoingBack, DoubleMemory,
		NowOnOld, OnePodError, HalfThenError,
	}
}

// staleness is how old values are that are old.
const staleness = 30 * time.Second

// lag is how old the readings are that answers are made from.
func (s *Server) lag() time.Duration {
	if s.opts.Defect == Stale30 || s.opts.Defect == NowOnOld {
		return staleness
	}
	return 0
}

// refuse is the error of a pod that cannot be read.
func (s *Server) refuse(p podReading) error {
	if s.opts.Defect != OnePodError {
		return nil
	}
	pods := s.state.listPods() // newest first
	if len(pods) == 0 || p.id != pods[int(s.opts.Seed%uint64(len(pods)))].id {
		return nil
	}
	return status.Errorf(codes.Unknown, "sandbox %s: get usage nano cores: container not found", p.id)
}

// memory is what a server with defects remembers of its answers.
type memory struct {
	mu      sync.Mutex
	first   map[string]podReading       // by method and pod
	firstC  map[string]containerReading // by method and container
	answers map[string]int              // by method
}

// spoil puts the defect into the readings that method answers from.
func (s *Server) spoil(method string, pods []podReading) []podReading {
	if s.opts.Defect == Healthy {
		return pods
	}
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if s.memory.answers == nil {
		s.memory.first, s.memory.firstC = make(map[string]podReading), make(map[string]containerReading)
		s.memory.answers = make(map[string]int)
	}
	s.memory.answers[method]++
	i := int(s.opts.Seed % 10)
	for p := range pods {
		pod := &pods[p]
		s.spoilPod(method, pod)
		var kept []containerReading
		for _, c := range pod.containers {
			i++
			s.spoilContainer(method, &c)
			if s.opts.Defect == Renamed {
				c.config = proto.CloneOf(c.config)
				c.config.Metadata.Name += "-x"
			}
			if s.opts.Defect == TenthMissing && i%10 == 0 {
				continue
			}
			kept = append(kept, c)
		}
		pod.containers = kept
	}
	if s.opts.Defect == OneTwice && len(pods) > 0 {
		if pod := &pods[int(s.opts.Seed%uint64(len(pods)))]; len(pod.containers) > 0 {
			pod.containers = append(pod.containers, pod.containers[0])
		}
	}
	return pods
}

func (s *Server) spoilPod(method string, p *podReading) {
	if s.opts.Defect == FrozenFirst {
		first, ok := s.memory.first[method+p.id]
		if !ok {
			s.memory.first[method+p.id] = *p
			return
		}
		p.usage, p.network = first.usage, first.network
		return
	}
	p.usage = s.spoilUsage(method, p.usage)
	if p.network != nil && s.opts.Defect == GoingBack && s.memory.answers[method]%2 == 0 {
		n := *p.network
		n.rxBytes, n.rxPackets, n.txBytes, n.txPackets = tenthLess(n.rxBytes), tenthLess(n.rxPackets), tenthLess(n.txBytes), tenthLess(n.txPackets)
		p.network = &n
	}
	if p.network != nil && s.opts.Defect == Zeros {
		p.network = &networkReading{}
	}
}

func (s *Server) spoilContainer(method string, c *containerReading) {
	if s.opts.Defect == FrozenFirst {
		first, ok := s.memory.firstC[method+c.id]
		if !ok {
			s.memory.firstC[method+c.id] = *c
			return
		}
		c.usage = first.usage
		return
	}
	c.usage = s.spoilUsage(method, c.usage)
}

func (s *Server) spoilUsage(method string, u usage) usage {
	switch s.opts.Defect {
	case NowOnOld:
		u.at = u.at.Add(staleness)
	case Microseconds:
		if !inSeconds(method) {
			u.cpu /= 1000
		}
	case WholeSeconds:
		if !inSeconds(method) {
			u.cpu = u.cpu.Truncate(time.Second)
		}
	case Zeros:
		u = usage{at: u.at}
	case ZeroRate:
		if s.memory.answers[method]%3 == 0 {
			u.cores = 0
		}
	case GoingBack:
		if s.memory.answers[method]%2 == 0 {
			u.cpu -= u.cpu / 10
			u.stalled -= u.stalled / 10
			u.faults = tenthLess(u.faults)
		}
	case DoubleMemory:
		u.workingSet *= 2
	}
	return u
}

func tenthLess(v uint64) uint64 { return v - v/10 }

// inSeconds says whether the method's counters of time are whole seconds anyway.
func inSeconds(method string) bool {
	return method == "ListPodSandboxMetrics" || method == "StreamPodSandboxMetrics"
}

// sendBatches sends the items of a stream in messages.
func sendBatches[T any](s *Server, items []T, send func([]T) error) error {
	if s.opts.Defect == HalfThenError {
		if err := send(items[:len(items)/2]); err != nil {
			return err
		}
		return status.Error(codes.Unavailable, "the connection to the shim was lost")
	}
	for len(items) > 0 {
		n := min(batchItems, len(items))
		if err := send(items[:n]); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}
