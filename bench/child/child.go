// Package child prepares the processes that the harness starts beside itself: agents,
// checks, the command that restarts a kubelet.
//
// It starts and ends none of them: whoever does knows when.
package child
