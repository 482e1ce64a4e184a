// Package cadvisor reads the stats of pods and containers through cAdvisor,
// embedded in this process as the kubelet embeds it: what the calls of package
// cri are to replace. The settings are those of kubelet 1.37
// (pkg/kubelet/cadvisor/cadvisor_linux.go).
//
//	OpenKubelet    the cache, filled as the kubelet fills it: 10 s, 15 s for cgroups that are idle
//	OpenOneSecond  the cache, filled every 1 to 2 s
//	OpenOnDemand   no cache: every call reads all cgroups
//	OpenMetrics    the cache as the kubelet fills it, as the text of /metrics/cadvisor
//
// An agent process may open one of them, once. cAdvisor keeps its settings in
// flags of the process and the containers' factories in a list of the process,
// and it cannot be ended: Close stops all but the loops that read one container
// each, which run until the process ends.
//
// The package does not speed cAdvisor up or spare it work: what its API makes the
// kubelet pay is what is measured.
package cadvisor
