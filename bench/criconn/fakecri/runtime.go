package fakecri

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn"
)

// runtimeService carries out the calls about pods and containers. What it does
// not have answers Unimplemented.
type runtimeService struct {
	runtimev1.UnimplementedRuntimeServiceServer
	*Server
}

func (s *runtimeService) Version(context.Context, *runtimev1.VersionRequest) (*runtimev1.VersionResponse, error) {
	return &runtimev1.VersionResponse{
		Version:           "0.1.0", // the kubelet's API version, as all runtimes answer
		RuntimeName:       RuntimeName,
		RuntimeVersion:    RuntimeVersion,
		RuntimeApiVersion: "v1",
	}, nil
}

func (s *runtimeService) Status(context.Context, *runtimev1.StatusRequest) (*runtimev1.StatusResponse, error) {
	return &runtimev1.StatusResponse{Status: &runtimev1.RuntimeStatus{Conditions: []*runtimev1.RuntimeCondition{
		{Type: runtimev1.RuntimeReady, Status: true},
		{Type: runtimev1.NetworkReady, Status: true},
	}}}, nil
}

func (s *runtimeService) RuntimeConfig(context.Context, *runtimev1.RuntimeConfigRequest) (*runtimev1.RuntimeConfigResponse, error) {
	driver := runtimev1.CgroupDriver_CGROUPFS
	if s.opts.CgroupDriver == criconn.Systemd {
		driver = runtimev1.CgroupDriver_SYSTEMD
	}
	return &runtimev1.RuntimeConfigResponse{Linux: &runtimev1.LinuxRuntimeConfiguration{CgroupDriver: driver}}, nil
}

func (s *runtimeService) RunPodSandbox(_ context.Context, r *runtimev1.RunPodSandboxRequest) (*runtimev1.RunPodSandboxResponse, error) {
	meta := r.GetConfig().GetMetadata()
	if meta.GetName() == "" || meta.GetNamespace() == "" || meta.GetUid() == "" {
		return nil, status.Error(codes.InvalidArgument, "sandbox metadata needs name, namespace and uid")
	}
	if err := s.fault("RunPodSandbox", meta.GetName()); err != nil {
		return nil, err
	}
	id, err := s.state.addPod(r.GetConfig(), r.GetRuntimeHandler())
	if err != nil {
		return nil, err
	}
	return &runtimev1.RunPodSandboxResponse{PodSandboxId: id}, nil
}

func (s *runtimeService) StopPodSandbox(_ context.Context, r *runtimev1.StopPodSandboxRequest) (*runtimev1.StopPodSandboxResponse, error) {
	if err := s.podFault("StopPodSandbox", r.GetPodSandboxId()); err != nil {
		return nil, err
	}
	s.state.stopPod(r.GetPodSandboxId())
	return &runtimev1.StopPodSandboxResponse{}, nil
}

func (s *runtimeService) RemovePodSandbox(_ context.Context, r *runtimev1.RemovePodSandboxRequest) (*runtimev1.RemovePodSandboxResponse, error) {
	if err := s.podFault("RemovePodSandbox", r.GetPodSandboxId()); err != nil {
		return nil, err
	}
	s.state.removePod(r.GetPodSandboxId())
	return &runtimev1.RemovePodSandboxResponse{}, nil
}

func (s *runtimeService) CreateContainer(_ context.Context, r *runtimev1.CreateContainerRequest) (*runtimev1.CreateContainerResponse, error) {
	if r.GetConfig().GetMetadata().GetName() == "" {
		return nil, status.Error(codes.InvalidArgument, "container metadata needs a name")
	}
	if err := s.podFault("CreateContainer", r.GetPodSandboxId()); err != nil {
		return nil, err
	}
	id, err := s.state.addContainer(r.GetPodSandboxId(), r.GetConfig())
	if err != nil {
		return nil, err
	}
	return &runtimev1.CreateContainerResponse{ContainerId: id}, nil
}

func (s *runtimeService) StartContainer(_ context.Context, r *runtimev1.StartContainerRequest) (*runtimev1.StartContainerResponse, error) {
	c, ok := s.state.container(r.GetContainerId())
	if !ok {
		return nil, status.Errorf(codes.NotFound, "container %q not found", r.GetContainerId())
	}
	if err := s.podFault("StartContainer", c.pod); err != nil {
		return nil, err
	}
	var exit Exit
	// The image's program ends by itself where it is told to.
	exits := slices.Equal(c.config.GetArgs(), []string{"end"})
	if p, ok := s.state.pod(c.pod); ok && s.opts.Exit != nil {
		exit, exits = s.opts.Exit(p.config.GetMetadata().GetName(), c.config.GetMetadata().GetName())
		if exits && exit.Log != "" {
			if err := s.writeLog(p, c, exit.Log); err != nil {
				return nil, status.Error(codes.Internal, err.Error())
			}
		}
	}
	if err := s.state.startContainer(c.id, exit, exits); err != nil {
		return nil, err
	}
	return &runtimev1.StartContainerResponse{}, nil
}

// writeLog writes one line in the format of container logs (KEP-kubelet-cri-logging).
func (s *runtimeService) writeLog(p pod, c container, line string) error {
	if p.config.GetLogDirectory() == "" || c.config.GetLogPath() == "" {
		return nil
	}
	name := filepath.Join(p.config.GetLogDirectory(), c.config.GetLogPath())
	text := fmt.Sprintf("%s %s %s %s\n", s.state.now().Format(time.RFC3339Nano), runtimev1.Stderr, runtimev1.LogTagFull, line)
	return os.WriteFile(name, []byte(text), 0o600)
}

func (s *runtimeService) StopContainer(_ context.Context, r *runtimev1.StopContainerRequest) (*runtimev1.StopContainerResponse, error) {
	s.state.stopContainer(r.GetContainerId())
	return &runtimev1.StopContainerResponse{}, nil
}

func (s *runtimeService) RemoveContainer(_ context.Context, r *runtimev1.RemoveContainerRequest) (*runtimev1.RemoveContainerResponse, error) {
	s.state.removeContainer(r.GetContainerId())
	return &runtimev1.RemoveContainerResponse{}, nil
}

// podFault asks for a fault by the id of the pod.
func (s *Server) podFault(method, id string) error {
	p, ok := s.state.pod(id)
	if !ok {
		return nil
	}
	return s.fault(method, p.config.GetMetadata().GetName())
}
