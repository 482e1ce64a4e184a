//go:build !linux

package agent

// Copy gives the program itself: how memory is shared is not metered here.
func Copy(program string) (path string, done func() error, err error) {
	return program, func() error { return nil }, nil
}
