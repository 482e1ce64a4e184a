package meter

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// field returns the number of the line that begins with "key:". The files that
// are read with it differ in their space and unit only:
//
//	syscr: 32                                  /proc/PID/io
//	voluntary_ctxt_switches:	15               /proc/PID/task/TID/status
//	Pss_Anon:            112 kB                /proc/PID/smaps_rollup
//
// See Documentation/filesystems/proc.rst. The unit is the caller's business.
func field(data []byte, key string) (uint64, error) {
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		name, text, ok := bytes.Cut(line, []byte(":"))
		if !ok || string(name) != key {
			continue
		}
		text = bytes.TrimSuffix(bytes.TrimSpace(text), []byte(" kB"))
		v, err := strconv.ParseUint(string(text), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("line %q: %w", line, err)
		}
		return v, nil
	}
	return 0, fmt.Errorf("no line %q", key+":")
}

// nodeTicks is the first line of /proc/stat, as far as it is used: sums over all
// CPUs since boot, in units of USER_HZ (10 ms).
type nodeTicks struct {
	idle, iowait, steal uint64
}

// nodeColumns are how many numbers the line has up to steal.
const nodeColumns = 8

// parseNodeTicks parses the first line of /proc/stat:
//
//	cpu  40382 9275 23706 153806 500 0 412 0 0 0
//
// user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice. See
// proc_stat(5). It allocates only for an error: it runs at the edge of a window.
func parseNodeTicks(data []byte) (nodeTicks, error) {
	rest, ok := bytes.CutPrefix(data, []byte("cpu "))
	line, _, whole := bytes.Cut(rest, []byte("\n"))
	if !ok || !whole {
		return nodeTicks{}, errors.New(`no whole first line "cpu"`)
	}
	var v [nodeColumns]uint64
	for i := range v {
		line = bytes.TrimLeft(line, " ")
		n := 0
		for ; n < len(line) && line[n] >= '0' && line[n] <= '9'; n++ {
			d := uint64(line[n] - '0')
			if v[i] > (math.MaxUint64-d)/10 {
				return nodeTicks{}, fmt.Errorf("column %d is out of range", i+1)
			}
			v[i] = v[i]*10 + d
		}
		if n == 0 || n < len(line) && line[n] != ' ' {
			return nodeTicks{}, fmt.Errorf("column %d is not a number", i+1)
		}
		line = line[n:]
	}
	return nodeTicks{idle: v[3], iowait: v[4], steal: v[7]}, nil
}

// countCPUs counts the lines "cpu0", "cpu1", ... of /proc/stat: the CPUs that
// are online.
func countCPUs(data []byte) int {
	n := 0
	for line := range bytes.Lines(data) {
		if name, ok := bytes.CutPrefix(line, []byte("cpu")); ok && len(name) > 0 && name[0] >= '0' && name[0] <= '9' {
			n++
		}
	}
	return n
}
