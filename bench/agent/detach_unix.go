//go:build unix

package agent

import (
	"os/exec"
	"syscall"
)

// detach puts the child in a process group of its own: a Ctrl-C at the terminal
// goes to the harness, which ends its agents in order.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
