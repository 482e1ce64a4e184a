package fakecri

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func value(v uint64) *runtimev1.UInt64Value { return &runtimev1.UInt64Value{Value: v} }

// cpuStats, memoryStats and ioStats say a usage in the words of api.proto.
func cpuStats(u usage) *runtimev1.CpuUsage {
	return &runtimev1.CpuUsage{
		Timestamp:            u.at.UnixNano(),
		UsageCoreNanoSeconds: value(uint64(u.cpu)),
		UsageNanoCores:       value(uint64(u.cores * 1e9)),
		Psi:                  psi(u.stalled),
	}
}

func memoryStats(u usage) *runtimev1.MemoryUsage {
	return &runtimev1.MemoryUsage{
		Timestamp:       u.at.UnixNano(),
		WorkingSetBytes: value(u.workingSet),
		AvailableBytes:  value(u.available),
		UsageBytes:      value(u.rss + u.cache),
		RssBytes:        value(u.rss),
		PageFaults:      value(u.faults),
		MajorPageFaults: value(0),
		Psi:             psi(0),
	}
}

func ioStats(u usage) *runtimev1.IoUsage {
	return &runtimev1.IoUsage{Timestamp: u.at.UnixNano(), Psi: psi(0)}
}

func psi(total time.Duration) *runtimev1.PsiStats {
	return &runtimev1.PsiStats{
		Full: &runtimev1.PsiData{Total: uint64(total / 2)},
		Some: &runtimev1.PsiData{Total: uint64(total)},
	}
}

func containerStats(c containerReading) *runtimev1.ContainerStats {
	return &runtimev1.ContainerStats{
		Attributes: &runtimev1.ContainerAttributes{
			Id:          c.id,
			Metadata:    c.config.GetMetadata(),
			Labels:      c.config.GetLabels(),
			Annotations: c.config.GetAnnotations(),
		},
		Cpu:    cpuStats(c.usage),
		Memory: memoryStats(c.usage),
		WritableLayer: &runtimev1.FilesystemUsage{
			Timestamp:  c.at.UnixNano(),
			FsId:       &runtimev1.FilesystemIdentifier{Mountpoint: mountpoint},
			UsedBytes:  value(c.layer),
			InodesUsed: value(c.inodes),
		},
		Swap: &runtimev1.SwapUsage{
			Timestamp:          c.at.UnixNano(),
			SwapAvailableBytes: value(0),
			SwapUsageBytes:     value(0),
		},
		Io: ioStats(c.usage),
	}
}

func podStats(p podReading) *runtimev1.PodSandboxStats {
	linux := &runtimev1.LinuxPodSandboxStats{
		Cpu:     cpuStats(p.usage),
		Memory:  memoryStats(p.usage),
		Process: &runtimev1.ProcessUsage{Timestamp: p.at.UnixNano(), ProcessCount: value(p.processes)},
		Io:      ioStats(p.usage),
	}
	if n := p.network; n != nil {
		linux.Network = &runtimev1.NetworkUsage{
			Timestamp: p.at.UnixNano(),
			DefaultInterface: &runtimev1.NetworkInterfaceUsage{
				Name:     "eth0",
				RxBytes:  value(n.rxBytes),
				RxErrors: value(0),
				TxBytes:  value(n.txBytes),
				TxErrors: value(0),
			},
		}
	}
	for _, c := range p.containers {
		linux.Containers = append(linux.Containers, containerStats(c))
	}
	return &runtimev1.PodSandboxStats{
		Attributes: &runtimev1.PodSandboxAttributes{
			Id:          p.id,
			Metadata:    p.config.GetMetadata(),
			Labels:      p.config.GetLabels(),
			Annotations: p.config.GetAnnotations(),
		},
		Linux: linux,
	}
}

// readings takes the readings that method answers from, unless one of the pods
// has a fault.
func (s *Server) readings(method string) ([]podReading, error) {
	pods := s.spoil(method, s.state.read(s.lag()))
	for _, p := range pods {
		if err := s.fault(method, p.config.GetMetadata().GetName()); err != nil {
			return nil, err
		}
	}
	return pods, nil
}

