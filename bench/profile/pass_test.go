package profile

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agent"
	"cri-stats-bench/bench/record"
)

func TestDistinct(t *testing.T) {
	arm := func(name string, window time.Duration, collectors ...string) bench.Arm {
		return bench.Arm{Name: name, Collectors: collectors, Interval: time.Second, Window: window}
	}
	treated := arm("treated", 30*time.Second, "a")
	treated.Treatment = "new"
	got := Distinct([]bench.Arm{
		arm("one", 30*time.Second, "a"), arm("again", 30*time.Second, "a"),
		arm("short", 3*time.Second, "b"), treated,
	})
	want := []bench.Arm{arm("one", 30*time.Second, "a"), arm("short", 21*time.Second, "b"), treated}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// fakeMeter meters nothing, of this process.
type fakeMeter struct{ bench.Meter }

func (fakeMeter) Watch(context.Context, []int) (bench.Watch, error) { return fakeWatch{}, nil }

type fakeWatch struct{}

func (fakeWatch) Begin() error                { return nil }
func (fakeWatch) End() (bench.Metered, error) { return bench.Metered{Length: time.Second}, nil }
func (fakeWatch) Close() error                { return nil }
func (fakeWatch) Processes() map[bench.Component][]int {
	return map[bench.Component][]int{bench.ComponentAgent: {os.Getpid()}, bench.ComponentRuntime: {os.Getpid()}}
}

// A pass goes through its arms once, and keeps what it was answered of each: functions,
// files, and what could not be read.
func TestPass(t *testing.T) {
	dir, agents := t.TempDir(), t.TempDir()
	gz := func(value, unit string, v int64) []byte {
		var b bytes.Buffer
		if err := made(value, unit, sample{v, []string{"f"}}).Write(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for end, data := range map[string][]byte{
		agent.CPUProfile: gz(cpuValue, "nanoseconds", 5e8), agent.BeforeProfile: gz(allocatedValue, "bytes", 1), agent.AfterProfile: gz(allocatedValue, "bytes", 3),
	} {
		if err := os.WriteFile(filepath.Join(agents, "77"+end), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var kept []*record.Profile
	var asked []string
	answers := make(chan string, 2)
	p := &Pass{
		Cell: bench.Cell{Pods: 3}, Arms: []bench.Arm{{Name: "one/x", Collectors: []string{"a"}, Window: 2 * time.Second}, {Name: "two"}},
		Meter: fakeMeter{}, Agents: agents, Dir: dir,
		Subjects: []Subject{{bench.ComponentRuntime, func(_ context.Context, path string) ([]byte, error) {
			answers <- path
			if strings.HasPrefix(path, "/debug/pprof/profile") {
				return gz(cpuValue, "nanoseconds", 2e9), nil
			}
			return nil, errors.New("no such path")
		}}},
		Keep: func(p *record.Profile) error {
			kept = append(kept, p)
			return nil
		},
	}
	slot, ok := p.Next()
	if !ok || slot.Arm.Name != "one/x" || p.Remaining() < 2*time.Second {
		t.Fatalf("first: %+v, %t, %v remaining", slot, ok, p.Remaining())
	}
	w, err := p.Watch(t.Context(), []int{77})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Begin(); err != nil {
		t.Fatal(err)
	}
	metered, err := w.End()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		asked = append(asked, <-answers)
	}
	trial := &bench.Trial{Slot: slot, Length: metered.Length}
	if err := errors.Join(w.Close(), p.Append(trial)); err != nil {
		t.Fatal(err)
	}
	p.Done(trial)
	// Of one that was never metered there is the trial alone.
	if slot, ok = p.Next(); !ok || slot.Arm.Name != "two" {
		t.Fatalf("second: %+v, %t", slot, ok)
	}
	if err := p.Append(&bench.Trial{Slot: slot, Unsupported: "no"}); err != nil {
		t.Fatal(err)
	}
	p.Done(nil)
	if slot, ok := p.Next(); ok {
		t.Errorf("and %+v", slot)
	}

	if len(kept) != 2 || len(kept[1].Parts) != 0 || len(kept[0].Parts) != 2 {
		t.Fatalf("kept %+v", kept)
	}
	agentPart, runtimePart := kept[0].Parts[0], kept[0].Parts[1]
	if diff := cmp.Diff([]record.HotFunction{{Function: "f", Flat: 0.5, Total: 0.5}}, agentPart.CPU); diff != "" {
		t.Errorf("CPU of the agent:\n%s", diff)
	}
	if diff := cmp.Diff([]record.HotFunction{{Function: "f", Flat: 2, Total: 2}}, agentPart.Allocated); diff != "" {
		t.Errorf("memory of the agent:\n%s", diff)
	}
	if diff := cmp.Diff([]record.HotFunction{{Function: "f", Flat: 2, Total: 2}}, runtimePart.CPU); diff != "" {
		t.Errorf("CPU of the runtime:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"profiles/one-x-runtime.cpu.pb.gz"}, runtimePart.Files); diff != "" {
		t.Errorf("files:\n%s", diff)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "profiles/one-x-runtime.cpu.pb.gz")); err != nil || !bytes.Equal(data, gz(cpuValue, "nanoseconds", 2e9)) {
		t.Errorf("the raw profile has %d bytes, %v", len(data), err)
	}
	missing := strings.Join(kept[0].Missing, "\n")
	if !strings.Contains(missing, "alloc_space profile of the runtime: no such path") {
		t.Errorf("missing: %s", missing)
	}
	if !strings.Contains(strings.Join(asked, " "), "seconds=2") {
		t.Errorf("asked %v", asked)
	}
}

// A link in the folder of a run leads nowhere: what it points to stays as it is, in the
// folder and outside.
func TestWriteFollowsNoLink(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	theirs := filepath.Join(outside, "theirs")
	trials := filepath.Join(dir, "trials.jsonl")
	for _, name := range []string{theirs, trials} {
		if err := os.WriteFile(name, []byte("kept"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "profiles"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"out": theirs, "in": "../trials.jsonl", "dangling": filepath.Join(outside, "made")} {
		if err := os.Symlink(to, filepath.Join(dir, "profiles", name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"out", "in", "dangling", "new"} {
		if err := write(dir, filepath.Join("profiles", name), []byte("profile")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "profiles", name)); err != nil || string(got) != "profile" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{theirs, trials} {
		if got, err := os.ReadFile(name); err != nil || string(got) != "kept" {
			t.Errorf("%s is now %q, %v", name, got, err)
		}
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
		t.Errorf("outside there is %v, %v", entries, err)
	}
	// A folder that leads out is refused.
	if err := os.RemoveAll(filepath.Join(dir, "profiles")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "profiles")); err != nil {
		t.Fatal(err)
	}
	if err := write(dir, filepath.Join("profiles", "theirs"), []byte("profile")); err == nil {
		t.Error("a folder that leads out was written to")
	}
}
