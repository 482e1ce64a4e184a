// Package node brings up a container runtime of our own for the time of a run (a
// managed node), takes it down again so that nothing of it is left, and finds
// the daemon behind the socket of a runtime that runs already.
//
// The programs it starts are built by scripts/node. Package criconn talks to the
// runtime once it answers, package meter reads the process and the cgroup that
// are named here, package workloads/pods puts pods on it.
//
// It touches no daemon, cgroup, mount or file that its own state file does not
// name, and it neither pulls an image nor runs a pod.
package node
