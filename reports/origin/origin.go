// Package origin says where the numbers of a report come from, in the words and
// keys that every machine-readable form shares.
//
// Packages benchfmt, perfdata, junit and openmetrics put it beside their numbers;
// package table does the same for people. It holds no number that was measured:
// whoever wants to know what came out reads the report.
package origin

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// A Pair is one thing that is known. Key is lower case with dashes, Value one line
// of printable text and never empty.
type Pair struct{ Key, Value string }

// Mark says what the numbers must not be taken for: "SIMULATED", "NOT FOR
// PUBLICATION", both, or nothing.
func Mark(h *analysis.HostInfo) string {
	var marks []string
	if h.Simulated {
		marks = append(marks, table.Simulated)
	}
	if len(h.NotForPublication) > 0 {
		marks = append(marks, table.NotForPublication)
	}
	return strings.Join(marks, ", ")
}

// Reasons is why the numbers are not for publication, as one line.
func Reasons(h *analysis.HostInfo) string { return Line(strings.Join(h.NotForPublication, "; ")) }

// Setting is what stays the same when the same experiment is repeated on the same
// node: what runs may be grouped by. The first three keys are those of Go's own
// benchmarks.
func Setting(r *analysis.Report) []Pair {
	h := &r.Host
	return present([]Pair{
		{"goos", h.Fact("host.os")},
		{"goarch", h.Fact("host.arch")},
		{"cpu", h.Fact("host.cpu.model")},
		{"kernel", h.Fact("host.kernel.release")},
		{"cgroup", h.Fact("host.cgroup.mode")},
		{"experiment", r.Experiment},
		{"plan", r.Name},
		{"mode", string(r.Mode)},
		{"baseline", r.Baseline},
		{"idle", r.Idle},
	})
}

// Occasion is what is this run's alone: which runtime, which program, which plan to the
// letter, when. The runtime is here and not in Setting since its versions are what people
// compare.
func Occasion(r *analysis.Report) []Pair {
	pairs := []Pair{
		{"runtime", strings.Trim(r.Host.Runtime.Name+"-"+r.Host.Runtime.Version, "-")},
		{"harness", r.Host.Version},
		{"plan-hash", r.Hash},
		{"seed", strconv.FormatUint(r.Seed, 10)},
	}
	if !r.First.IsZero() {
		pairs = append(pairs, Pair{"first", r.First.UTC().Format(time.RFC3339)}, Pair{"last", r.Last.UTC().Format(time.RFC3339)})
	}
	return present(append(pairs, Pair{"not-for-publication", strings.Join(r.Host.NotForPublication, "; ")}))
}

// CPUs is how many CPUs the node has; 0 where host.json does not tell.
func CPUs(r *analysis.Report) int {
	n, err := strconv.Atoi(r.Host.Fact("host.cpu.count"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// present drops pairs without a value and makes the others fit for one line.
func present(pairs []Pair) []Pair {
	var out []Pair
	for _, p := range pairs {
		if p.Value = Line(p.Value); p.Value != "" {
			out = append(out, p)
		}
	}
	return out
}

const (
	// lineLength is what a text is shortened to, in characters: formats are read by
	// lines of at most 64 KiB, and shown in cells.
	lineLength = 1000
	// nameLength is what a name is shortened to.
	nameLength = 100
)

// Line makes one line of printable text of whatever came from a node.
func Line(s string) string { return strings.TrimSpace(format.Shorten(format.Plain(s), lineLength)) }

// Name makes a name fit for a label: printable, and not longer than tables and
// databases bear. Different names stay different: what was changed or cut off
// stands in a hash at the end.
func Name(s string) string {
	// No escape is shorter than what it stands for, so the name needs no more of s.
	plain := []rune(format.Plain(s[:min(len(s), utf8.UTFMax*(nameLength+1))]))
	if len(plain) <= nameLength && string(plain) == s {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return fmt.Sprintf("%s~%x", string(plain[:min(len(plain), nameLength)]), sum[:4])
}

// FileName makes a text fit for a part of a file's name: letters, digits, dots and
// dashes, at most so many of them.
func FileName(s string, most int) string {
	var out strings.Builder
	for _, r := range s {
		switch {
		case out.Len() == most:
			return out.String()
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.' && out.Len() > 0:
			out.WriteRune(r)
		default:
			out.WriteByte('-')
		}
	}
	return out.String()
}
