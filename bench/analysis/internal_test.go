package analysis

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

func TestPattern(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := pattern(in); got != want {
			t.Errorf("pattern(%q) is %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("9 of 10 calls failed after 1.5 s.", "# of # calls failed after # s.")
	f("container 0123456789abcdef is gone", "container # is gone")
	f("deadbeef", "deadbeef")
	f("read smaps of 7: denied", "read smaps of #: denied")
}

func FuzzPattern(f *testing.F) {
	f.Add("9 of 10 in 0123456789ab")
	f.Fuzz(func(t *testing.T, s string) {
		if out := pattern(s); out != pattern(out) || strings.ContainsAny(out, "0123456789") {
			t.Errorf("pattern(%q) is %q", s, out)
		}
	})
}

// The figures of the literature at 95 %.
func TestNeededCalls(t *testing.T) {
	for p, want := range map[float64]int{0.5: 6, 0.9: 36, 0.95: 72, 0.99: 368} {
		if got := neededCalls(p, 0.95); got != want {
			t.Errorf("p%g needs %d calls, want %d", 100*p, got, want)
		}
	}
}

func TestDecodeHost(t *testing.T) {
	f := func(in string, want HostInfo) {
		t.Helper()
		got, err := DecodeHost([]byte(in))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("DecodeHost(%s): err %v, (-want +got):\n%s", in, err, diff)
		}
	}
	f("", HostInfo{})
	f("{}", HostInfo{})
	f(`{"simulated":true,"not_for_publication":["a","b"],"version":"v1"}`,
		HostInfo{Simulated: true, NotForPublication: []string{"a", "b"}, Version: "v1"})
	f(`{"runtime":{"name":"crio","version":"1.31"},"host":{"b":{"n":12345678901234567890,"ok":true,"none":null},"a":[1,"x"],"c":[{"d":1}]}}`,
		HostInfo{
			Runtime: Runtime{"crio", "1.31"},
			Facts: []Fact{
				{"host.a", "1, x"}, {"host.b.n", "12345678901234567890"}, {"host.b.ok", "true"}, {"host.c.0.d", "1"},
				{"runtime.name", "crio"}, {"runtime.version", "1.31"},
			},
		})
	for _, bad := range []string{"[", "[]", `{"simulated":"yes"}`, `{"runtime":7}`} {
		if _, err := DecodeHost([]byte(bad)); err == nil {
			t.Errorf("DecodeHost(%s) gives no error", bad)
		}
	}
}

func FuzzDecodeHost(f *testing.F) {
	f.Add(`{"simulated":true,"host":{"a":[1,{"b":null}]}}`)
	f.Fuzz(func(t *testing.T, s string) {
		one, err := DecodeHost([]byte(s))
		if err != nil {
			return
		}
		two, err := DecodeHost([]byte(s))
		if diff := cmp.Diff(one, two); err != nil || diff != "" {
			t.Errorf("twice the same gives err %v, (-one +two):\n%s", err, diff)
		}
		if _, err := json.Marshal(one); err != nil {
			t.Error(err)
		}
	})
}

func TestPrimaryCell(t *testing.T) {
	f := func(want string, cells ...bench.Cell) {
		t.Helper()
		got := "none"
		if c := primaryCell(cells); c != nil {
			got = c.String()
		}
		if got != want {
			t.Errorf("of %v %s is primary, want %s", cells, got, want)
		}
	}
	cell := func(pods int, profile string) bench.Cell {
		return bench.Cell{Pods: pods, ContainersPerPod: 1, Profile: profile}
	}
	f("none")
	f("pods=35 containers=1 profile=idle", cell(10, "idle"), cell(35, "idle"), cell(0, "active"))
	f("pods=110 containers=1 profile=active", cell(90, "idle"), cell(110, "idle"), cell(110, "active"), cell(250, "active"))
	f("pods=110 containers=1 profile=active", cell(110, "active"), cell(110, "idle"))
}

func TestCopies(t *testing.T) {
	arm := func(name string, interval time.Duration, collectors ...string) bench.Arm {
		return bench.Arm{Name: name, Collectors: collectors, Interval: interval, Window: time.Minute}
	}
	arms := []bench.Arm{
		arm("idle", 1, "idle"), arm("a", 1, "x"), arm("b", 1, "x"), arm("c", 2, "x"), arm("d", 1, "x", "y"),
		arm("e", 1, "x"), arm("f", 3, "z"), arm("base", 3, "z"),
	}
	want := map[string]string{"b": "a", "e": "a", "f": "base"}
	if diff := cmp.Diff(want, copies(arms, "base", "idle", nil)); diff != "" {
		t.Errorf("copies (-want +got):\n%s", diff)
	}
}
