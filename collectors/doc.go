// Package collectors is a shelf: each package on it reads the stats of all pods
// and containers of a node in one particular way and hands them over in the
// normal form of package bench.
//
//	cri       the calls of the Container Runtime Interface
//	cadvisor  cAdvisor, embedded as the kubelet embeds it
//	cgroup    the cgroup files themselves: the least that any source can cost
//
// Package collectortest holds the test that every one of them passes. The
// catalog of the command names their constructors; nothing else imports them,
// and they do not import each other.
package collectors
