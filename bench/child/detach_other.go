//go:build !unix

package child

import "os/exec"

// Detach does nothing where there are no process groups.
func Detach(*exec.Cmd) {}
