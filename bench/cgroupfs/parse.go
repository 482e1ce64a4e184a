package cgroupfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// ErrNoLimit is returned for the value "max".
var ErrNoLimit = errors.New("no limit is set")

// ParseUint parses a file of one number, with or without a newline:
//
//	104857600
//
// "max" (version 2) gives ErrNoLimit.
func ParseUint(data []byte) (uint64, error) {
	data = bytes.TrimSuffix(data, []byte("\n"))
	if string(data) == "max" {
		return 0, ErrNoLimit
	}
	return parseDigits(data)
}

// ParseFlat parses a flat keyed file and calls set for each line:
//
//	anon 8192
//	file 0
//
// See Documentation/admin-guide/cgroup-v2.rst, "Format". key is only valid
// during the call. Lines that are not "key number" are an error: they would be a
// value that is there and is not seen.
func ParseFlat(data []byte, set func(key []byte, value uint64)) error {
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		if len(line) == 0 {
			continue
		}
		key, value, ok := bytes.Cut(line, []byte(" "))
		if !ok || len(key) == 0 {
			return fmt.Errorf("line %q is not \"key number\"", line)
		}
		v, err := parseDigits(value)
		if err != nil {
			return fmt.Errorf("line %q: %w", line, err)
		}
		set(key, v)
	}
	return nil
}

// parseDigits is strconv.ParseUint for bytes, without the allocation: it runs
// hundreds of times in each read of the cgroup collector.
func parseDigits(data []byte) (uint64, error) {
	if len(data) == 0 {
		return 0, errors.New("no number")
	}
	var n uint64
	for _, c := range data {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%q is not a number", data)
		}
		d := uint64(c - '0')
		if n > (1<<64-1-d)/10 {
			return 0, fmt.Errorf("%q is out of range", data)
		}
		n = n*10 + d
	}
	return n, nil
}

// ParseCPUStat returns usage_usec of cpu.stat of version 2:
//
//	usage_usec 8537362
//	user_usec 6012210
//
// The kernel keeps nanoseconds (sum_exec_runtime) and prints microseconds.
func ParseCPUStat(data []byte) (time.Duration, error) {
	var usage time.Duration
	found := false
	err := ParseFlat(data, func(key []byte, v uint64) {
		if string(key) == "usage_usec" {
			usage, found = time.Duration(v)*time.Microsecond, true
		}
	})
	if err == nil && !found {
		err = errors.New("no line usage_usec")
	}
	return usage, err
}

// CPUUsageFile returns the file that holds the CPU time of the cgroup: cpu.stat
// of version 2 (microseconds), cpuacct.usage of version 1 (nanoseconds).
func (f *FS) CPUUsageFile(path string) (string, error) {
	dir, err := f.Dir(CPUAcct, path)
	if err != nil {
		return "", err
	}
	if f.Version() == 2 {
		return filepath.Join(dir, "cpu.stat"), nil
	}
	return filepath.Join(dir, "cpuacct.usage"), nil
}

// ParseCPUUsage parses what CPUUsageFile names.
func (f *FS) ParseCPUUsage(data []byte) (time.Duration, error) {
	if f.Version() == 2 {
		return ParseCPUStat(data)
	}
	v, err := ParseUint(data)
	return time.Duration(v), err
}

// CPUUsage reads the CPU time that the cgroup and all below it have used,
// children that ended included.
func (f *FS) CPUUsage(path string) (time.Duration, error) {
	name, err := f.CPUUsageFile(path)
	if err != nil {
		return 0, err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	usage, err := f.ParseCPUUsage(data)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	return usage, nil
}

// MemoryUsage reads the bytes charged to the cgroup, page cache included.
func (f *FS) MemoryUsage(path string) (uint64, error) {
	dir, err := f.Dir(Memory, path)
	if err != nil {
		return 0, err
	}
	name := filepath.Join(dir, "memory.usage_in_bytes")
	if f.Version() == 2 {
		name = filepath.Join(dir, "memory.current")
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	usage, err := ParseUint(data)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	return usage, nil
}
