package host

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
)

// knownReaders are programs that read the cgroup files of all pods on a clock.
var knownReaders = []string{
	"cadvisor", "datadog-agent", "dynatrace", "kubelet", "metricbeat", "netdata", "node_exporter", "otelcol", "systemd-oomd", "telegraf",
}

// commLength is what the kernel keeps of a process's name (TASK_COMM_LEN).
const commLength = 15

// findReaders returns processes of known readers, in the order of their ids. A
// process that cannot be looked at is left out.
func findReaders(proc procfs.FS) []Reader {
	all, err := proc.AllProcs()
	if err != nil {
		return nil
	}
	slices.SortFunc(all, func(a, b procfs.Proc) int { return a.PID - b.PID })
	var readers []Reader
	for _, p := range all {
		comm, err := p.Comm()
		if err != nil {
			continue
		}
		args, err := p.CmdLine()
		if err != nil {
			continue
		}
		if name := readerName(comm, args); name != "" {
			readers = append(readers, Reader{name, p.PID})
		}
	}
	return readers
}

// readerName returns which known reader a process is, "" if none. Some run under
// a name that says nothing, from a folder that does (/opt/datadog-agent/bin/agent).
func readerName(comm string, args []string) string {
	program := ""
	if len(args) > 0 {
		program = args[0]
	}
	for _, name := range knownReaders {
		if comm == name[:min(len(name), commLength)] || filepath.Base(program) == name || strings.Contains(program, "/"+name+"/") {
			return name
		}
	}
	return ""
}
