package origin

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/analysis"
)

func known() *analysis.Report {
	return &analysis.Report{
		Name: "quick", Experiment: "api", Hash: "abc", Seed: 7, Baseline: "cadvisor",
		First: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Last: time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC),
		Host: analysis.HostInfo{
			Version: "v1", Runtime: analysis.Runtime{Name: "containerd", Version: "v2.4.2"},
			Facts: []analysis.Fact{
				{Name: "host.os", Value: "linux"}, {Name: "host.arch", Value: "amd64"}, {Name: "host.cpu.count", Value: "2"},
				{Name: "host.kernel.release", Value: "6.12.1\nwith a line"},
			},
		},
	}
}

func TestPairs(t *testing.T) {
	r := known()
	if diff := cmp.Diff([]Pair{
		{"goos", "linux"}, {"goarch", "amd64"}, {"kernel", `6.12.1\nwith a line`},
		{"experiment", "api"}, {"plan", "quick"}, {"baseline", "cadvisor"},
	}, Setting(r)); diff != "" {
		t.Errorf("Setting (-want +got):\n%s", diff)
	}
	r.Host.NotForPublication = []string{"2 CPUs", "a virtual machine"}
	if diff := cmp.Diff([]Pair{
		{"runtime", "containerd-v2.4.2"}, {"harness", "v1"}, {"plan-hash", "abc"}, {"seed", "7"}, {"first", "2026-03-01T12:00:00Z"}, {"last", "2026-03-01T13:00:00Z"},
		{"not-for-publication", "2 CPUs; a virtual machine"},
	}, Occasion(r)); diff != "" {
		t.Errorf("Occasion (-want +got):\n%s", diff)
	}
	if got := CPUs(r); got != 2 {
		t.Errorf("CPUs is %d, want 2", got)
	}
	if got := CPUs(&analysis.Report{}); got != 0 {
		t.Errorf("CPUs of an unknown node is %d", got)
	}
	if diff := cmp.Diff([]Pair{{"seed", "0"}}, Occasion(&analysis.Report{})); diff != "" {
		t.Errorf("Occasion of an empty report (-want +got):\n%s", diff)
	}
}

func TestMark(t *testing.T) {
	f := func(simulated bool, reasons []string, want string) {
		t.Helper()
		if got := Mark(&analysis.HostInfo{Simulated: simulated, NotForPublication: reasons}); got != want {
			t.Errorf("Mark(%v, %q) is %q, want %q", simulated, reasons, got, want)
		}
	}
	f(false, nil, "")
	f(true, nil, "SIMULATED")
	f(false, []string{"x"}, "NOT FOR PUBLICATION")
	f(true, []string{"x"}, "SIMULATED, NOT FOR PUBLICATION")
}

func TestName(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Name(in); got != want {
			t.Errorf("Name(%.20q) is %q, want %q", in, got, want)
		}
	}
	f("cri-pod-stats", "cri-pod-stats")
	f("a\nb", `a\nb~7e18f737`)
	f(strings.Repeat("ä", 100), strings.Repeat("ä", 100))
	long := strings.Repeat("ä", 10000)
	if a, b := Name(long+"a"), Name(long+"b"); a == b || len([]rune(a)) != nameLength+9 || !strings.HasPrefix(a, strings.Repeat("ä", 100)+"~") {
		t.Errorf("two long names are %q and %q", a, b)
	}
}

func TestFileName(t *testing.T) {
	f := func(in string, most int, want string) {
		t.Helper()
		if got := FileName(in, most); got != want {
			t.Errorf("FileName(%q, %d) is %q, want %q", in, most, got, want)
		}
	}
	f("quick", 10, "quick")
	f("../../etc/passwd_1", 100, "-.-..-etc-passwd-1")
	f("<b>ä\n", 10, "-b---")
	f("abcdef", 3, "abc")
	f("", 3, "")
}

func FuzzName(f *testing.F) {
	f.Add("a\nb\u202e\xff", "a")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, s := range []string{Name(a), Line(a), FileName(a, 50)} {
			if strings.ContainsAny(s, "\n\r\t\x00\x1b") {
				t.Fatalf("%q became %q", a, s)
			}
		}
		if strings.ContainsAny(FileName(a, 50), `/\: `) {
			t.Fatalf("%q is no part of a file's name", FileName(a, 50))
		}
		if a != b && Name(a) == Name(b) {
			t.Fatalf("%q and %q have one name", a, b)
		}
	})
}
