//go:build !unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// cpuTime is not to be had here.
func cpuTime() (time.Duration, error) {
	return 0, fmt.Errorf("get CPU time of the process: %w", errors.ErrUnsupported)
}

// reap has nothing to do where there is no process 1.
func reap(context.Context) {}
