package fakecri_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/testing/protocmp"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/criconn/fakecri"
)

// receive collects the items of all messages of a stream.
func receive[M, T any](t *testing.T, stream grpc.ServerStreamingClient[M], err error, items func(*M) []T) (all []T) {
	t.Helper()
	for err == nil {
		var m *M
		if m, err = stream.Recv(); err == nil {
			all = append(all, items(m)...)
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return all
}

// TestSameInAllForms asks for everything as a list, as a stream and one by one.
func TestSameInAllForms(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	conn := open(t, fakecri.Options{Clock: func() time.Time { return now }})
	pod, containers := run(t, conn, "a", runtimev1.NamespaceMode_POD, []string{"burn", "--cpu=0.1"})
	run(t, conn, "b", runtimev1.NamespaceMode_NODE, nil, nil)
	ctx, c := t.Context(), conn.Runtime
	same := func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-list +other):\n%s", what, diff)
		}
	}

	podList, err := c.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{})
	if err != nil {
		t.Fatal(err)
	}
	pods, err := c.StreamPodSandboxes(ctx, &runtimev1.StreamPodSandboxesRequest{})
	same("sandboxes", podList.GetItems(), receive(t, pods, err, (*runtimev1.StreamPodSandboxesResponse).GetPodSandboxes))

	containerList, err := c.ListContainers(ctx, &runtimev1.ListContainersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := c.StreamContainers(ctx, &runtimev1.StreamContainersRequest{})
	same("containers", containerList.GetContainers(), receive(t, stream, err, (*runtimev1.StreamContainersResponse).GetContainers))

	statsList, err := c.ListContainerStats(ctx, &runtimev1.ListContainerStatsRequest{})
	if err != nil || len(statsList.GetStats()) != 3 {
		t.Fatal(statsList, err)
	}
	stats, err := c.StreamContainerStats(ctx, &runtimev1.StreamContainerStatsRequest{})
	same("container stats", statsList.GetStats(), receive(t, stats, err, (*runtimev1.StreamContainerStatsResponse).GetContainerStats))
	of, err := c.ListContainerStats(ctx, &runtimev1.ListContainerStatsRequest{Filter: &runtimev1.ContainerStatsFilter{PodSandboxId: pod}})
	if err != nil {
		t.Fatal(err)
	}
	one, err := c.ContainerStats(ctx, &runtimev1.ContainerStatsRequest{ContainerId: containers[0]})
	if err != nil {
		t.Fatal(err)
	}
	same("stats of one container", of.GetStats(), []*runtimev1.ContainerStats{one.GetStats()})

	podStats, err := c.ListPodSandboxStats(ctx, &runtimev1.ListPodSandboxStatsRequest{Filter: &runtimev1.PodSandboxStatsFilter{LabelSelector: map[string]string{"app": "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	onePod, err := c.PodSandboxStats(ctx, &runtimev1.PodSandboxStatsRequest{PodSandboxId: pod})
	if err != nil {
		t.Fatal(err)
	}
	same("stats of one pod", podStats.GetStats(), []*runtimev1.PodSandboxStats{onePod.GetStats()})

	metricsList, err := c.ListPodSandboxMetrics(ctx, &runtimev1.ListPodSandboxMetricsRequest{})
	if err != nil || len(metricsList.GetPodMetrics()) != 2 {
		t.Fatal(metricsList, err)
	}
	metrics, err := c.StreamPodSandboxMetrics(ctx, &runtimev1.StreamPodSandboxMetricsRequest{})
	same("metrics", metricsList.GetPodMetrics(), receive(t, metrics, err, (*runtimev1.StreamPodSandboxMetricsResponse).GetPodSandboxMetrics))
}

func TestStatus(t *testing.T) {
	conn := open(t, fakecri.Options{})
	pod, _ := run(t, conn, "a", runtimev1.NamespaceMode_NODE)
	status, err := conn.Runtime.Status(t.Context(), &runtimev1.StatusRequest{})
	if err != nil || len(status.GetStatus().GetConditions()) != 2 {
		t.Errorf("status %v, %v", status, err)
	}
	st, err := conn.Runtime.PodSandboxStatus(t.Context(), &runtimev1.PodSandboxStatusRequest{PodSandboxId: pod})
	if err != nil || st.GetStatus().GetState() != runtimev1.PodSandboxState_SANDBOX_READY || st.GetStatus().GetMetadata().GetName() != "a" {
		t.Errorf("sandbox status %v, %v", st, err)
	}
	if _, err := conn.Runtime.PodSandboxStatus(t.Context(), &runtimev1.PodSandboxStatusRequest{PodSandboxId: "0"}); err == nil {
		t.Error("status of a sandbox that is not there")
	}
}

func TestImages(t *testing.T) {
	conn := open(t, fakecri.Options{})
	spec := &runtimev1.ImageSpec{Image: image}
	f := func(wantImages int, wantUsed bool) {
		t.Helper()
		list, err := conn.Images.ListImages(t.Context(), &runtimev1.ListImagesRequest{Filter: &runtimev1.ImageFilter{Image: spec}})
		if err != nil || len(list.GetImages()) != wantImages {
			t.Errorf("images %v, %v, want %d", list, err, wantImages)
		}
		st, err := conn.Images.ImageStatus(t.Context(), &runtimev1.ImageStatusRequest{Image: spec})
		if err != nil || (st.GetImage() != nil) != (wantImages > 0) {
			t.Errorf("image status %v, %v", st, err)
		}
		info, err := conn.Images.ImageFsInfo(t.Context(), &runtimev1.ImageFsInfoRequest{})
		if err != nil || (info.GetImageFilesystems()[0].GetUsedBytes().GetValue() > 0) != wantUsed {
			t.Errorf("image filesystem %v, %v", info, err)
		}
	}
	f(1, true)
	if _, err := conn.Images.RemoveImage(t.Context(), &runtimev1.RemoveImageRequest{Image: spec}); err != nil {
		t.Error(err)
	}
	f(0, false)
}

func TestExitWritesALog(t *testing.T) {
	conn := open(t, fakecri.Options{Exit: func(string, string) (fakecri.Exit, bool) { return fakecri.Exit{Code: 1, Log: "out of luck"}, true }})
	config := &runtimev1.PodSandboxConfig{
		Metadata:     &runtimev1.PodSandboxMetadata{Name: "a", Namespace: "test", Uid: "u"},
		LogDirectory: t.TempDir(),
	}
	sandbox, err := conn.Runtime.RunPodSandbox(t.Context(), &runtimev1.RunPodSandboxRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	c, err := conn.Runtime.CreateContainer(t.Context(), &runtimev1.CreateContainerRequest{
		PodSandboxId: sandbox.GetPodSandboxId(),
		Config: &runtimev1.ContainerConfig{
			Metadata: &runtimev1.ContainerMetadata{Name: "c"}, Image: &runtimev1.ImageSpec{Image: image}, LogPath: "c.log",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Runtime.StartContainer(t.Context(), &runtimev1.StartContainerRequest{ContainerId: c.GetContainerId()}); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(config.GetLogDirectory(), "c.log"))
	if err != nil || !strings.HasSuffix(string(log), " stderr F out of luck\n") {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestBusyCostTakesItsTime(t *testing.T) {
	conn := open(t, fakecri.Options{Cost: map[string]fakecri.Cost{"ListContainerStats": {PerCall: 10 * time.Millisecond, Busy: true}}})
	start := time.Now()
	if _, err := conn.Runtime.ListContainerStats(t.Context(), &runtimev1.ListContainerStatsRequest{}); err != nil || time.Since(start) < 10*time.Millisecond {
		t.Errorf("%v after %s, want at least 10 ms", err, time.Since(start))
	}
}
