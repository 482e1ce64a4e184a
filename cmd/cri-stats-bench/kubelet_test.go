package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/kubeletconn/fakekubelet"
)

func TestPodsCgroup(t *testing.T) {
	f := func(root string, driver criconn.CgroupDriver, want string) {
		t.Helper()
		if got := podsCgroup(root, driver); got != want {
			t.Errorf("root %q, %s: pods are in %s, want %s", root, driver, got, want)
		}
	}
	f("/", criconn.Cgroupfs, "/kubepods")
	f("", criconn.Cgroupfs, "/kubepods")
	f("/a-b/c", criconn.Cgroupfs, "/a-b/c/kubepods")
	f("/", criconn.Systemd, "/kubepods.slice")
	f("/kubelet", criconn.Systemd, "/kubelet.slice/kubelet-kubepods.slice")
	f("/a-b/c", criconn.Systemd, "/a_b.slice/a_b-c.slice/a_b-c-kubepods.slice")
}

// What a kubelet says of pods that do not come: first of itself, then of ours.
func TestWhy(t *testing.T) {
	const pods = `{"items": [
		{"metadata": {"name": "of-others"}, "status": {"reason": "Evicted"}},
		{"metadata": {"name": "bench-0000-node", "labels": {"cri-stats-bench/created-by": "cri-stats-bench"}}, "status": {"phase": "Running"}},
		{"metadata": {"name": "bench-0001-node", "labels": {"cri-stats-bench/created-by": "cri-stats-bench"}}, "status": {"reason": "OutOfpods", "message": "too many"}}]}`
	server := fakekubelet.Start(t, fakekubelet.Face{Bodies: map[string]string{"/pods": pods}})
	k := &kubeletTarget{serves: server.Kubelet()}
	f := func(want string) {
		t.Helper()
		if got := k.why(); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	f("the kubelet says of pod bench-0001-node: OutOfpods: too many")
	k.well = func(context.Context) error { return errors.New("it has lost its runtime") }
	f("it has lost its runtime")
	server.Change(func(f *fakekubelet.Face) { f.Bodies["/pods"] = "{}" })
	k.well, k.log = nil, "/var/log/kubelet.log"
	f("the kubelet itself is well; its log is /var/log/kubelet.log")
}

// Of a kubelet's configuration the records have what its cost may depend on, and nothing
// that may be a secret.
func TestKeptConfig(t *testing.T) {
	got, err := keptConfig([]byte(`
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodURLHeader: {Authorization: [Bearer secret]}
featureGates: {PodAndContainerStatsFromCRI: true}
maxPods: 110
`))
	if err != nil || strings.Contains(got, "secret") || !strings.Contains(got, "PodAndContainerStatsFromCRI: true") || !strings.Contains(got, "maxPods: 110") || !strings.Contains(got, "and 1 keys") {
		t.Errorf("%v\n%s", err, got)
	}
	if again, err := keptConfig([]byte(got)); err != nil || again+"# and 1 keys that are not recorded\n" != got {
		t.Errorf("what was kept is read as %v\n%s", err, again)
	}
	if _, err := keptConfig([]byte("a: [")); err == nil {
		t.Error("no YAML is kept")
	}
}

func TestOfThisNode(t *testing.T) {
	f := func(endpoint string, ok bool) {
		t.Helper()
		if err := ofThisNode(endpoint); (err == nil) != ok {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	f("https://127.0.0.1:10250", true)
	f("https://[::1]:10250", true)
	f("https://localhost:10250", true)
	f("https://192.0.2.1:10250", false) // TEST-NET-1, RFC 5737
	f("https://attacker.example:10250", false)
	f("https://127.0.0.1.attacker.example:10250", false)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if own, ok := a.(*net.IPNet); ok {
			f("https://"+net.JoinHostPort(own.IP.String(), "10250"), true)
		}
	}
}
