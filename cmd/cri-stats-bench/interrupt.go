package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// sameWish is for how long further signals say no more than the first: a terminal sends one
// to all of its programs, and sudo sends it on.
const sameWish = time.Second

// interruptible returns a context that the first signal ends. What is under way then puts
// back what it has changed; where that takes longer than a moment, whoever waits is told, and
// that another signal ends the program at once. end does that.
func interruptible(ctx context.Context, signals <-chan os.Signal, stderr io.Writer, end func()) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		<-signals
		cancel()
		moment := time.After(sameWish)
		for {
			select {
			case <-moment:
				moment = nil
				fmt.Fprintln(stderr, "interrupted: ending, and putting back what was changed; interrupt again to end at once")
			case <-signals:
				if moment == nil {
					fmt.Fprintln(stderr, "ended at once: what was made or changed is left as it is; cri-stats-bench cleanup (with the same --runtime-endpoint) removes and restores it")
					end()
					return
				}
			}
		}
	}()
	return ctx
}
