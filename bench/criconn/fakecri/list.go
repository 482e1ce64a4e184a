package fakecri

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// batchItems is how many items a message of a stream holds.
const batchItems = 100

// selects says whether labels hold all that the selector asks.
func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if got, ok := labels[k]; !ok || got != v {
			return false
		}
	}
	return true
}

func (p pod) state() runtimev1.PodSandboxState {
	if p.ready {
		return runtimev1.PodSandboxState_SANDBOX_READY
	}
	return runtimev1.PodSandboxState_SANDBOX_NOTREADY
}

func (s *runtimeService) podSandboxes(f *runtimev1.PodSandboxFilter) []*runtimev1.PodSandbox {
	var items []*runtimev1.PodSandbox
	for _, p := range s.state.listPods() {
		if f.GetId() != "" && f.GetId() != p.id ||
			f.GetState() != nil && f.GetState().GetState() != p.state() ||
			!selects(f.GetLabelSelector(), p.config.GetLabels()) {
			continue
		}
		items = append(items, &runtimev1.PodSandbox{
			Id:             p.id,
			Metadata:       p.config.GetMetadata(),
			State:          p.state(),
			CreatedAt:      p.created.UnixNano(),
			Labels:         p.config.GetLabels(),
			Annotations:    p.config.GetAnnotations(),
			RuntimeHandler: p.handler,
		})
	}
	return items
}

func (s *runtimeService) ListPodSandbox(_ context.Context, r *runtimev1.ListPodSandboxRequest) (*runtimev1.ListPodSandboxResponse, error) {
	return &runtimev1.ListPodSandboxResponse{Items: s.podSandboxes(r.GetFilter())}, nil
}

func (s *runtimeService) StreamPodSandboxes(r *runtimev1.StreamPodSandboxesRequest, stream runtimev1.RuntimeService_StreamPodSandboxesServer) error {
	for items := range slices.Chunk(s.podSandboxes(r.GetFilter()), batchItems) {
		if err := stream.Send(&runtimev1.StreamPodSandboxesResponse{PodSandboxes: items}); err != nil {
			return err
		}
	}
	return nil
}

func (s *runtimeService) containers(f *runtimev1.ContainerFilter) []*runtimev1.Container {
	var items []*runtimev1.Container
	for _, c := range s.state.listContainers() {
		if f.GetId() != "" && f.GetId() != c.id ||
			f.GetPodSandboxId() != "" && f.GetPodSandboxId() != c.pod ||
			f.GetState() != nil && f.GetState().GetState() != c.state ||
			!selects(f.GetLabelSelector(), c.config.GetLabels()) {
			continue
		}
		items = append(items, &runtimev1.Container{
			Id:           c.id,
			PodSandboxId: c.pod,
			Metadata:     c.config.GetMetadata(),
			Image:        c.config.GetImage(),
			ImageRef:     imageID(c.config.GetImage().GetImage()),
			ImageId:      imageID(c.config.GetImage().GetImage()),
			State:        c.state,
			CreatedAt:    c.created.UnixNano(),
			Labels:       c.config.GetLabels(),
			Annotations:  c.config.GetAnnotations(),
		})
	}
	return items
}

func (s *runtimeService) ListContainers(_ context.Context, r *runtimev1.ListContainersRequest) (*runtimev1.ListContainersResponse, error) {
	return &runtimev1.ListContainersResponse{Containers: s.containers(r.GetFilter())}, nil
}

func (s *runtimeService) StreamContainers(r *runtimev1.StreamContainersRequest, stream runtimev1.RuntimeService_StreamContainersServer) error {
	for items := range slices.Chunk(s.containers(r.GetFilter()), batchItems) {
		if err := stream.Send(&runtimev1.StreamContainersResponse{Containers: items}); err != nil {
			return err
		}
	}
	return nil
}

func (s *runtimeService) PodSandboxStatus(_ context.Context, r *runtimev1.PodSandboxStatusRequest) (*runtimev1.PodSandboxStatusResponse, error) {
	p, ok := s.state.pod(r.GetPodSandboxId())
	if !ok {
		return nil, status.Errorf(codes.NotFound, "sandbox %q not found", r.GetPodSandboxId())
	}
	return &runtimev1.PodSandboxStatusResponse{Status: &runtimev1.PodSandboxStatus{
		Id:        p.id,
		Metadata:  p.config.GetMetadata(),
		State:     p.state(),
		CreatedAt: p.created.UnixNano(),
		Linux: &runtimev1.LinuxPodSandboxStatus{Namespaces: &runtimev1.Namespace{
			Options: p.config.GetLinux().GetSecurityContext().GetNamespaceOptions(),
		}},
		Labels:         p.config.GetLabels(),
		Annotations:    p.config.GetAnnotations(),
		RuntimeHandler: p.handler,
	}}, nil
}

func (s *runtimeService) ContainerStatus(_ context.Context, r *runtimev1.ContainerStatusRequest) (*runtimev1.ContainerStatusResponse, error) {
	c, ok := s.state.container(r.GetContainerId())
	if !ok {
		return nil, status.Errorf(codes.NotFound, "container %q not found", r.GetContainerId())
	}
	st := &runtimev1.ContainerStatus{
		Id:          c.id,
		Metadata:    c.config.GetMetadata(),
		State:       c.state,
		CreatedAt:   c.created.UnixNano(),
		ExitCode:    c.exit.Code,
		Image:       c.config.GetImage(),
		ImageRef:    imageID(c.config.GetImage().GetImage()),
		ImageId:     imageID(c.config.GetImage().GetImage()),
		Reason:      c.exit.Reason,
		Message:     c.exit.Message,
		Labels:      c.config.GetLabels(),
		Annotations: c.config.GetAnnotations(),
		LogPath:     c.config.GetLogPath(),
	}
	if !c.started.IsZero() {
		st.StartedAt = c.started.UnixNano()
	}
	if !c.finished.IsZero() {
		st.FinishedAt = c.finished.UnixNano()
	}
	return &runtimev1.ContainerStatusResponse{Status: st}, nil
}
