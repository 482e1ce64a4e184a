//go:build !linux

package agent

import "time"

// burn uses up to d of CPU time: where there is no clock of the thread, the time
// of day stands in for it.
func burn(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}
