//go:build node && linux

package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func TestNodeRestartContainerd(t *testing.T) {
	testRestart(t, "containerd", "[plugins.'io.containerd.cri.v1.runtime']\nstats_collect_period = '9s'\n", `"statsCollectPeriod":"9s"`)
}

func TestNodeRestartCRIO(t *testing.T) {
	testRestart(t, "crio", "[crio.stats]\ncollection_period = 9\n", "")
}

// testRestart restarts a runtime as other variants while pods run: another configuration,
// a copy of its own programs, one that does not start, and what it was.
func testRestart(t *testing.T, runtime, config, says string) {
	c := testConfig(t, runtime)
	c.Debug = true
	before := notOurs(t)
	n := up(t, c)
	runPods(t, n, 3)
	first, pid := sandboxes(t, n), n.State.PID

	is := func(v Variant) {
		t.Helper()
		start := time.Now()
		if err := n.Restart(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s after %v", v.Name, time.Since(start).Round(time.Millisecond))
		name, err := n.Runs()
		if err != nil || name != v.Name || n.State.PID == pid {
			t.Errorf("runs %q, %v; process %d, before %d", name, err, n.State.PID, pid)
		}
		pid = n.State.PID
		if again := sandboxes(t, n); strings.Join(again, " ") != strings.Join(first, " ") {
			t.Errorf("pods %v, before the restart %v", again, first)
		}
		found, err := Find(c.Dir)
		if err != nil || found.State.PID != pid || found.State.Variant != v.Name {
			t.Errorf("on disk: %+v, %v", found.State, err)
		}
	}
	is(Variant{Name: "period", Config: config})
	if says != "" && !strings.Contains(runtimeConfig(t, n), says) {
		t.Errorf("the runtime does not have %s", says)
	}
	copied := t.TempDir()
	daemon := filepath.Base(n.State.Programs[0].Path)
	data, err := os.ReadFile(n.State.Programs[0].Path)
	if err == nil {
		err = os.WriteFile(filepath.Join(copied, daemon), data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	is(Variant{Name: "copied", Programs: copied, Env: []string{"GOGC=50"}})
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || !strings.Contains(string(environment), "GOGC=50\x00") {
		t.Errorf("environment of the daemon %q, %v", environment, err)
	}
	if says != "" && strings.Contains(runtimeConfig(t, n), says) {
		t.Error("the configuration of the variant before is still there")
	}
	// Its pods go on without it, and what comes after it starts as if nothing had been.
	if err := n.Restart(t.Context(), Variant{Name: "broken", Config: "version = 'x'\n[crio.runtime]\nconmon_cgroup = 7\n"}); err == nil {
		t.Error("a runtime starts with a broken configuration")
	} else {
		t.Log(err)
	}
	if _, err := n.Runs(); !errors.Is(err, errEnded) {
		t.Errorf("a runtime that did not start runs: %v", err)
	}
	is(Variant{Name: "again"})
	down(t, n)
	checkClean(t, n.State, before)
}

// sandboxes are the ids of the pods that the runtime says are ready.
func sandboxes(t *testing.T, n *Node) []string {
	t.Helper()
	conn, err := dial(n.State.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answer, err := runtimeapi.NewRuntimeServiceClient(conn).ListPodSandbox(t.Context(), &runtimeapi.ListPodSandboxRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range answer.GetItems() {
		if s.GetState() == runtimeapi.PodSandboxState_SANDBOX_READY {
			out = append(out, s.GetId())
		}
	}
	slices.Sort(out)
	return out
}
