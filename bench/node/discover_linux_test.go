package node

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/procfs"
)

// listen listens on a socket, as a daemon does; this process is the daemon.
func listen(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return socket
}

func TestDiscover(t *testing.T) {
	socket := listen(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{socket, "unix://" + socket} {
		d, err := Discover(t.Context(), endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if d.PID != os.Getpid() || d.Exe != exe || d.Socket != socket || d.StartTicks == 0 || len(d.Argv) == 0 || d.Config != nil {
			t.Errorf("discovered %+v, want this process", d)
		}
	}
}

// The road that is taken where a service manager made the socket.
func TestHolder(t *testing.T) {
	proc, err := procfs.NewFS(procRoot)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := holder(proc, listen(t))
	if err != nil || pid != os.Getpid() {
		t.Errorf("the socket is held by %d, %v, want this process, %d", pid, err, os.Getpid())
	}
	if pid, err := holder(proc, "/nonexistent"); err == nil || !strings.Contains(err.Error(), "no listening socket") {
		t.Errorf("a socket that is not there is held by %d, %v", pid, err)
	}
}

func TestDiscoverKubelet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := "https://" + l.Addr().String()
	d, err := DiscoverKubelet(endpoint)
	if err != nil || d.PID != os.Getpid() || d.Socket != endpoint || d.StartTicks == 0 {
		t.Errorf("discovered %+v, %v, want this process", d, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	f := func(endpoint, want string) {
		t.Helper()
		if d, err := DiscoverKubelet(endpoint); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("behind %s: %+v, %v, want an error with %q", endpoint, d, err, want)
		}
	}
	f(endpoint, "nobody listens on port")
	f("https://127.0.0.1", "no port in it")
	f("https://127.0.0.1:99999", "no port in it")
	f(":", "find the kubelet behind")
}

func TestListenersOn(t *testing.T) {
	const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	f := func(text, problem string, want ...uint64) {
		t.Helper()
		got, err := listenersOn([]byte(text), 10250)
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (problem == "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("listenersOn(%q): %v, want %q, diff (-want +got):\n%s", text, err, problem, diff)
		}
	}
	line := func(local, state, inode string) string {
		return "   0: " + local + " 00000000:0000 " + state + " 00000000:00000000 00:00000000 00000000     0        0 " + inode + " 1 0000000000000000 100 0 0 10 0\n"
	}
	f("", "")
	f(header, "")
	f(header+line("0100007F:280A", "0A", "17")+line("0100007F:280B", "0A", "18")+line("0100007F:280A", "01", "19"), "", 17)
	f(header+line("00000000000000000000000000000000:280A", "0A", "20")+line("0100007F:280A", "0A", "21"), "", 20, 21)
	f(line("0100007F:xyz", "0A", "17"), "local address")
	f(line("0100007F:280A", "0A", "x"), "inode of a socket")
}

func FuzzListenersOn(f *testing.F) {
	f.Add([]byte("   0: 0100007F:280A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 48879 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if inodes, err := listenersOn(data, 10250); err == nil && len(inodes) > 0 && !strings.Contains(strings.ToUpper(string(data)), "280A") {
			t.Errorf("found %v in %q", inodes, data)
		}
	})
}

func TestDiscoverRefuses(t *testing.T) {
	_, err := Discover(t.Context(), filepath.Join(t.TempDir(), "none"))
	if err == nil || !strings.Contains(err.Error(), "find the daemon behind") {
		t.Errorf("error %v", err)
	}
}

func TestConfigPath(t *testing.T) {
	f := func(name, want string, argv ...string) {
		t.Helper()
		if got := configPath(argv, name); got != want {
			t.Errorf("config of %q is %q, want %q", argv, got, want)
		}
	}
	f("containerd", "/etc/containerd/config.toml", "/usr/bin/containerd")
	f("containerd", "/c", "/usr/bin/containerd", "--config", "/c")
	f("containerd", "/c", "/usr/bin/containerd", "-c", "/c", "--log-level", "info")
	f("crio", "/c", "crio", "--config=/c")
	f("crio", "/etc/crio/crio.conf", "crio", "--config-dir", "/x")
	f("something", "", "something", "config", "--config")
}

func TestReadConfig(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "c"), []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := func(path string, want *ConfigFile) {
		t.Helper()
		got, err := readConfig(root, path)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("config %s: %v, diff (-want +got):\n%s", path, err, diff)
		}
	}
	// FIPS 180-2, appendix B.1.
	f("/c", &ConfigFile{"/c", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"})
	f("/none", nil)
	f("relative", nil)
	f("", nil)
	if c, err := readConfig(filepath.Dir(root), "/"+filepath.Base(root)); err == nil {
		t.Errorf("a folder was taken for a config: %+v", c)
	}
}
