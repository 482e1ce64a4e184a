//go:build node

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/gate"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/workloads/pods"
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

// ownedPlan measures the kubelet in three pods, as short as can be.
const ownedPlan = `
name: test
experiment: kubelet
pods: 3
rounds: 1
interval: 1s
window: 4s
warm_up: 1s
settle: 100ms
timeout: 2s
truth: off
guards: {steal: 100%, foreign_cpu: 100%, harness_cpu: 100%, lateness: 100%}
retries: 0
`

// untouched is a plan that only looks at the kubelet.
func (o *owned) untouched() string {
	return fmt.Sprintf("%sarms: [{name: as-it-is, collectors: [kubelet-summary, kubelet-resource]}]\nkubelet: {endpoint: %q, ca_file: %q, static_pods: %q}\n",
		ownedPlan, o.state.Endpoint, o.state.CertFile, o.state.Manifests)
}

// treated is a plan that puts the gate off and on, with these configurations.
func (o *owned) treated(off, on string) string {
	return fmt.Sprintf(`%sarms:
  - {name: gate-off, treatment: gate-off, collectors: [kubelet-summary, kubelet-resource]}
  - {name: gate-on, treatment: gate-on, collectors: [kubelet-summary, kubelet-resource]}
kubelet: {endpoint: %q, ca_file: %q, static_pods: %q, config_path: %q, config_off: %q, config_on: %q, restart: [%q]}
`, ownedPlan, o.state.Endpoint, o.state.CertFile, o.state.Manifests, o.state.Config, off, on, o.kubelet.restart)
}

// A started is a run under way.
type started struct {
	*exec.Cmd
	out    string
	stderr bytes.Buffer
}

func (o *owned) start(t *testing.T, plan string, args ...string) *started {
	t.Helper()
	s := &started{out: t.TempDir()}
	s.Cmd = program(t, append([]string{"run", "--plan", file(t, "test.yaml", plan), "--podload", o.load, "--out", s.out, "-r", o.conn.Endpoint}, args...)...)
	s.Stderr = &s.stderr
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Process.Kill() }) // one that has ended is not there
	return s
}

// ends waits for the run and fails unless it ends with the status and says all of it.
func (s *started) ends(t *testing.T, status int, says ...string) {
	t.Helper()
	err := s.Wait()
	text := s.stderr.String()
	if code := s.ProcessState.ExitCode(); code != status {
		t.Fatalf("run: %v, status %d, want %d\n%s", err, code, status, text)
	}
	for _, want := range says {
		if !strings.Contains(text, want) {
			t.Errorf("run does not say %q:\n%s", want, text)
		}
	}
}

// trials are those on record, of which there must be n.
func (s *started) trials(t *testing.T, n int) []bench.Trial {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(s.out, "*-test"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("folders of the run: %v, %v", dirs, err)
	}
	records, err := record.Open(dirs[0])
	if err != nil || len(records.Damage) > 0 || len(records.Trials) != n {
		t.Fatalf("%d trials, want %d; damage %v, %v", len(records.Trials), n, records.Damage, err)
	}
	return records.Trials
}

// usable fails unless the trial measured a kubelet in the state.
func usable(t *testing.T, trial *bench.Trial, state string) {
	t.Helper()
	if !trial.Usable() || trial.State != state {
		t.Errorf("%s: %q was in force, want %s; void %v", trial.Arm.Name, trial.State, state, trial.Void)
		return
	}
	for _, c := range []bench.Component{bench.ComponentKubelet, bench.ComponentRuntime, bench.ComponentPods} {
		if cpu, ok := trial.Costs[c][bench.CPUSeconds]; !ok || cpu <= 0 && c != bench.ComponentPods {
			t.Errorf("%s: CPU of %s: %v, %v; %v", trial.Arm.Name, c, cpu, ok, trial.Warnings)
		}
	}
	for _, a := range trial.Agents {
		if len(a.Calls) != 4 || a.Calls.Failed() > 0 {
			t.Errorf("%s: %s: %d calls, %d failed; %v", trial.Arm.Name, a.Collector, len(a.Calls), a.Calls.Failed(), trial.Warnings)
		}
	}
	t.Logf("%s: kubelet %.2f s, runtime %.2f s, pods %.2f s; asked %v", trial.Arm.Name, trial.Costs[bench.ComponentKubelet][bench.CPUSeconds],
		trial.Costs[bench.ComponentRuntime][bench.CPUSeconds], trial.Costs[bench.ComponentPods][bench.CPUSeconds], trial.Operations)
}

