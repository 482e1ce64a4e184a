package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

const usage = `usage: podload pause [--hold SIZE] [--cache SIZE] [--files N] [--open N] [--threads N]
       podload burn --cpu CORES [the same]
       podload end
SIZE is bytes, or has a unit: 64Ki, 8Mi, 1Gi. CORES is above 0 and at most 1.
`

// A load is what the program was told to do.
type load struct {
	cpu   float64 // CPUs, 0 to sleep
	hold  int64   // bytes
	cache int64   // bytes of page cache
	files int
	// end says to do nothing and end.
	end bool
	// open are files that are kept open, threads ones of the kernel beyond its own.
	open, threads int
}

// parse reads the command line, without the program's name.
func parse(args []string) (load, error) {
	var l load
	if len(args) == 0 {
		return l, errors.New("none of pause, burn and end given")
	}
	mode := args[0]
	flags := flag.NewFlagSet(mode, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	size := func(of *int64) func(string) error {
		return func(s string) (err error) {
			*of, err = parseSize(s)
			return err
		}
	}
	flags.Func("hold", "", size(&l.hold))
	flags.Func("cache", "", size(&l.cache))
	flags.IntVar(&l.files, "files", 0, "")
	flags.IntVar(&l.open, "open", 0, "")
	flags.IntVar(&l.threads, "threads", 0, "")
	switch mode {
	case "pause":
	case "end":
		l.end = true
	case "burn":
		flags.Float64Var(&l.cpu, "cpu", 0, "")
	default:
		return l, fmt.Errorf("unknown mode %q", mode)
	}
	if err := flags.Parse(args[1:]); err != nil {
		return l, err
	}
	switch {
	case flags.NArg() > 0:
		return l, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case mode == "burn" && !(l.cpu > 0 && l.cpu <= 1): // also refuses NaN
		return l, fmt.Errorf("--cpu %v is not above 0 and at most 1", l.cpu)
	}
	for name, n := range map[string]int{"files": l.files, "open": l.open, "threads": l.threads} {
		if n < 0 {
			return l, fmt.Errorf("--%s %d is negative", name, n)
		}
	}
	return l, nil
}

// parseSize reads bytes with or without one of Ki, Mi and Gi.
func parseSize(s string) (int64, error) {
	digits, unit := s, int64(1)
	for suffix, n := range map[string]int64{"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30} {
		if d, ok := strings.CutSuffix(s, suffix); ok {
			digits, unit = d, n
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || int64(n) > math.MaxInt64/unit {
		return 0, fmt.Errorf("size %q is not a number of bytes such as 4096, 64Ki or 8Mi", s)
	}
	return int64(n) * unit, nil
}
