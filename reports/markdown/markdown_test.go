package markdown

import (
	"bytes"
	"flag"
	"regexp"
	"strings"
	"testing"

	"cri-stats-bench/reports/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestReport(t *testing.T) { reporttest.Run(t, Write, "md", *update) }

// Every row of a table has as many cells as its header, whatever a node says.
func TestRowsAreWhole(t *testing.T) {
	for _, report := range []reporttest.Report{reporttest.Trouble, reporttest.Parallel, reporttest.Node, reporttest.Sliced} {
		var out bytes.Buffer
		if err := Write(&out, report(t)); err != nil {
			t.Fatal(err)
		}
		cells := 0
		for i, line := range strings.Split(out.String(), "\n") {
			if !strings.HasPrefix(line, "|") {
				cells = 0
				continue
			}
			n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
			if cells == 0 {
				cells = n
			}
			if n != cells {
				t.Errorf("line %d has %d cells, its table %d: %s", i+1, n-1, cells-1, line)
			}
		}
	}
}

func TestEscape(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := escape(in); got != want {
			t.Errorf("escape(%q) is %q, want %q", in, got, want)
		}
	}
	f("cri-pod-stats", "cri-pod-stats")
	f("1.2 [1.1, 1.3]", "1.2 [1.1, 1.3]")
	f("a|b", `a\|b`)
	f("<b>&", "&#60;b&#62;&#38;")
	f("[x](y) [x]: y [x][y]", `[x\](y) [x\]: y [x\][y]`)
	f("@user #1 *a* _b_ `c` ~~d~~", "&#64;user &#35;1 \\*a\\* \\_b\\_ \\`c\\` \\~\\~d\\~\\~")
	f("see https://a.example or www.a.example", "see https&#58;//a.example or www&#46;a.example")
	f("a\nb\x1b", `a\\nb\\x1b`)
}

func FuzzEscape(f *testing.F) {
	f.Add(reporttest.Hostile)
	// What would be markup, a link or a mention if it stood without its escape.
	markup := regexp.MustCompile("(^|[^\\\\])(\\\\\\\\)*([`*_|~]|\\]\\(|\\]\\[|\\]:)|[<>@\n]|://")
	f.Fuzz(func(t *testing.T, s string) {
		if out := escape(s); markup.MatchString(out) {
			t.Errorf("escape(%q) is %q, which holds %q", s, out, markup.FindString(out))
		}
	})
}
