// Package calls writes every call of a run as comma-separated values, for
// spreadsheets and data frames.
//
// It stands beside the reports and shows what they are made of: also void trials,
// with the reasons. It sums nothing up, and trials that it writes may have been
// replaced by a later attempt: package analysis knows which of them count.
//
// Text that a spreadsheet would take for a formula begins with an apostrophe.
package calls

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/origin"
)

// header names the columns. Times are in seconds, bytes and counts as they are.
//
//	mark                  SIMULATED, NOT FOR PUBLICATION, or nothing
//	trial                 the order in which the trials were run, from 1
//	sweep … attempt       the place in the schedule
//	pods … profile        the cell
//	trial_start           the wall clock at the start of the window (RFC 3339, UTC)
//	void                  the rules that the trial broke, by blanks; empty if it may be used
//	call                  from 1
//	due, start            since the start of the window
//	service, response     from start and from due until the answer; empty for a failed call
//	bytes … samples       of the answer; empty for a failed call
//	failed_after_seconds  from start until the error; empty for an answer
var header = []string{
	"mark", "trial", "sweep", "round", "position", "attempt", "pods", "containers_per_pod", "profile", "arm", "collector",
	"trial_start", "void", "call", "due_seconds", "start_seconds", "service_seconds", "response_seconds",
	"bytes", "answer_pods", "answer_containers", "answer_samples", "failed_after_seconds", "error",
}

// Columns of a call itself; those before are the same for all calls of an agent.
const (
	callColumn = 13 + iota
	dueColumn
	startColumn
	serviceColumn
	responseColumn
	bytesColumn
	podsColumn
	containersColumn
	samplesColumn
	failedColumn
	errorColumn
)

// Write writes one row per call, in the order of the records.
func Write(w io.Writer, in analysis.Input) error {
	out := csv.NewWriter(w)
	err := out.Write(header)
	row := make([]string, len(header))
	mark := origin.Mark(&in.Host)
	for i := range in.Trials {
		t := &in.Trials[i]
		for j := range t.Agents {
			a := &t.Agents[j]
			describe(row, mark, i+1, t, a.Collector)
			for k := range a.Calls {
				if err != nil {
					return fmt.Errorf("write the calls: %w", err)
				}
				fill(row[callColumn:], k+1, &a.Calls[k])
				err = out.Write(row)
			}
		}
	}
	if out.Flush(); err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("write the calls: %w", err)
	}
	return nil
}

// describe fills the columns that all calls of an agent share.
func describe(row []string, mark string, number int, t *bench.Trial, collector string) {
	reasons := make([]string, len(t.Void))
	for i, v := range t.Void {
		reasons[i] = string(v.Reason)
	}
	n := strconv.Itoa
	copy(row, []string{
		mark, n(number), n(t.Sweep), n(t.Round), n(t.Position), n(t.Attempt),
		n(t.Cell.Pods), n(t.Cell.ContainersPerPod), text(t.Cell.Profile), text(t.Arm.Name), text(collector),
		t.Start.UTC().Format(time.RFC3339Nano), text(strings.Join(reasons, " ")),
	})
}

// fill fills the columns of one call. A failed call has no answer and no latency:
// it must not look like a fast one.
func fill(row []string, number int, c *bench.Call) {
	set := func(column int, value string) { row[column-callColumn] = value }
	set(callColumn, strconv.Itoa(number))
	set(dueColumn, seconds(c.Due))
	set(startColumn, seconds(c.Start))
	if c.Err != "" {
		clear(row[serviceColumn-callColumn : failedColumn-callColumn])
		set(failedColumn, seconds(c.Service))
		set(errorColumn, text(c.Err))
		return
	}
	set(serviceColumn, seconds(c.Service))
	set(responseColumn, seconds(c.Response()))
	set(bytesColumn, strconv.FormatInt(c.Bytes, 10))
	set(podsColumn, strconv.Itoa(c.Pods))
	set(containersColumn, strconv.Itoa(c.Containers))
	set(samplesColumn, strconv.Itoa(c.Samples))
	set(failedColumn, "")
	set(errorColumn, "")
}

// seconds writes a duration to the nanosecond, without the rounding of floats.
func seconds(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%d.%09d", sign, d/time.Second, d%time.Second)
}

// text makes a text one line, and keeps spreadsheets from taking it for a formula.
// See https://owasp.org/www-community/attacks/CSV_Injection.
func text(s string) string {
	s = format.Plain(s)
	if first := strings.TrimLeft(s, " "); first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first)[0]) {
		return "'" + s
	}
	return s
}
