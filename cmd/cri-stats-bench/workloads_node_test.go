//go:build node

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/workloads/image"
	"cri-stats-bench/workloads/pods"
)

// Pods are what their profile says, by the runtime's and the kernel's own words, and nothing
// of it is left.
func TestNodeWorkloadsContainerd(t *testing.T) { workloads(t, "containerd") }

func TestNodeWorkloadsCRIO(t *testing.T) { workloads(t, "crio") }

func workloads(t *testing.T, runtime string) {
	t.Helper()
	load := podload(t)
	conn := privateNode(t, load, "--runtime", runtime, "--bridge")
	images, err := conn.Images.ListImages(t.Context(), &runtimev1.ListImagesRequest{})
	if err != nil || len(images.GetImages()) != 1 || len(images.GetImages()[0].GetRepoDigests()) == 0 {
		t.Fatalf("images of the node: %v, %v", images, err)
	}
	// By name: CRI-O takes no id for the image that a user asked for.
	workload, err := pods.New(conn.Runtime, pods.Config{Run: "workloads", Image: images.GetImages()[0].GetRepoDigests()[0], FilesImage: filesImage(t, conn, load), CgroupDriver: conn.CgroupDriver, CgroupFS: cgroupfs.Root})
	if err != nil {
		t.Fatal(err)
	}
	scaled := func(profile string) []bench.Pod {
		t.Helper()
		running, err := workload.Scale(t.Context(), bench.Cell{Pods: 3, ContainersPerPod: 1, Profile: profile})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range running {
			if len(p.Containers) != 1 {
				t.Errorf("%s: pod %s has containers %v", profile, p.ID, p.Containers)
			}
		}
		return running
	}

	// Every hierarchy of version 1 that the containers are in has the nested ones.
	scaled(bench.ProfileNested)
	if n := nested(t); n == 0 || n%(3*10) != 0 {
		t.Errorf("%d nested cgroups of 3 containers", n)
	}

	scaled(bench.ProfileExited)
	if n := nested(t); n != 0 {
		t.Errorf("%d nested cgroups are left", n)
	}
	all, err := conn.Runtime.ListContainers(t.Context(), &runtimev1.ListContainersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	states := make(map[string]int)
	for _, c := range all.GetContainers() {
		states[c.GetState().String()]++
	}
	if states["CONTAINER_RUNNING"] != 3 || states["CONTAINER_EXITED"] != 9 {
		t.Errorf("containers are %v, want 3 that run and 9 that ended", states)
	}

	files := scaled("files")
	inodes := uint64(0)
	for end := time.Now().Add(time.Minute); inodes < 3*10_000 && time.Now().Before(end); time.Sleep(time.Second) {
		inodes = written(t, conn, files)
	}
	if inodes < 3*10_000 || inodes > 3*10_100 {
		t.Errorf("writable layers have %d inodes, want those of 30,000 files", inodes)
	}
	scaled(bench.ProfileImage)
	roots := 0
	for _, dir := range podloads(t) {
		if entries, err := os.ReadDir(filepath.Join(dir, "root", "files")); err == nil && len(entries) == imageFiles {
			roots++
		}
	}
	if roots != 3 { // the pause containers are of the other image
		t.Errorf("%d processes have the image of many files as their root, want 3", roots)
	}

	running := scaled(bench.ProfileNetworked)
	host, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	inside := make(map[string]int)
	for _, dir := range podloads(t) {
		if ns, err := os.Readlink(filepath.Join(dir, "ns", "net")); err == nil && ns != host {
			inside[ns]++
		}
	}
	if len(inside) != 3 {
		t.Errorf("the network namespaces of pods are %v, want 3 besides the node's", inside)
	}
	stats, err := conn.Runtime.ListPodSandboxStats(t.Context(), &runtimev1.ListPodSandboxStatsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stats.GetStats() {
		// CRI-O 1.34.0 takes lo for the default interface, and eth0 for one of the others.
		network := s.GetLinux().GetNetwork()
		if !slices.ContainsFunc(append(network.GetInterfaces(), network.GetDefaultInterface()), func(i *runtimev1.NetworkInterfaceUsage) bool {
			return i.GetName() == "eth0" && i.GetRxBytes() != nil && i.GetTxBytes() != nil
		}) {
			t.Errorf("%s: the network of pod %s is %v", runtime, s.GetAttributes().GetId(), network)
		}
	}
	if len(stats.GetStats()) != len(running) {
		t.Errorf("stats of %d pods, want %d", len(stats.GetStats()), len(running))
	}
	if err := workload.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// filesImage gives a runtime the image of many files.
func filesImage(t *testing.T, conn *criconn.Conn, load string) string {
	t.Helper()
	img, err := image.FromFile(load)
	if err == nil {
		img, err = image.WithFiles(img, imageFiles)
	}
	if err != nil {
		t.Fatal(err)
	}
	registry, err := image.Serve(t.Context(), map[string]v1.Image{filesImageName: img})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	})
	ref := registry.Ref(filesImageName)
	if err := image.Pull(t.Context(), conn.Images, ref); err != nil {
		t.Fatal(err)
	}
	return ref
}

// podloads are the folders of the processes that pods run.
func podloads(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(dir string) bool {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		return err != nil || !strings.HasPrefix(string(line), "/podload\x00")
	})
}

// nested counts the cgroups inside of those of containers.
func nested(t *testing.T) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(cgroupfs.Root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), "nested-") {
			n++
		}
		return nil // what goes meanwhile is not ours
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// written is how many inodes the writable layers of pods have, as the runtime says.
func written(t *testing.T, conn *criconn.Conn, running []bench.Pod) uint64 {
	t.Helper()
	sum := uint64(0)
	for _, p := range running {
		s, err := conn.Runtime.ContainerStats(t.Context(), &runtimev1.ContainerStatsRequest{ContainerId: p.Containers[0]})
		if err != nil {
			t.Fatal(err)
		}
		sum += s.GetStats().GetWritableLayer().GetInodesUsed().GetValue()
	}
	return sum
}
