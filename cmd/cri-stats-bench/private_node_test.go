//go:build node

package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cri-stats-bench/bench/cgroupfs"
	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/bench/node"
)

// program starts this test binary as the program.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), childVariable+"=1", "CONTAINER_RUNTIME_ENDPOINT=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// podload builds the pods' program.
func podload(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "podload")
	cmd := exec.Command("go", "build", "-o", name, "../podload")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build podload: %v\n%s", err, out)
	}
	return name
}

// file writes a file of the test's own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// nothingLeft fails if anything of a private node or of its pods is there.
func nothingLeft(t *testing.T) {
	t.Helper()
	for _, dir := range []string{node.DefaultDir, "/run/cri-stats-bench/node"} {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("left: %s (%v)", dir, err)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, node.DefaultDir+"/") || strings.Contains(line, "/run/cri-stats-bench/node/") {
			t.Errorf("left: mount %s", line)
		}
	}
	fs, err := cgroupfs.Open(cgroupfs.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range fs.Hierarchies() {
		for _, name := range []string{"cri-stats-bench-node", "cristatsbench"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				t.Errorf("left: cgroup %s/%s", dir, name)
			}
		}
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if strings.HasPrefix(i.Name, "csbench") {
			t.Errorf("left: interface %s", i.Name)
		}
	}
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range processes {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has just ended
		}
		line := string(bytes.ReplaceAll(data, []byte{0}, []byte{' '}))
		if strings.HasPrefix(line, "/podload ") || strings.Contains(line, node.DefaultDir+"/") || strings.Contains(line, "/run/cri-stats-bench/node/") {
			t.Errorf("left: process %s: %s", filepath.Dir(name), line)
		}
	}
}

// privateNode brings up a node that is gone after the test, and connects to it.
func privateNode(t *testing.T, load string, flags ...string) *criconn.Conn {
	t.Helper()
	if text, err := program(t, append([]string{"node", "up", "--podload", load}, flags...)...).CombinedOutput(); err != nil {
		t.Fatalf("node up: %v\n%s", err, text)
	}
	t.Cleanup(func() {
		if text, err := program(t, "node", "down").CombinedOutput(); err != nil {
			t.Errorf("node down: %v\n%s", err, text)
		}
		nothingLeft(t)
	})
	n, err := node.Find("")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := criconn.Dial(t.Context(), n.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
