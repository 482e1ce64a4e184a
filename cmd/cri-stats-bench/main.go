// Command cri-stats-bench measures, on a real node, what it costs to get pod and
// container stats from the CRI runtime, compared with cAdvisor.
//
// catalog.go is the one table that names what can be measured; each other file
// is one command. The program decides nothing about numbers: packages below
// bench do.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	ctx := interruptible(context.Background(), signals, os.Stderr, func() { os.Exit(exitInterrupted) })
	// A reader of our output that goes away (| head) must not end us before the node
	// is put back.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
