//go:build node

package main

import (
	"bytes"
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

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/gate"
	"cri-stats-bench/bench/node"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/workloads/pods"
)

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
		r.ends(t, exitInterrupted, "go on with cri-stats-bench run --resume")
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
