package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cri-stats-bench/bench/trend"
)

// Ten nights as ever, then six on which cri-pod-stats costs more.
func TestTrend(t *testing.T) {
	var same, nights []string
	for i := range 16 {
		night := nightlyRun{seed: uint64(i + 1), node: "a"}
		if i < 10 {
			same = append(same, night.write(t, fmt.Sprintf("night-%02d", i)))
			nights = same
			continue
		}
		night.worse = 1.4
		nights = append(nights[:i:i], night.write(t, fmt.Sprintf("night-%02d", i)))
	}
	f := func(status int, stdout, stderr string, args ...string) string {
		t.Helper()
		got, out, errs := invoke(append([]string{"trend"}, args...)...)
		if got != status || !strings.Contains(out, stdout) || !strings.Contains(errs, stderr) {
			t.Errorf("trend %v: status %d, want %d\nwant on standard output %q:\n%s\nwant on standard error %q:\n%s", args, got, status, stdout, out, stderr, errs)
		}
		return out
	}
	f(exitDone, "Nothing, in ", "", append([]string{"--fail-on", "regressed"}, same...)...)
	f(exitDone, "night-10", "", nights...)
	f(exitInferior, "", "of cri-pod-stats over cadvisor since night-10", append([]string{"--fail-on", "regressed"}, nights...)...)
	f(exitInferior, `<failure`, "", append([]string{"--format", "junit", "--fail-on", "regressed"}, nights...)...)
	f(exitUsage, "", "inconclusive: give some of regressed", append([]string{"--fail-on", "inconclusive"}, nights...)...)
	f(exitUsage, "", "requires at least 2 arg", nights[0])
	f(exitUsage, "", "the same run", nights[0], nights[0])
	other := nightlyRun{seed: 3, node: "b", cpus: 8}.write(t, "other")
	f(exitUsage, "", "host.cpu.count: 4, then 8", nights[0], other)

	var of trend.Trend
	if err := json.Unmarshal([]byte(f(exitDone, "", "", append([]string{"--format", "json"}, nights...)...)), &of); err != nil {
		t.Fatal(err)
	}
	if len(of.Runs) != 16 {
		t.Errorf("%d runs, want 16", len(of.Runs))
	}
	for _, s := range of.Series {
		for _, c := range s.Changes {
			if s.Arm != "cri-pod-stats" || c.Run != 10 || !c.Worse {
				t.Errorf("%s over %q, %s: changed since run %d, ratio %+v: only cri-pod-stats has, since run 10", s.Arm, s.To, s.Series, c.Run, c.Ratio)
			}
		}
	}
	dir := t.TempDir()
	f(exitDone, "", "", append([]string{"--out", dir}, nights...)...)
	for _, name := range []string{"trend.txt", "trend.md", "trend.html", "trend.json", "junit_cri-stats-bench-trend_01.xml"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}
