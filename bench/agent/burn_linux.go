package agent

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// burn uses d of CPU time, by the thread's own clock: waiting for a CPU does not
// count.
func burn(d time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var now unix.Timespec
	clock := func() time.Duration {
		// This clock is always there.
		_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now)
		return time.Duration(now.Nano())
	}
	for end := clock() + d; clock() < end; {
	}
}
