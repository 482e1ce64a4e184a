package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"cri-stats-bench/bench"
	"cri-stats-bench/reports/format"
)

// newProgress shows how far a run is: a bar with the time left on a terminal, a
// line per trial elsewhere.
func newProgress(w io.Writer) func(bench.Progress) {
	// A bar is drawn on the terminal itself: it moves the cursor, which nothing else may.
	if c, ok := w.(*console); ok {
		if f, ok := c.out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return newBar(f)
		}
	}
	return func(p bench.Progress) {
		switch p.Phase {
		case bench.PhaseScale:
			fmt.Fprintf(w, "%s (%v left)\n", p.Slot.Cell, coarse(p.Remaining))
		case bench.PhaseDone:
			fmt.Fprintf(w, "  round %d  %-32s %s\n", p.Slot.Round+1, p.Slot.Arm.Name, format.Plain(outcome(p.Trial)))
		case bench.PhaseCheck:
			fmt.Fprintf(w, "  checking what is answered: %s\n", strings.Join(p.Slot.Arm.Collectors, ", "))
		case bench.PhaseStop:
			fmt.Fprintln(w, "removing the pods of this run")
		}
	}
}

// newBar shows a bar of time: it is as full as the part of the whole that has
// gone by.
func newBar(w io.Writer) func(bench.Progress) {
	start := time.Now()
	bar := progressbar.NewOptions64(1, progressbar.OptionSetWriter(w), progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetWidth(20), progressbar.OptionClearOnFinish(), progressbar.OptionSetElapsedTime(false))
	return func(p bench.Progress) {
		if p.Phase == bench.PhaseStop {
			_ = bar.Finish() // a bar that cannot be drawn must not end a run
			fmt.Fprintln(w, "removing the pods of this run")
			return
		}
		if p.Phase == bench.PhaseCheck {
			bar.Describe(fmt.Sprintf("%d pods, checking what is answered: %s", p.Slot.Cell.Pods, strings.Join(p.Slot.Arm.Collectors, ", ")))
			return
		}
		if p.Phase == bench.PhaseDone && !p.Trial.Usable() {
			_ = bar.Clear()
			fmt.Fprintf(w, "%s, round %d, %s: %s\n", p.Slot.Cell, p.Slot.Round+1, p.Slot.Arm.Name, format.Plain(outcome(p.Trial)))
		}
		elapsed := time.Since(start)
		bar.ChangeMax64(int64(elapsed + p.Remaining))
		bar.Describe(fmt.Sprintf("%d pods, round %d, %s, %v left", p.Slot.Cell.Pods, p.Slot.Round+1, p.Slot.Arm.Name, coarse(p.Remaining)))
		_ = bar.Set64(int64(elapsed))
	}
}

// outcome says in a few words how a trial went.
func outcome(t *bench.Trial) string {
	switch {
	case t.Unsupported != "":
		return "unsupported: " + t.Unsupported
	case len(t.Void) > 0:
		return fmt.Sprintf("void (%s: %s)", t.Void[0].Reason, t.Void[0].Detail)
	}
	calls, failed := 0, 0
	for _, a := range t.Agents {
		calls += len(a.Calls)
		failed += a.Calls.Failed()
	}
	if failed > 0 {
		return fmt.Sprintf("%d calls, %d failed", calls, failed)
	}
	return fmt.Sprintf("%d calls", calls)
}
