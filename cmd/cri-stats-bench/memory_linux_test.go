package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"cri-stats-bench/bench/record"
)

// What anybody may send, a plan or the folder of a run, takes no more memory and time than
// what is useful does.
func TestPeakMemory(t *testing.T) {
	const (
		size = 1 << 20
		most = 256 << 20
	)
	exe := filepath.Join(t.TempDir(), "cri-stats-bench")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f := func(what string, args ...string) {
		t.Helper()
		start := time.Now()
		peak, err := peakOf(exec.Command(exe, args...))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if took := time.Since(start); peak > most || took > 30*time.Second {
			t.Errorf("%s: %d MiB and %v", what, peak>>20, took)
		}
	}
	filled := func(text string) []byte { return bytes.Repeat([]byte(text), size/len(text)) }
	plans := map[string][]byte{
		"brackets": filled("["), "mappings": filled("{a: "), "lists": filled("- "), "keys": filled("a: 1\n"), "anchors": filled("a: &a [*a]\n"),
		"a long list": append([]byte("pods: ["), append(filled("1, "), "1]\n"...)...), "a long name": append([]byte("name: "), filled("x")...),
		"quotes": filled("\""), "indents": []byte(indented(1400)),
	}
	for what, data := range plans {
		path := filepath.Join(t.TempDir(), "plan.yaml")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		f("plan check of "+what, "plan", "check", path)
		// As much as is read of a plan at all, and parsed.
		if err := os.WriteFile(path, data[:min(len(data), 64<<10)], 0o644); err != nil {
			t.Fatal(err)
		}
		f("plan check of the beginning of "+what, "plan", "check", path)
	}

	// A folder whose sums are right: whoever makes one can make those, too.
	from := filepath.Join("testdata", "records", "quiet")
	for what, file := range map[string]struct {
		name string
		data []byte
	}{
		"nested facts": {record.HostFile, []byte(strings.Repeat(`{"a":1,"b":`, 9000) + "1" + strings.Repeat("}", 9000))},
		"many facts":   {record.HostFile, append([]byte(`{"a":[`), append(filled(`{},`), `{}]}`...)...)},
		"long lines":   {record.TrialsFile, filled("x")},
		"blank lines":  {record.TrialsFile, filled("\n")},
		"a long end":   {record.EndFile, filled("[")},
		"a long check": {record.ChecksFile, filled("{")},
	} {
		dir := t.TempDir()
		for _, name := range recordFiles {
			data, err := os.ReadFile(filepath.Join(from, name))
			if err != nil {
				t.Fatal(err)
			}
			if name == file.name {
				data = file.data
			}
			if name == record.FormatFile && file.name == record.HostFile {
				old, err := os.ReadFile(filepath.Join(from, record.HostFile))
				if err != nil {
					t.Fatal(err)
				}
				data = bytes.ReplaceAll(data, []byte(sumOfJSON(t, old)), []byte(sumOfJSON(t, file.data)))
			}
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		f("report of "+what, "report", "--full", dir)
	}
}

// indented is text that is nested so many levels deep by indentation.
func indented(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// sumOfJSON is the sum that format.json has of a file.
func sumOfJSON(t *testing.T, data []byte) string {
	t.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(compact.Bytes()))
}

// peakOf runs a command, whatever it says, and returns the most memory that it held in bytes:
// the last high water mark that could be read.
//
// Note: not the rusage of the child, which begins with what its parent held.
func peakOf(cmd *exec.Cmd) (int64, error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	var peak int64
	for tick := time.NewTicker(2 * time.Millisecond); ; {
		if p, err := procfs.NewProc(cmd.Process.Pid); err == nil {
			if status, err := p.NewStatus(); err == nil {
				peak = max(peak, int64(status.VmHWM))
			}
		}
		select {
		case <-ended:
			tick.Stop()
			if peak == 0 {
				return 0, errors.New("it had ended before anything could be read")
			}
			return peak, nil
		case <-tick.C:
		}
	}
}
