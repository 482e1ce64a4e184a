package node

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// logBytes is how much of a log is looked at, from its end.
const logBytes = 4 << 20

// logTail returns the last lines of a log, for an error message.
func logTail(name string, lines int) string {
	data, err := readLog(name, 0)
	if err != nil {
		return "no log: " + err.Error()
	}
	all := lastLines(string(data), lines, func(string) bool { return true })
	if len(all) == 0 {
		return name + " is empty"
	}
	return "last lines of its log:\n" + strings.Join(all, "\n")
}

// readLog reads a log from a byte on, at most the last of it.
func readLog(name string, from int64) (_ []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data := make([]byte, max(0, min(info.Size()-from, logBytes)))
	if _, err := f.ReadAt(data, info.Size()-int64(len(data))); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// lastLines returns the last lines that are wanted.
func lastLines(text string, lines int, want func(string) bool) []string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && want(line) {
			found = append(found, line)
		}
	}
	return found[max(0, len(found)-lines):]
}

// klogError matches a line of an error in the text format of klog, or the first of
// a Go panic:
//
//	E1122 23:55:33.123456    4711 run.go:72] "command failed" err="…"
var klogError = regexp.MustCompile(`^([EF]\d{4} \d\d:\d\d:\d\d\.\d+ |panic: |fatal error: )`)

// why returns the last errors in the log of the kubelet's present process, or the
// last lines where there is no error.
func (k *Kubelet) why() string {
	s := k.node.State.Kubelet
	data, err := readLog(s.Log, s.LogStart)
	if err != nil {
		return "no log: " + err.Error()
	}
	if found := lastLines(string(data), kubeletLogLines, klogError.MatchString); len(found) > 0 {
		return "last errors in its log:\n" + strings.Join(found, "\n")
	}
	return logTail(s.Log, logLines)
}
