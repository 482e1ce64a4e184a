package pods

import (
	"errors"
	"fmt"

	"github.com/prometheus/procfs"
)

// AvailableMemory is MemAvailable of /proc/meminfo: bytes that new processes can
// have without swapping, in the kernel's own estimate.
func AvailableMemory() (int64, error) {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, fmt.Errorf("open /proc: %w", err)
	}
	info, err := proc.Meminfo()
	if err != nil {
		return 0, fmt.Errorf("read /proc/meminfo: %w", err)
	}
	if info.MemAvailableBytes == nil {
		return 0, errors.New("read /proc/meminfo: it has no MemAvailable")
	}
	return int64(*info.MemAvailableBytes), nil
}
