// Command podload is what runs inside the pods of a benchmark: it sleeps, or
// burns CPU at a known rate, and holds memory and writes files if told to.
//
//	podload pause [--hold 8Mi] [--cache 16Mi] [--files 100] [--open 64] [--threads 8]
//	podload end
//	podload burn --cpu 0.01 [--hold 8Mi] [--cache 16Mi] [--files 100] [--open 64] [--threads 8]
//
// It is the only program in the image that package image builds, and the pause
// program of the sandboxes as well, so it ends on SIGTERM and reaps orphans when
// it is process 1. What it burns is what agreement holds the stats against.
//
// It uses the standard library alone and prints nothing unless something is
// wrong: whatever it did besides would be in the numbers.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// Exit status: what sh and most programs use.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

func main() {
	runtime.GOMAXPROCS(1)
	// The heap never grows once it runs, and with collection off the runtime does
	// not wake every two minutes to collect either.
	debug.SetGCPercent(-1)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(status)
}

// run does what args say until ctx ends.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	l, err := parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "podload: %v\n%s", err, usage)
		return exitUsage
	}
	if l.end {
		return exitOK
	}
	if os.Getpid() == 1 {
		go reap(ctx)
	}
	memory := hold(l.hold)
	err = writeFiles(".", l.files)
	if err == nil {
		var files []*os.File
		files, err = keepOpen(".", l.open, l.cache)
		defer runtime.KeepAlive(files)
	}
	if err != nil {
		fmt.Fprintf(stderr, "podload: %v\n", err)
		return exitError
	}
	for range l.threads {
		go func() {
			runtime.LockOSThread()
			<-ctx.Done()
		}()
	}
	if l.cpu > 0 {
		err = burn(ctx, l.cpu, cpuTime)
	} else {
		<-ctx.Done()
	}
	runtime.KeepAlive(memory)
	if err != nil {
		fmt.Fprintf(stderr, "podload: %v\n", err)
		return exitError
	}
	return exitOK
}

// hold returns n bytes of memory that is really there.
func hold(n int64) []byte {
	memory := make([]byte, n)
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	return memory
}

// fileBytes is the size of each file written: one block of most file systems.
const fileBytes = 4096

// writeFiles writes n files of fileBytes into dir.
func writeFiles(dir string, n int) error {
	content := make([]byte, fileBytes)
	for i := range n {
		name := fmt.Sprintf("%s%cpodload-%06d", dir, os.PathSeparator, i)
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return fmt.Errorf("write file %d of %d: %w", i+1, n, err)
		}
	}
	return nil
}

// keepOpen keeps n files open. The first of them holds so many bytes of page cache: all
// were written, which makes the kernel count them as inactive, and the first half was read
// twice since, which makes it active. None has a name any more, so that nothing is left of
// them once the process has ended.
func keepOpen(dir string, n int, cache int64) ([]*os.File, error) {
	if cache > 0 {
		n = max(n, 1)
	}
	files := make([]*os.File, n)
	for i := range files {
		f, err := os.CreateTemp(dir, "podload-open-*")
		if err == nil {
			err = os.Remove(f.Name())
		}
		if err != nil {
			return nil, fmt.Errorf("keep file %d of %d open: %w", i+1, n, err)
		}
		files[i] = f
	}
	if cache == 0 {
		return files, nil
	}
	block := make([]byte, 64<<10)
	for at := int64(0); at < cache; at += int64(len(block)) {
		if _, err := files[0].WriteAt(block[:min(int64(len(block)), cache-at)], at); err != nil {
			return nil, fmt.Errorf("write %d bytes to be cached: %w", cache, err)
		}
	}
	if err := files[0].Sync(); err != nil { // what is dirty may be anywhere
		return nil, fmt.Errorf("write %d bytes to be cached: %w", cache, err)
	}
	for range 2 {
		for at := int64(0); at < cache/2; at += int64(len(block)) {
			if _, err := files[0].ReadAt(block[:min(int64(len(block)), cache/2-at)], at); err != nil {
				return nil, fmt.Errorf("read %d bytes again: %w", cache/2, err)
			}
		}
	}
	return files, nil
}

// period is the length of one duty cycle: short against any interval between
// reads of stats, long against what a timer is late.
const period = 100 * time.Millisecond

// maxDebt is how much missed CPU time is made up for. A container that was
// stopped for a minute must not burn a whole core afterwards.
const maxDebt = 10 * period

// burn uses rate CPUs until ctx ends: in each period it burns until used, the
// CPU time of the process, stands where rate wants it at the period's end, and
// sleeps for the rest. What it could not burn for want of a CPU, and what the
// sleeping itself costs, is made good in the next periods, so that the rate
// holds over time.
func burn(ctx context.Context, rate float64, used func() (time.Duration, error)) error {
	first, err := used()
	if err != nil {
		return err
	}
	start := time.Now()
	for {
		end := time.Since(start).Truncate(period) + period
		goal := first + time.Duration(rate*float64(end))
		for {
			now, err := used()
			if err != nil {
				return err
			}
			elapsed := time.Since(start)
			if debt := goal - now - time.Duration(rate*float64(period)); debt > maxDebt {
				first -= debt - maxDebt
				goal -= debt - maxDebt
			}
			if now >= goal || elapsed >= end {
				break
			}
			spin()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(end - time.Since(start)):
		}
	}
}

// spin burns some ten microseconds, so that asking for the CPU time is a small
// part of what is burned.
func spin() {
	x := uint32(1)
	for range 10_000 {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
	}
	runtime.KeepAlive(x)
}
