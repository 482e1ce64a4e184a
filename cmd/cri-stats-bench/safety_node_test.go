//go:build node

package main

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// interrupt starts the program, interrupts it after a while as at a terminal (the whole
// process group, and twice), and says with what status it ended.
func interrupt(t *testing.T, after time.Duration, args ...string) (status int, says string) {
	t.Helper()
	cmd := program(t, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	for range 2 {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
			t.Error(err)
		}
	}
	err := cmd.Wait()
	return cmd.ProcessState.ExitCode(), fmt.Sprintf("interrupted after %v: %v\n%s", after, err, stderr.String())
}

// A run that is interrupted at any moment removes all that it made.
func TestNodeInterrupt(t *testing.T) {
	load := podload(t)
	plan := file(t, "test.yaml", nodePlan)
	for _, after := range []time.Duration{50, 1100, 1500, 2000, 2500, 3500, 5000, 9000, 14000} {
		after *= time.Millisecond
		code, says := interrupt(t, after, "run", "--plan", plan, "--podload", load, "--out", t.TempDir())
		if code != exitInterrupted && !(after < time.Second && code == -1) {
			t.Errorf("status %d, %s", code, says)
		}
		nothingLeft(t)
	}
}

// A harness that is killed cleans up nothing; the next one says so, and cleanup
// removes it all.
func TestNodeKilled(t *testing.T) {
	load := podload(t)
	plan := file(t, "test.yaml", nodePlan)
	cmd := program(t, "run", "--plan", plan, "--podload", load, "--out", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(8 * time.Second)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	next := program(t, "run", "--plan", plan, "--podload", load, "--out", t.TempDir())
	text, _ := next.CombinedOutput()
	if next.ProcessState.ExitCode() != exitUnfit || !strings.Contains(string(text), "cri-stats-bench cleanup") {
		t.Errorf("the run after a killed one: status %d\n%s", next.ProcessState.ExitCode(), text)
	}
	if text, err := program(t, "cleanup").CombinedOutput(); err != nil {
		t.Errorf("cleanup: %v\n%s", err, text)
	}
	nothingLeft(t)
}

// On a runtime that is there, pods of others are not touched, and neither is the
// runtime.
func TestNodeExisting(t *testing.T) {
	load := podload(t)
	conn := privateNode(t, load)
	foreign, err := conn.Runtime.RunPodSandbox(t.Context(), &runtimev1.RunPodSandboxRequest{Config: &runtimev1.PodSandboxConfig{
		Metadata: &runtimev1.PodSandboxMetadata{Name: "foreign", Uid: "foreign", Namespace: "other"},
		Labels:   map[string]string{"cri-stats-bench": "looks like ours and is not"},
		Linux: &runtimev1.LinuxPodSandboxConfig{
			CgroupParent:    "/cristatsbench/podforeign",
			SecurityContext: &runtimev1.LinuxSandboxSecurityContext{NamespaceOptions: &runtimev1.NamespaceOption{Network: runtimev1.NamespaceMode_NODE}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	const plan = "name: test\npods: [4]\nrounds: 1\ninterval: 500ms\nwindow: 1s\nwarm_up: 0s\nsettle: 100ms\narms: [idle, cri-pod-stats]\nidle: idle\ntruth: off\n" +
		"guards: {steal: 100%, foreign_cpu: 100%, harness_cpu: 100%, lateness: 100%}\nretries: 0\n"
	measure := func(plan string) (string, int) {
		cmd := program(t, "run", "--plan", file(t, "test.yaml", plan), "--podload", load, "--out", t.TempDir(), "-r", conn.Endpoint)
		text, _ := cmd.CombinedOutput()
		return string(text), cmd.ProcessState.ExitCode()
	}
	if text, code := measure(plan); code != exitDone {
		t.Errorf("run: status %d\n%s", code, text)
	}
	// No node has memory for that many.
	text, code := measure(strings.Replace(plan, "pods: [4]", "pods: [10000]\ncontainers_per_pod: [100]", 1))
	if code != exitUnfit || !strings.Contains(text, "memory") {
		t.Errorf("run of a million containers: status %d\n%s", code, text)
	}
	if text, err := program(t, "cleanup", "-r", conn.Endpoint).CombinedOutput(); err != nil || !strings.Contains(string(text), "no pods of ours") {
		t.Errorf("cleanup after a run: %v\n%s", err, text)
	}
	sandboxes, err := conn.Runtime.ListPodSandbox(t.Context(), &runtimev1.ListPodSandboxRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if items := sandboxes.GetItems(); len(items) != 1 || items[0].GetId() != foreign.GetPodSandboxId() || items[0].GetState() != runtimev1.PodSandboxState_SANDBOX_READY {
		t.Errorf("pods after the run: %v, want the foreign one alone", items)
	}
}
