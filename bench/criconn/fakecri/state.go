package fakecri

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// state is what exists. Its methods give copies of pods and containers, whose
// configs are never written to once they are in.
type state struct {
	now func() time.Time

	mu         sync.Mutex
	pods       map[string]*pod
	containers map[string]*container
	images     map[string]*runtimev1.Image // by reference
}

type pod struct {
	id      string
	config  *runtimev1.PodSandboxConfig
	handler string
	created time.Time
	ready   bool
}

type container struct {
	id       string
	pod      string
	config   *runtimev1.ContainerConfig
	load     load
	stays    []stay
	state    runtimev1.ContainerState
	created  time.Time
	started  time.Time
	finished time.Time
	exit     Exit
}

func newState(now func() time.Time) *state {
	return &state{
		now:        now,
		pods:       make(map[string]*pod),
		containers: make(map[string]*container),
		images:     make(map[string]*runtimev1.Image),
	}
}

// newID returns 64 hex digits, as all runtimes do.
func newID() string {
	var b [32]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

func (s *state) readyPods() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, p := range s.pods {
		if p.ready {
			n++
		}
	}
	return n
}

// sameSandbox says whether two metadata reserve the same name; runtimes refuse a
// second sandbox of one name, uid and attempt.
func sameSandbox(a, b *runtimev1.PodSandboxMetadata) bool {
	return a.GetName() == b.GetName() && a.GetNamespace() == b.GetNamespace() &&
		a.GetUid() == b.GetUid() && a.GetAttempt() == b.GetAttempt()
}

func (s *state) addPod(config *runtimev1.PodSandboxConfig, handler string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pods {
		if sameSandbox(p.config.GetMetadata(), config.GetMetadata()) {
			return "", status.Errorf(codes.AlreadyExists, "sandbox name %q is reserved for %q", config.GetMetadata().GetName(), p.id)
		}
	}
	p := &pod{id: newID(), config: config, handler: handler, created: s.now(), ready: true}
	s.pods[p.id] = p
	return p.id, nil
}

func (s *state) pod(id string) (pod, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pods[id]
	if !ok {
		return pod{}, false
	}
	return *p, true
}

func (s *state) stopPod(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pods[id]
	if !ok {
		return
	}
	p.ready = false
	for _, c := range s.containers {
		if c.pod == id {
			c.end(s.now(), Exit{Code: 137, Reason: "Error"})
		}
	}
}

func (s *state) removePod(id string) {
	s.stopPod(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pods, id)
	for cid, c := range s.containers {
		if c.pod == id {
			delete(s.containers, cid)
		}
	}
}

func (s *state) addContainer(podID string, config *runtimev1.ContainerConfig) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pods[podID]
	switch {
	case !ok:
		return "", status.Errorf(codes.NotFound, "sandbox %q not found", podID)
	case !p.ready:
		return "", status.Errorf(codes.FailedPrecondition, "sandbox %q is not ready", podID)
	}
	if s.image(config.GetImage().GetImage()) == nil {
		return "", status.Errorf(codes.NotFound, "image %q not found", config.GetImage().GetImage())
	}
	for _, c := range s.containers {
		if c.pod == podID && c.config.GetMetadata().GetName() == config.GetMetadata().GetName() {
			return "", status.Errorf(codes.AlreadyExists, "container name %q is reserved for %q", config.GetMetadata().GetName(), c.id)
		}
	}
	c := &container{
		id:      newID(),
		pod:     podID,
		config:  config,
		load:    loadOf(config.GetArgs()),
		state:   runtimev1.ContainerState_CONTAINER_CREATED,
		created: s.now(),
	}
	s.containers[c.id] = c
	return c.id, nil
}

func (s *state) container(id string) (container, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.containers[id]
	if !ok {
		return container{}, false
	}
	return *c, true
}

// startContainer starts a container and, if exits, ends it at once.
func (s *state) startContainer(id string, exit Exit, exits bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.containers[id]
	switch {
	case !ok:
		return status.Errorf(codes.NotFound, "container %q not found", id)
	case c.state != runtimev1.ContainerState_CONTAINER_CREATED:
		return status.Errorf(codes.FailedPrecondition, "container %q is in state %s", id, c.state)
	}
	c.started = s.now()
	c.state = runtimev1.ContainerState_CONTAINER_RUNNING
	if exits {
		c.end(s.now(), exit)
	}
	return nil
}

func (s *state) stopContainer(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.containers[id]; ok {
		c.end(s.now(), Exit{Reason: "Completed"})
	}
}

func (s *state) removeContainer(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.containers, id)
}

// end ends a container that runs, and leaves any other as it is.
func (c *container) end(now time.Time, exit Exit) {
	if c.state != runtimev1.ContainerState_CONTAINER_RUNNING {
		return
	}
	c.state = runtimev1.ContainerState_CONTAINER_EXITED
	c.finished = now
	c.exit = exit
}

// listPods returns all pods, newest first.
func (s *state) listPods() []pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	pods := make([]pod, 0, len(s.pods))
	for _, p := range s.pods {
		pods = append(pods, *p)
	}
	slices.SortFunc(pods, func(a, b pod) int {
		return cmp.Or(b.created.Compare(a.created), cmp.Compare(a.id, b.id))
	})
	return pods
}

// listContainers returns all containers, newest first.
func (s *state) listContainers() []container {
	s.mu.Lock()
	defer s.mu.Unlock()
	containers := make([]container, 0, len(s.containers))
	for _, c := range s.containers {
		containers = append(containers, *c)
	}
	slices.SortFunc(containers, func(a, b container) int {
		return cmp.Or(b.created.Compare(a.created), cmp.Compare(a.id, b.id))
	})
	return containers
}
