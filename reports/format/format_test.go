package format

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestNumber(t *testing.T) {
	f := func(u Unit, v float64, want string) {
		t.Helper()
		if got := u.Number(v); got != want {
			t.Errorf("%g in %q is %q, want %q", v, u.Name, got, want)
		}
	}
	f(One, 0, "0")
	f(One, math.Copysign(0, -1), "0")
	f(One, 1, "1.00")
	f(One, 9.996, "10.0")
	f(One, 99.96, "100")
	f(One, 12.34, "12.3")
	f(One, -12.34, "-12.3")
	f(One, 1234567, "1230000")
	f(One, 0.0012345, "0.00123")
	f(One, 1.2e-9, "1.20e-09")
	f(One, 3e12, "3.00e+12")
	f(One, math.NaN(), "-")
	f(One, math.Inf(1), "-")
	f(Milliseconds, 0.0123456, "12.3")
	f(Millicores, 0.5, "500")
	f(MiB, 3<<19, "1.50")
	f(KiB, 1<<20, "1020")
}

func TestCount(t *testing.T) {
	f := func(v float64, want string) {
		t.Helper()
		if got := Count(v); got != want {
			t.Errorf("Count(%g) is %q, want %q", v, got, want)
		}
	}
	f(35, "35")
	f(1234, "1234")
	f(0, "0")
	f(34.98765, "35.0")
	f(math.Inf(1), "-")
}

func TestInterval(t *testing.T) {
	if got, want := One.Interval(0.9, 1.2345), "[0.900, 1.23]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPercent(t *testing.T) {
	f := func(fraction float64, want string) {
		t.Helper()
		if got := Percent(fraction); got != want {
			t.Errorf("Percent(%g) is %q, want %q", fraction, got, want)
		}
	}
	f(0.95, "95 %")
	f(0.02, "2 %")
	f(0.9999, "99.99 %")
}

func TestPlain(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Plain(in); got != want {
			t.Errorf("Plain(%q) is %q, want %q", in, got, want)
		}
	}
	f("Größe ± 3 µs", "Größe ± 3 µs")
	f("a\nb\tc\x00", `a\nb\tc\x00`)
	f("\x1b[31mred", `\x1b[31mred`)
	f("\u202eevil\u200b", `\u202eevil\u200b`)
	f("\xff", `\xff`)
}

func FuzzPlain(f *testing.F) {
	f.Add("a\nb\u202e\xff|")
	f.Fuzz(func(t *testing.T, s string) {
		out := Plain(s)
		if !utf8.ValidString(out) {
			t.Fatalf("Plain(%q) is not UTF-8", s)
		}
		if i := strings.IndexFunc(out, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("Plain(%q) holds %q", s, out[i:])
		}
		if out != Plain(out) {
			t.Fatalf("Plain(%q) is not stable", s)
		}
	})
}

func TestShorten(t *testing.T) {
	f := func(in string, most int, want string) {
		t.Helper()
		if got := Shorten(in, most); got != want {
			t.Errorf("Shorten(%q, %d) is %q, want %q", in, most, got, want)
		}
	}
	f("cadvisor", 8, "cadvisor")
	f("cadvisor", 7, "cad…sor")
	f("größer", 5, "gr…er")
	f("abcdef", 0, "a…f")
}

func TestMarks(t *testing.T) {
	if got, want := Marks([]int{1, 20}), "¹ ²⁰"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Marks(nil); got != "" {
		t.Errorf("got %q of no notes", got)
	}
}

func FuzzNumber(f *testing.F) {
	f.Add(0.1)
	f.Add(-9.995e-7)
	f.Fuzz(func(t *testing.T, v float64) {
		if s := One.Number(v); s == "" || strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Errorf("%g is written %q", v, s)
		}
	})
}

func TestDurations(t *testing.T) {
	if got, want := Durations([]time.Duration{30 * time.Second, time.Second, 30 * time.Second}, " or "), "1s or 30s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Durations(nil, ", "); got != "" {
		t.Errorf("of none: %q", got)
	}
}
