//go:build unix

package child

import (
	"os/exec"
	"syscall"
)

// Detach puts the command in a process group of its own: a Ctrl-C at the terminal
// goes to the harness, which ends or awaits its children in order.
func Detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