func (s *runtimeService) listContainerStats(method string, f *runtimev1.ContainerStatsFilter) ([]*runtimev1.ContainerStats, error) {
	pods, err := s.readings(method)
	if err != nil {
		return nil, err
	}
	var stats []*runtimev1.ContainerStats
	for _, p := range pods {
		for _, c := range p.containers {
			if f.GetId() != "" && f.GetId() != c.id ||
				f.GetPodSandboxId() != "" && f.GetPodSandboxId() != p.id ||
				!selects(f.GetLabelSelector(), c.config.GetLabels()) {
				continue
			}
			if err := s.refuse(p); err != nil {
				return nil, err
			}
			stats = append(stats, containerStats(c))
		}
	}
	return stats, nil
}

func (s *runtimeService) ListContainerStats(_ context.Context, r *runtimev1.ListContainerStatsRequest) (*runtimev1.ListContainerStatsResponse, error) {
	stats, err := s.listContainerStats("ListContainerStats", r.GetFilter())
	if err != nil {
		return nil, err
	}
	return &runtimev1.ListContainerStatsResponse{Stats: stats}, nil
}

func (s *runtimeService) ContainerStats(_ context.Context, r *runtimev1.ContainerStatsRequest) (*runtimev1.ContainerStatsResponse, error) {
	stats, err := s.listContainerStats("ContainerStats", &runtimev1.ContainerStatsFilter{Id: r.GetContainerId()})
	if err != nil {
		return nil, err
	}
	if r.GetContainerId() == "" || len(stats) == 0 {
		return nil, status.Errorf(codes.NotFound, "container %q does not run", r.GetContainerId())
	}
	return &runtimev1.ContainerStatsResponse{Stats: stats[0]}, nil
}

func (s *runtimeService) StreamContainerStats(r *runtimev1.StreamContainerStatsRequest, stream runtimev1.RuntimeService_StreamContainerStatsServer) error {
	stats, err := s.listContainerStats("StreamContainerStats", r.GetFilter())
	if err != nil {
		return err
	}
	return sendBatches(s.Server, stats, func(items []*runtimev1.ContainerStats) error {
		return stream.Send(&runtimev1.StreamContainerStatsResponse{ContainerStats: items})
	})
}

func (s *runtimeService) listPodStats(method string, f *runtimev1.PodSandboxStatsFilter) ([]*runtimev1.PodSandboxStats, error) {
	pods, err := s.readings(method)
	if err != nil {
		return nil, err
	}
	var stats []*runtimev1.PodSandboxStats
	for _, p := range pods {
		if f.GetId() != "" && f.GetId() != p.id || !selects(f.GetLabelSelector(), p.config.GetLabels()) {
			continue
		}
		if err := s.refuse(p); err != nil {
			return nil, err
		}
		stats = append(stats, podStats(p))
	}
	return stats, nil
}

func (s *runtimeService) ListPodSandboxStats(_ context.Context, r *runtimev1.ListPodSandboxStatsRequest) (*runtimev1.ListPodSandboxStatsResponse, error) {
	stats, err := s.listPodStats("ListPodSandboxStats", r.GetFilter())
	if err != nil {
		return nil, err
	}
	return &runtimev1.ListPodSandboxStatsResponse{Stats: stats}, nil
}

func (s *runtimeService) PodSandboxStats(_ context.Context, r *runtimev1.PodSandboxStatsRequest) (*runtimev1.PodSandboxStatsResponse, error) {
	stats, err := s.listPodStats("PodSandboxStats", &runtimev1.PodSandboxStatsFilter{Id: r.GetPodSandboxId()})
	if err != nil {
		return nil, err
	}
	if r.GetPodSandboxId() == "" || len(stats) == 0 {
		return nil, status.Errorf(codes.NotFound, "sandbox %q is not ready", r.GetPodSandboxId())
	}
	return &runtimev1.PodSandboxStatsResponse{Stats: stats[0]}, nil
}

func (s *runtimeService) StreamPodSandboxStats(r *runtimev1.StreamPodSandboxStatsRequest, stream runtimev1.RuntimeService_StreamPodSandboxStatsServer) error {
	stats, err := s.listPodStats("StreamPodSandboxStats", r.GetFilter())
	if err != nil {
		return err
	}
	return sendBatches(s.Server, stats, func(items []*runtimev1.PodSandboxStats) error {
		return stream.Send(&runtimev1.StreamPodSandboxStatsResponse{PodSandboxStats: items})
	})
}
