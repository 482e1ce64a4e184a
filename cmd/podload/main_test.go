package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	f := func(line string, want load, wantErr string) {
		t.Helper()
		got, err := parse(strings.Fields(line))
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) {
				t.Errorf("%q: error %v, want one with %q", line, err, wantErr)
			}
			return
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(load{})); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", line, err, diff)
		}
	}
	f("pause", load{}, "")
	f("burn --cpu 0.01", load{cpu: 0.01}, "")
	f("burn --cpu=1 --hold 8Mi --files 3", load{cpu: 1, hold: 8 << 20, files: 3}, "")
	f("pause --hold 4096", load{hold: 4096}, "")
	f("pause --cache 16Mi --open 64 --threads 8", load{cache: 16 << 20, open: 64, threads: 8}, "")

	f("end", load{end: true}, "")
	f("", load{}, "none of pause, burn and end")
	f("sleep", load{}, `unknown mode "sleep"`)
	f("--hold 8Mi", load{}, `unknown mode "--hold"`)
	f("pause --cpu 0.1", load{}, "cpu")
	f("pause now", load{}, `unexpected argument "now"`)
	f("burn", load{}, "--cpu 0 is not")
	f("burn --cpu 1.5", load{}, "--cpu 1.5 is not")
	f("burn --cpu NaN", load{}, "--cpu NaN is not")
	f("burn --cpu -1", load{}, "--cpu -1 is not")
	f("burn --cpu 0.1x", load{}, "invalid value")
	f("pause --hold 8MB", load{}, `size "8MB"`)
	f("pause --files -1", load{}, "--files -1 is negative")
	f("pause --open -1", load{}, "--open -1 is negative")
	f("pause --cache x", load{}, `size "x"`)
}

func TestParseSize(t *testing.T) {
	f := func(s string, want int64, ok bool) {
		t.Helper()
		if got, err := parseSize(s); got != want || (err == nil) != ok {
			t.Errorf("parseSize(%q) = %d, %v, want %d, ok %t", s, got, err, want, ok)
		}
	}
	f("0", 0, true)
	f("4096", 4096, true)
	f("64Ki", 64<<10, true)
	f("8Mi", 8<<20, true)
	f("1Gi", 1<<30, true)
	f("9223372036854775807", math.MaxInt64, true)
	f("9223372036854775808", 0, false)
	f("9007199254740992Ki", 0, false)
	f("", 0, false)
	f("Mi", 0, false)
	f("8mi", 0, false)
	f("+8", 0, false)
	f("1.5Mi", 0, false)
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"", "0", "8Mi", "1Gi", "-1", "Ki", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := parseSize(s); err == nil && n < 0 {
			t.Errorf("parseSize(%q) = %d", s, n)
		}
	})
}

func TestRunRefuses(t *testing.T) {
	var stderr strings.Builder
	if status := run(t.Context(), []string{"burn"}, &stderr); status != exitUsage || !strings.Contains(stderr.String(), "usage: podload") {
		t.Errorf("status %d, stderr %q", status, stderr.String())
	}
}

func TestRunPausesUntilToldToEnd(t *testing.T) {
	t.Chdir(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		var stderr strings.Builder
		if status := run(ctx, []string{"pause", "--hold", "1Mi", "--files", "3"}, &stderr); status != exitOK || stderr.Len() > 0 {
			t.Errorf("status %d, stderr %q", status, stderr.String())
		}
		if d := time.Since(start); d != time.Hour {
			t.Errorf("ended after %s", d)
		}
	})
	files, err := filepath.Glob("podload-*")
	if err != nil || len(files) != 3 {
		t.Fatalf("files %v, %v, want 3", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Size() != fileBytes {
		t.Errorf("file %v, %v", info, err)
	}
}

func TestWriteFilesFails(t *testing.T) {
	if err := writeFiles(filepath.Join(t.TempDir(), "missing"), 2); err == nil || !strings.Contains(err.Error(), "write file 1 of 2") {
		t.Errorf("got %v", err)
	}
}

// What is kept open has no name, and its size is what was asked for.
func TestKeepOpen(t *testing.T) {
	dir := t.TempDir()
	files, err := keepOpen(dir, 3, 100_000)
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for i, f := range files {
		defer f.Close()
		want := int64(0)
		if i == 0 {
			want = 100_000
		}
		if info, err := f.Stat(); err != nil || info.Size() != want {
			t.Errorf("file %d: %v, %v", i, info, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := keepOpen(filepath.Join(dir, "missing"), 1, 0); err == nil || !strings.Contains(err.Error(), "keep file 1 of 1 open") {
		t.Errorf("in a folder that is not there: %v", err)
	}
}
