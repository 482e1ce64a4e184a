//go:build !linux

package pods

import (
	"errors"
	"fmt"
)

// AvailableMemory needs Linux.
func AvailableMemory() (int64, error) {
	return 0, fmt.Errorf("read available memory: %w", errors.ErrUnsupported)
}
