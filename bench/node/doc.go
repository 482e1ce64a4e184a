// Package node brings up a container runtime of our own for the time of a run (a
// managed node), with a kubelet on top where one is asked for, takes them down
// again so that nothing of them is left, and finds the daemon behind the socket of
// a runtime, or behind the port of a kubelet, that runs already.
//
// The programs it starts are built by scripts/node. Package criconn talks to the
// runtime once it answers and kubeletconn to the kubelet, package gate restarts
// that one with its gate off and on, package meter reads the processes and the
// cgroups that are named here, packages workloads/pods and workloads/staticpods put
// pods on it.
//
// Some paths are in the programs of the daemons, above all where a kubelet looks
// for its runtime. A node that needs one that somebody else has does not start;
// what was not there before is gone afterwards, and what was is as it was.
//
// It touches no daemon, cgroup, mount or file that its own state file does not
// name, and it neither pulls an image nor runs a pod.
package node
