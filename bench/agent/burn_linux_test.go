package agent

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What is burned is held against the kernel's account of the thread, which is
// another road than the clock that burn goes by.
func TestBurn(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := func() time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	const want = 50 * time.Millisecond
	before := used()
	burn(want)
	if got := used() - before; got < want*98/100 || got > want*105/100 {
		t.Errorf("burned %v, want %v", got, want)
	}
}
