package node

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExchangeable(t *testing.T) {
	f := func(mode fs.FileMode, owner, group, user uint32, want string) {
		t.Helper()
		if got := exchangeable(mode, owner, group, user); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%v of %d:%d for user %d: %q, want %q", mode, owner, group, user, got, want)
		}
	}
	f(0o755, 0, 0, 0, "")
	f(0o755, 0, 0, 1000, "")
	f(0o755, 1000, 1000, 1000, "")
	f(0o755, 1000, 1000, 0, "belongs to user 1000")
	f(0o757, 0, 0, 0, "by everybody")
	f(fs.ModeDir|fs.ModeSticky|0o777, 0, 0, 0, "") // /tmp
	f(fs.ModeSticky|0o777, 0, 0, 0, "by everybody")
	f(0o775, 0, 0, 0, "")
	f(0o775, 0, 50, 0, "by group 50")
}

func TestTrusted(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "containerd")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := trusted(program); err != nil {
		t.Errorf("one's own: %v", err)
	}
	if err := os.Chmod(dir, 0o757); err != nil {
		t.Fatal(err)
	}
	if err := trusted(program); err == nil || !strings.Contains(err.Error(), dir+" may be written by everybody") {
		t.Errorf("in everybody's folder: %v", err)
	}
	if err := trusted(filepath.Join(dir, "gone")); err == nil {
		t.Error("one that is not there")
	}
}
