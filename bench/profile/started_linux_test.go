package profile

import (
	"encoding/binary"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

// What a process and its children start is counted, by program, and what others start is
// not. As root only: the kernel tells nobody else.
func TestStarted(t *testing.T) {
	if os.Getuid() != 0 {
		if _, err := countStarted(nil); err == nil {
			t.Error("counted what processes start without being root")
		}
		t.Log("left out: counting processes that are started (needs root)")
		return
	}
	// A shell that starts three and waits for each; it is counted for, this test is not.
	shell := exec.Command("sh", "-c", "read go; for i in 1 2 3; do (env true); done")
	in, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	count, err := countStarted(map[bench.Component][]int{bench.ComponentRuntime: {shell.Process.Pid}})
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("true").Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte("go\n")); err != nil {
		t.Fatal(err)
	}
	if err := shell.Wait(); err != nil {
		t.Fatal(err)
	}
	got, err := count.end()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, of := range got[bench.ComponentRuntime] {
		n += of
	}
	if n < 3 || n > 6 || len(got) != 1 { // a shell may start one or two for each
		t.Errorf("started %v, want three by the runtime", got)
	}
}

// message is a netlink message of an event.
func message(what uint32, fields ...int32) []byte {
	b := make([]byte, 36)
	b = binary.NativeEndian.AppendUint32(b, what)
	b = append(b, make([]byte, eventHead-4)...)
	for i := range 6 {
		v := int32(0)
		if i < len(fields) {
			v = fields[i]
		}
		b = binary.NativeEndian.AppendUint32(b, uint32(v))
	}
	return b
}

func TestTake(t *testing.T) {
	c := &startedCount{alive: map[int]*counted{10: {bench.ComponentRuntime, "containerd"}}}
	for _, m := range [][]byte{
		message(eventFork, 10, 10, 11, 10), // a thread
		message(eventFork, 11, 10, 20, 20), // a process, by that thread
		message(eventFork, 20, 20, 21, 21), // by which another
		message(eventFork, 30, 30, 31, 31), // somebody else's
		message(eventExit, 20, 20),
		message(eventFork, 20, 20, 22, 22), // whose number it is now
		message(eventExec, 4194303, 4194303),
		{1, 2, 3},
	} {
		if what, data, ok := event(m); ok {
			c.take(what, data)
		}
	}
	got := make(map[bench.Component]int)
	for _, p := range c.started {
		got[p.component]++
	}
	if diff := cmp.Diff(map[bench.Component]int{bench.ComponentRuntime: 2}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
