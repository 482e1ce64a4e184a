package meter

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestField(t *testing.T) {
	f := func(data, key string, want uint64, wantErr string) {
		t.Helper()
		got, err := field([]byte(data), key)
		if text := fmt.Sprint(err); got != want || wantErr == "" && err != nil || !strings.Contains(text, wantErr) {
			t.Errorf("field(%q, %q) = %d, %v, want %d, %q", data, key, got, err, want, wantErr)
		}
	}
	f("Pss:                 324 kB\nPss_Anon:            112 kB\n", "Pss", 324, "")
	f("Pss:                 324 kB\nPss_Anon:            112 kB", "Pss_Anon", 112, "")
	f("nonvoluntary_ctxt_switches:\t2\nvoluntary_ctxt_switches:\t1\n", "voluntary_ctxt_switches", 1, "")
	f("syscr: 18446744073709551615\n", "syscr", 1<<64-1, "")
	f("syscr: 18446744073709551616\n", "syscr", 0, "out of range")
	f("syscr: -1\n", "syscr", 0, "invalid syntax")
	f("Pss: 3 MB\n", "Pss", 0, "invalid syntax")
	f("syscr:\n", "syscr", 0, "invalid syntax")
	f("", "syscr", 0, `no line "syscr:"`)
}

func TestParseNodeTicks(t *testing.T) {
	f := func(data string, want nodeTicks, wantErr string) {
		t.Helper()
		got, err := parseNodeTicks([]byte(data))
		if d := cmp.Diff(want, got, cmp.AllowUnexported(nodeTicks{})); d != "" || wantErr == "" && err != nil || !strings.Contains(fmt.Sprint(err), wantErr) {
			t.Errorf("parseNodeTicks(%q): %v, want %q, diff (-want +got):\n%s", data, err, wantErr, d)
		}
	}
	f("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1", nodeTicks{4, 5, 8}, "")
	f("cpu  1 2 3 4 5 6 7 8\n", nodeTicks{4, 5, 8}, "")
	f("cpu  1 2 3 4 5 6 7 8", nodeTicks{}, "no whole first line")
	f("cpu0 1 2 3 4 5 6 7 8\n", nodeTicks{}, "no whole first line")
	f("", nodeTicks{}, "no whole first line")
	f("cpu  1 2 3 4 5 6 7\n", nodeTicks{}, "column 8 is not a number")
	f("cpu  1 2 3 4x 5 6 7 8\n", nodeTicks{}, "column 4 is not a number")
	f("cpu  1 2 3 -4 5 6 7 8\n", nodeTicks{}, "column 4 is not a number")
	f("cpu  18446744073709551616 2 3 4 5 6 7 8\n", nodeTicks{}, "column 1 is out of range")
}

func TestCountCPUs(t *testing.T) {
	if got := countCPUs([]byte("cpu  1 2\ncpu0 1 2\ncpu17 1 2\nintr 1\nctxt 2\n")); got != 2 {
		t.Errorf("%d CPUs, want 2", got)
	}
}

func TestParsePID(t *testing.T) {
	f := func(line string, want int, ok bool) {
		t.Helper()
		if got, err := parsePID(line); err == nil != ok || ok && got != want {
			t.Errorf("parsePID(%q) = %d, %v", line, got, err)
		}
	}
	f("17\n", 17, true)
	f("0\n", 0, true)
	f("-1\n", 0, false)
	f("\n", 0, false)
	f("17 18\n", 0, false)
}

func FuzzField(f *testing.F) {
	f.Add([]byte("rchar: 1\nsyscr: 32\n"), "syscr")
	f.Add([]byte("Pss_Anon:            112 kB\n"), "Pss_Anon")
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		v, err := field(data, key)
		if err != nil {
			if v != 0 {
				t.Errorf("%d beside %v", v, err)
			}
			return
		}
		if !bytes.Contains(data, []byte(key+":")) || !bytes.Contains(data, []byte(fmt.Sprint(v))) {
			t.Errorf("field(%q, %q) = %d, which is not there", data, key, v)
		}
	})
}

func FuzzParseNodeTicks(f *testing.F) {
	f.Add([]byte("cpu  40382 9275 23706 153806 500 0 412 0 0 0\ncpu0 1 2 3\n"))
	f.Add([]byte("cpu  1 2 3 4 5 6 7 8\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ticks, err := parseNodeTicks(data)
		if err != nil {
			if ticks != (nodeTicks{}) {
				t.Errorf("%v beside %v", ticks, err)
			}
			return
		}
		line, _, _ := strings.Cut(string(data), "\n")
		columns := strings.Fields(strings.TrimPrefix(line, "cpu"))
		for i, v := range map[int]uint64{3: ticks.idle, 4: ticks.iowait, 7: ticks.steal} {
			if got := strings.TrimLeft(columns[i], "0"); got != fmt.Sprint(v) && (got != "" || v != 0) {
				t.Errorf("column %d of %q is %d", i+1, line, v)
			}
		}
	})
}

func FuzzParsePID(f *testing.F) {
	f.Add("17\n")
	f.Fuzz(func(t *testing.T, line string) {
		if pid, err := parsePID(line); err == nil && pid < 0 {
			t.Errorf("parsePID(%q) = %d", line, pid)
		}
	})
}

// A signal does not cost a reading: the call is made again, and its own errors are told.
func TestUninterrupted(t *testing.T) {
	f := func(wantN int, want error, answers ...error) {
		t.Helper()
		calls := 0
		n, err := uninterrupted(func() (int, error) { calls++; return calls, answers[calls-1] })
		if n != wantN || !errors.Is(err, want) || calls != len(answers) {
			t.Errorf("%d, %v after %d calls; want %d, %v", n, err, calls, wantN, want)
		}
	}
	f(1, nil, nil)
	f(3, nil, unix.EINTR, unix.EINTR, nil)
	f(2, unix.ESRCH, unix.EINTR, unix.ESRCH)
	f(1, unix.EAGAIN, unix.EAGAIN)
}
