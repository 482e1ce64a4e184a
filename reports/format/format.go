// Package format writes numbers and names the same way in every report.
//
// Packages table, text and markdown use it. It does not know what a number
// means: whoever calls chooses the unit, which belongs in the header.
package format

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Absent stands where there is no number. It is never a zero.
const Absent = "-"

// digits is how many significant digits a measured number is shown with.
const digits = 3

// A Unit is what a number is shown in.
type Unit struct {
	Name string
	// Size is how much of the base unit one of it is.
	Size float64
}

// The units of reports.
var (
	Milliseconds = Unit{"ms", 1e-3}
	Millicores   = Unit{"mcores", 1e-3}
	MiB          = Unit{"MiB", 1 << 20}
	KiB          = Unit{"KiB", 1 << 10}
	Microseconds = Unit{"µs", 1e-6}
	Hundredths   = Unit{"%", 0.01} // of a fraction
	One          = Unit{"", 1}
)

// Number writes a value, given in base units, with three significant digits. It
// never writes NaN or an infinity: those are no measurements.
func (u Unit) Number(v float64) string {
	v /= u.Size
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Absent
	}
	if v == 0 {
		return "0" // also for -0
	}
	// Rounding first, since 9.996 has one digit less behind the point than 9.99.
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	if err != nil {
		return Absent
	}
	magnitude := math.Floor(math.Log10(math.Abs(rounded)))
	if magnitude < -6 || magnitude > 9 {
		return strconv.FormatFloat(rounded, 'e', digits-1, 64)
	}
	return strconv.FormatFloat(rounded, 'f', max(0, digits-1-int(magnitude)), 64)
}

// Interval writes both ends: "[1.12, 1.34]".
func (u Unit) Interval(lo, hi float64) string {
	return "[" + u.Number(lo) + ", " + u.Number(hi) + "]"
}

// Count writes a mean of counts: whole numbers in full, others as Number.
func Count(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return One.Number(v)
}

// Percent writes a fraction: 0.95 as "95 %".
func Percent(fraction float64) string {
	return strconv.FormatFloat(math.Round(1e5*fraction)/1e3, 'f', -1, 64) + " %"
}

// Probability writes a p-value; very small ones say no more than that they are.
func Probability(p float64) string {
	if p < 0.0001 {
		return "<0.0001"
	}
	return One.Number(p)
}

// Rounds writes a number of rounds that nobody needs to know to the last digit.
func Rounds(n int) string {
	if n < 10000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%.0e", float64(n))
}

// OrAbsent writes what is not known as absent.
func OrAbsent(text string) string {
	if text == "" {
		return Absent
	}
	return text
}

// Plain makes a text that came from a node safe to print: control characters,
// marks that change the direction of writing, and bytes that are not UTF-8 become
// visible escapes. What prints is left alone.
func Plain(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, s[0])
		case unicode.IsPrint(r):
			out.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			out.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return out.String()
}

// Shorten cuts the middle out of a text that is longer than so many characters
// (at least 3): the beginnings and the ends of names tell them apart.
func Shorten(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	most = max(most, 3)
	head := most / 2
	tail := most - head - 1
	return string(runes[:head]) + "…" + string(runes[len(runes)-tail:])
}

// Marks writes the numbers of footnotes as superscripts: "¹ ²".
func Marks(numbers []int) string {
	superscript := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	marks := make([]string, len(numbers))
	for i, n := range numbers {
		for _, digit := range strconv.Itoa(n) {
			if '0' <= digit && digit <= '9' {
				marks[i] += string(superscript[digit-'0'])
			}
		}
	}
	return strings.Join(marks, " ")
}

// Durations lists the different ones among durations, ascending.
func Durations(all []time.Duration, separator string) string {
	var texts []string
	for _, d := range slices.Compact(slices.Sorted(slices.Values(all))) {
		texts = append(texts, d.String())
	}
	return strings.Join(texts, separator)
}