// void fails unless the trial is void for the reason, with the words among the details.
func void(t *testing.T, trial *bench.Trial, reason bench.VoidReason, words string) {
	t.Helper()
	t.Logf("%s: void %v, warnings %q", trial.Arm.Name, trial.Void, trial.Warnings)
	if !slices.ContainsFunc(trial.Void, func(v bench.Void) bool { return v.Reason == reason && strings.Contains(v.Detail, words) }) {
		t.Errorf("%s: void %v, want %s: %s", trial.Arm.Name, trial.Void, reason, words)
	}
}

// A kubelet of somebody else is measured with the gate off and on, and whatever ends
// the run, its owner finds it as it was.
func TestNodeExistingKubelet(t *testing.T) {
	nothingLeft(t)
	if err := gate.Unchanged(""); err != nil {
		t.Fatal(err) // not this test's
	}
	o := ownedKubelet(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"refused", o.refused}, {"looked at", o.lookedAt}, {"whole", o.whole}, {"interrupted", o.interrupted},
		{"killed", o.killed}, {"restarts in a window", o.restarts}, {"loses a pod", o.losesPod},
		{"does not start", o.broken}, {"loses its runtime", o.losesRuntime},
	} {
		if !t.Run(step.name, step.run) {
			t.FailNow() // the next one would find another node than it expects
		}
		o.asOwned(t)
	}
}

// refused: nothing is touched that the plan or the flags do not allow.
func (o *owned) refused(t *testing.T) {
	o.start(t, o.treated(o.off, o.on)).ends(t, exitUsage, "give --allow-restart")
	elsewhere := strings.Replace(o.treated(o.off, o.on), o.state.Manifests, "/etc/kubernetes/manifests", 1)
	o.start(t, elsewhere, "--allow-restart").ends(t, exitUsage, "reads static pods from "+strconv.Quote(o.state.Manifests))
	if pid := o.kubelet.pid(t); pid != o.state.PID || o.observe(t) != bench.GateOff {
		t.Errorf("the kubelet was restarted: process %d, before %d", pid, o.state.PID)
	}
}

// lookedAt: a plan that names no way to restart the kubelet measures what there is.
func (o *owned) lookedAt(t *testing.T) {
	r := o.start(t, o.untouched())
	r.ends(t, exitDone)
	trials := r.trials(t, 1)
	usable(t, &trials[0], bench.GateOff)
	d, err := node.DiscoverKubelet(o.state.Endpoint)
	if err != nil || d.PID != o.state.PID || d.Cgroup != o.state.Cgroup || d.Config.Path != o.state.Config {
		t.Errorf("the kubelet afterwards: %+v, %v, want the same process, %d", d, err, o.state.PID)
	}
}

// whole: each trial has its gate, and afterwards a kubelet runs that is like the first.
func (o *owned) whole(t *testing.T) {
	r := o.start(t, o.treated(o.off, o.on), "--allow-restart")
	r.ends(t, exitDone)
	trials := r.trials(t, 2)
	for i := range trials {
		usable(t, &trials[i], trials[i].Arm.Treatment)
	}
	d, err := node.DiscoverKubelet(o.state.Endpoint)
	if err != nil || d.PID != o.kubelet.pid(t) || d.PID == o.state.PID || d.Cgroup != o.state.Cgroup {
		t.Errorf("the kubelet afterwards: %+v, %v, want another process in the same cgroup", d, err)
	}
}

// changed waits until a run has put a configuration of its own in place.
func (o *owned) changed(t *testing.T) {
	t.Helper()
	await(t, "a run to change the configuration", func() bool { return !o.configIs(t, o.config) })
}

// measuring waits until a run is inside a window.
func (s *started) measuring(t *testing.T) {
	t.Helper()
	await(t, "agents", func() bool {
		children, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range children {
			data, _ := os.ReadFile(name) // empty if the thread has just ended
			for pid := range strings.FieldsSeq(string(data)) {
				if line, _ := os.ReadFile("/proc/" + pid + "/cmdline"); bytes.HasSuffix(line, []byte("\x00agent\x00")) {
					return true
				}
			}
		}
		return false
	})
	time.Sleep(2 * time.Second) // first calls and warm-up are over, the window is not
}

