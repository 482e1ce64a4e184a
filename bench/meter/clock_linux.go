package meter

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// ProcessClock reads the CPU clock of any process: user and system time of all
// its threads, those that ended included. The clock's id is what
// clock_getcpuclockid(3) makes of a pid (MAKE_PROCESS_CPUCLOCK with
// CPUCLOCK_SCHED, include/linux/posix-timers_types.h).
func ProcessClock(pid int) (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|2, &ts); err != nil {
		return 0, fmt.Errorf("read the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}
