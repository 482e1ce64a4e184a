package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

// Tables are joined, all else is replaced, and a config without an overlay keeps its
// bytes.
func TestOverlay(t *testing.T) {
	const base = "# ours\nversion = 3\n[a]\nx = 1\nlist = [1, 2]\n[a.'b.c']\ny = 'z'\n"
	got, err := overlay([]byte(base), "")
	if err != nil || string(got) != base {
		t.Errorf("without: %q, %v", got, err)
	}
	if got, err = overlay([]byte(base), "[a]\nlist = [3]\n[a.'b.c']\nw = true\n[d]\n"); err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := toml.Unmarshal(got, &read); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"version": int64(3), "d": map[string]any{},
		"a": map[string]any{"x": int64(1), "list": []any{int64(3)}, "b.c": map[string]any{"y": "z", "w": true}},
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := overlay([]byte(base), "a = ["); err == nil || !strings.Contains(err.Error(), "to lay over it") {
		t.Errorf("broken TOML: %v", err)
	}
}

// A variant's folder need not have all programs, but one at least; pods are kept where
// only the daemon is another file.
func TestProgramsOf(t *testing.T) {
	dir := t.TempDir()
	program := func(folder, name, text string) string {
		t.Helper()
		path := filepath.Join(dir, folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\necho "+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	n := &Node{config: Config{Runtime: "containerd"}}
	for _, name := range []string{"containerd", "containerd-shim-runc-v2", "runc"} {
		n.own = append(n.own, Program{name, program("own", name, "1"), "1"})
	}
	n.State.Programs = n.own
	daemon := program("daemon", "containerd", "2")
	program("daemon", "containerd-shim-runc-v2", "1") // the same bytes in another place
	program("shim", "containerd-shim-runc-v2", "2")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	keeps := func(folder string) bool {
		t.Helper()
		v := Variant{Name: folder}
		if folder != "" {
			v.Programs = filepath.Join(dir, folder)
		}
		ok, err := n.KeepsPods(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !keeps("") || !keeps("daemon") || keeps("shim") {
		t.Errorf("pods are kept: as is %t, other daemon %t, other shim %t; want true, true, false", keeps(""), keeps("daemon"), keeps("shim"))
	}
	got, err := n.programsOf(t.Context(), Variant{Name: "daemon", Programs: filepath.Join(dir, "daemon")})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Program{"containerd", daemon, "2"}); got[0] != want || got[2] != n.own[2] || n.own[0].Version != "1" {
		t.Errorf("programs %+v of a node with %+v", got, n.own)
	}
	if _, err := n.programsOf(t.Context(), Variant{Name: "e", Programs: filepath.Join(dir, "empty")}); err == nil || !strings.Contains(err.Error(), "has none of this runtime, as containerd") {
		t.Errorf("a folder without programs: %v", err)
	}
}
