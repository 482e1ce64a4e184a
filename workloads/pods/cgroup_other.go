//go:build !linux

package pods

import (
	"context"
	"errors"
	"fmt"

	"cri-stats-bench/bench/criconn"
)

// RemoveCgroups needs Linux.
func RemoveCgroups(context.Context, string, criconn.CgroupDriver) error {
	return fmt.Errorf("remove cgroups: %w", errors.ErrUnsupported)
}

func removePodCgroups(context.Context, string, criconn.CgroupDriver, []string) ([]string, error) {
	return nil, fmt.Errorf("remove cgroups: %w", errors.ErrUnsupported)
}

func nest(string, string, string, int) error {
	return fmt.Errorf("make nested cgroups: %w", errors.ErrUnsupported)
}