// interrupted: while the kubelet is being restarted, and while it is measured.
func (o *owned) interrupted(t *testing.T) {
	for _, until := range []func(*started){
		func(*started) { o.changed(t) },
		func(r *started) { r.measuring(t) },
	} {
		r := o.start(t, o.treated(o.off, o.on), "--allow-restart")
		until(r)
		for range 2 { // as at a terminal, by somebody who is impatient
			if err := syscall.Kill(-r.Process.Pid, syscall.SIGINT); err != nil {
				t.Error(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		r.ends(t, exitInterrupted, "go on with --resume")
		o.asOwned(t)
	}
}

// killed: nothing is put back, the next run says so, and cleanup does it.
func (o *owned) killed(t *testing.T) {
	r := o.start(t, o.treated(o.on, o.on), "--allow-restart") // whichever arm is the first
	o.changed(t)
	await(t, "the gate", func() bool { return o.observe(t) == bench.GateOn })
	if err := syscall.Kill(-r.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = r.Wait()
	if o.configIs(t, o.config) || !errors.Is(gate.Unchanged(""), gate.ErrChanged) {
		t.Error("the configuration is the original one, or nobody knows that it is not")
	}
	for _, plan := range []string{o.treated(o.off, o.on), o.untouched()} {
		o.start(t, plan, "--allow-restart").ends(t, exitUnfit, gate.ErrChanged.Error(), "cri-stats-bench cleanup")
	}
	o.cleanup(t)
}

// cleanup puts the kubelet back and removes what a run has left.
func (o *owned) cleanup(t *testing.T) {
	t.Helper()
	text, err := program(t, "cleanup", "-r", o.conn.Endpoint, "--static-pods", o.state.Manifests).CombinedOutput()
	if err != nil || !strings.Contains(string(text), "put "+o.state.Config+" back") {
		t.Errorf("cleanup: %v\n%s", err, text)
	}
}

// restarts: the trial inside which the kubelet was restarted is void, the other one is
// not.
func (o *owned) restarts(t *testing.T) {
	r := o.start(t, o.treated(o.off, o.on), "--allow-restart")
	r.measuring(t)
	o.kubelet.again(t)
	r.ends(t, exitDone)
	trials := r.trials(t, 2)
	void(t, &trials[0], bench.VoidRestart, "kubelet")
	usable(t, &trials[1], trials[1].Arm.Treatment)
}

// losesPod: a trial is void if a pod went inside it.
func (o *owned) losesPod(t *testing.T) {
	r := o.start(t, o.untouched())
	r.measuring(t)
	ours, err := filepath.Glob(filepath.Join(o.state.Manifests, pods.CreatedBy+"-*"))
	if err != nil || len(ours) != 3 {
		t.Fatalf("manifests %v, %v", ours, err)
	}
	if err := os.Remove(ours[0]); err != nil {
		t.Fatal(err)
	}
	r.ends(t, exitDone)
	trials := r.trials(t, 1)
	void(t, &trials[0], bench.VoidPodCount, "3 pods ran before the window and 2 after it")
}

// broken: no kubelet starts with this configuration. The run gives up, with the
// kubelet's own words.
func (o *owned) broken(t *testing.T) {
	bad := file(t, "bad.yaml", strings.Replace(string(o.config), gate.Feature, "NoSuchGate", 1))
	plan := strings.Replace(o.treated(bad, bad), "rounds: 1", "rounds: 2", 1)
	r := o.start(t, plan, "--allow-restart")
	r.ends(t, exitFailed, "3 trials in a row could not be run", "unrecognized feature gate: NoSuchGate")
	trials := r.trials(t, 3)
	for i := range trials {
		void(t, &trials[i], bench.VoidTreatment, "unrecognized feature gate: NoSuchGate")
	}
}

// losesRuntime: the run cannot go on, and no kubelet starts without a runtime. The
// original configuration is in place all the same, and cleanup does the rest when the
// runtime is back.
func (o *owned) losesRuntime(t *testing.T) {
	r := o.start(t, o.treated(o.off, o.on), "--allow-restart")
	r.measuring(t)
	if err := syscall.Kill(o.runtime.pid(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.ends(t, exitFailed, "list pod sandboxes", "the kubelet's configuration "+o.state.Config+" is back, but: restart the kubelet", "failed to run Kubelet")
	trials := r.trials(t, 1)
	void(t, &trials[0], bench.VoidRestart, "runtime")
	if !o.configIs(t, o.config) || !errors.Is(gate.Unchanged(""), gate.ErrChanged) {
		t.Error("the configuration is not the original one, or nobody knows that the kubelet did not come back")
	}
	o.runtime.again(t)
	o.cleanup(t)
}
