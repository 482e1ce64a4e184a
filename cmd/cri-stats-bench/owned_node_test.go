//go:build node

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/gate"
	"cri-stats-bench/bench/node"
)

// A unit is a daemon with a script in place of a service manager.
type unit struct {
	node.Service
	pidFile, restart string
}

// restartScript ends a daemon, starts it in its cgroup and with its environment, and
// shows its errors where it ends at once. A process without a program (exe) has ended,
// whether it was reaped or not.
const restartScript = `#!/bin/sh
cd '%[1]s' || exit
pid=$(cat '%[2]s')
kill "$pid" 2>/dev/null
while [ -e "/proc/$pid/exe" ]; do sleep 0.05; done
before=$(wc -c < '%[5]s')
(
	for procs in %[3]s; do echo 0 > "$procs" || exit; done
	exec setsid env -i %[4]s
) >>'%[5]s' 2>&1 </dev/null &
echo $! > '%[2]s'
for i in 1 2 3 4 5 6 7 8 9 10; do
	sleep 0.1
	if [ ! -e "/proc/$!/exe" ]; then
		tail -c +$((before + 1)) '%[5]s' | grep -E '^([EF][0-9]|panic: )'
		exit 1
	fi
done
`

// newUnit takes over a daemon that runs.
func newUnit(t *testing.T, s node.Service) unit {
	t.Helper()
	u := unit{Service: s, pidFile: file(t, "pid", strconv.Itoa(s.PID))}
	proc := fmt.Sprintf("/proc/%d/", s.PID)
	dir, err := os.Readlink(proc + "cwd")
	if err != nil {
		t.Fatal(err)
	}
	var command []string
	for _, name := range []string{"environ", "cmdline"} {
		data, err := os.ReadFile(proc + name)
		if err != nil {
			t.Fatal(err)
		}
		for word := range strings.SplitSeq(strings.TrimSuffix(string(data), "\x00"), "\x00") {
			command = append(command, "'"+word+"'")
		}
	}
	fs, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	var groups []string
	for _, root := range fs.Hierarchies() {
		groups = append(groups, filepath.Join(root, s.Cgroup, "cgroup.procs"))
	}
	u.restart = file(t, "restart.sh", fmt.Sprintf(restartScript, dir, u.pidFile, strings.Join(groups, " "), strings.Join(command, " "), s.Log))
	if err := os.Chmod(u.restart, 0o755); err != nil {
		t.Fatal(err)
	}
	return u
}

// again restarts the daemon.
func (u unit) again(t *testing.T) {
	t.Helper()
	if text, err := exec.Command(u.restart).CombinedOutput(); err != nil {
		t.Errorf("restart %s: %v\n%s", u.Argv[0], err, text)
	}
}

// pid is the process that runs now.
func (u unit) pid(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile(u.pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// An owned is a kubelet that is somebody else's as far as a run knows: that of a
// private node.
type owned struct {
	conn             *criconn.Conn
	load             string // the pods' program
	state            node.KubeletState
	kubelet, runtime unit
	// config is what its owner has configured, with the gate off; off and on are files.
	config  []byte
	off, on string
	// foreign is the sandbox of its owner's static pod, manifest the pod's file.
	foreign, manifest string
}

// ownedKubelet is gone after the test.
func ownedKubelet(t *testing.T) *owned {
	t.Helper()
	o := &owned{load: podload(t)}
	o.conn = privateNode(t, o.load, "--kubelet")
	t.Cleanup(func() { // a step that failed must not keep others from this machine
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := gate.Recover(ctx, ""); err != nil {
			t.Error(err)
		}
	})
	n, err := node.Find("")
	if err != nil {
		t.Fatal(err)
	}
	o.state = n.Kubelet().State()
	o.kubelet, o.runtime = newUnit(t, o.state.Service), newUnit(t, n.State.Service)
	if o.config, err = os.ReadFile(o.state.Config); err != nil {
		t.Fatal(err)
	}
	o.off = file(t, "off.yaml", string(o.config)+"# as a run wants it\n")
	o.on = file(t, "on.yaml", strings.Replace(string(o.config), gate.Feature+": false", gate.Feature+": true", 1))
	o.foreignPod(t)
	return o
}

// foreignPod makes a static pod of the kubelet's owner, and waits for it.
func (o *owned) foreignPod(t *testing.T) {
	t.Helper()
	images, err := o.conn.Images.ListImages(t.Context(), &runtimev1.ListImagesRequest{})
	if err != nil || len(images.GetImages()) != 1 {
		t.Fatalf("images of the node: %v, %v", images, err)
	}
	manifest := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "foreign", "namespace": "other"},
		"spec": {"hostNetwork": true, "terminationGracePeriodSeconds": 1,
			"containers": [{"name": "c", "image": %q, "imagePullPolicy": "Never"}]}}`, images.GetImages()[0].GetRepoDigests()[0])
	o.manifest = filepath.Join(o.state.Manifests, "foreign.json")
	if err := os.WriteFile(o.manifest, []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	await(t, "the foreign pod", func() bool {
		running := o.containers(t)
		if len(running) == 1 {
			o.foreign = running[0].GetPodSandboxId()
		}
		return len(running) == 1
	})
}

// containers are those that run on the node.
func (o *owned) containers(t *testing.T) []*runtimev1.Container {
	t.Helper()
	list, err := o.conn.Runtime.ListContainers(t.Context(), &runtimev1.ListContainersRequest{Filter: &runtimev1.ContainerFilter{
		State: &runtimev1.ContainerStateValue{State: runtimev1.ContainerState_CONTAINER_RUNNING},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return list.GetContainers()
}

// await waits for something to become true.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// observe asks the kubelet itself which gate is in force; empty while it does not
// answer.
func (o *owned) observe(t *testing.T) string {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, err := gate.Untouched{Kubelet: o.state.Serves()}.Observe(ctx)
	if err != nil {
		return ""
	}
	return c.State
}

// configIs says whether the file's content is in the place that the kubelet reads.
func (o *owned) configIs(t *testing.T, want []byte) bool {
	t.Helper()
	got, err := os.ReadFile(o.state.Config)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(got, want)
}

// asOwned fails unless the node is as its owner has left it.
func (o *owned) asOwned(t *testing.T) {
	t.Helper()
	if !o.configIs(t, o.config) {
		t.Error("the kubelet's configuration is not the original one")
	}
	if state := o.observe(t); state != bench.GateOff {
		t.Errorf("the kubelet says that %q is in force, want %s as at first", state, bench.GateOff)
	}
	if err := gate.Unchanged(""); err != nil {
		t.Error(err)
	}
	if running := o.containers(t); len(running) != 1 || running[0].GetPodSandboxId() != o.foreign {
		t.Errorf("containers that run: %v, want the foreign one alone", running)
	}
	sandboxes, err := o.conn.Runtime.ListPodSandbox(t.Context(), &runtimev1.ListPodSandboxRequest{})
	if err != nil || len(sandboxes.GetItems()) != 1 {
		t.Errorf("pods: %v, %v, want the foreign one alone", sandboxes.GetItems(), err)
	}
	manifests, err := filepath.Glob(filepath.Join(o.state.Manifests, "*"))
	if err != nil || len(manifests) != 1 || manifests[0] != o.manifest {
		t.Errorf("manifests: %v, %v, want the foreign one alone", manifests, err)
	}
}
