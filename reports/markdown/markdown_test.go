package markdown

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"cri-stats-bench/reports/reporttest"
	"cri-stats-bench/reports/table"
)

func TestReport(t *testing.T) { reporttest.Run(t, Write, "md") }

// Every row of a table has as many cells as its header, whatever a node says.
func TestRowsAreWhole(t *testing.T) {
	for _, report := range []reporttest.Report{reporttest.Trouble, reporttest.Parallel, reporttest.Node, reporttest.Headline} {
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

// Whatever is in it, a page is not longer than GitHub takes. The summary stays, and
// what does not is named.
func TestMost(t *testing.T) {
	cell := strings.Repeat("x", 50)
	big := table.Table{Caption: "big", Header: []string{"arm", "ms"}, Aside: true}
	for range 100 {
		big.Rows = append(big.Rows, table.Row{{Text: cell}, {Text: cell}})
	}
	d := &table.Document{Title: "long", Sections: []table.Section{{ID: "summary", Heading: "Summary", Lines: []string{"the answer"}}}}
	for i := range 20 {
		s := table.Section{Heading: "Background", Background: true, Tables: []table.Table{big}}
		if i < 10 {
			s = table.Section{Heading: "Main", Tables: []table.Table{big}}
		}
		d.Sections = append(d.Sections, s)
	}
	var out bytes.Buffer
	if err := WriteDocument(&out, d); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if n := utf8.RuneCountInString(text); n > Most || n < Most/2 {
		t.Errorf("the page has %d characters", n)
	}
	for _, want := range []string{"the answer", "## Main", "Left out, since GitHub takes 65536 characters: Background; Background"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	folded(t, text)
}

// folded: every fold that is opened is closed, and none stands in another.
func folded(t *testing.T, text string) {
	t.Helper()
	open := false
	for _, tag := range regexp.MustCompile("</?details>").FindAllString(text, -1) {
		if open == (tag == "<details>") {
			t.Fatalf("%s where a fold is open: %v", tag, open)
		}
		open = !open
	}
	if open {
		t.Error("a fold is not closed")
	}
}

// Every table bears the mark of the document, and every section is there.
func TestMarks(t *testing.T) {
	for _, report := range []reporttest.Report{reporttest.Trouble, reporttest.Node} {
		d := table.New(report(t))
		var out bytes.Buffer
		if err := WriteDocument(&out, d); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		folded(t, text)
		var look func(*table.Section)
		look = func(s *table.Section) {
			if !strings.Contains(text, escape(s.Heading)) && !strings.Contains(text, summary(s.Heading)) {
				t.Errorf("the section %q is not there", s.Heading)
			}
			for _, table := range s.Tables {
				if !strings.Contains(text, "**"+escape(d.Mark)+"** "+escape(table.Caption)) {
					t.Errorf("the table %q is not there, or bears no mark", table.Caption)
				}
			}
			for i := range s.Sections {
				look(&s.Sections[i])
			}
		}
		for i := range d.Sections {
			look(&d.Sections[i])
		}
	}
}

func TestFence(t *testing.T) {
	f := func(caption, text, want string) {
		t.Helper()
		if got := fence(table.Listing{Caption: caption, Text: text}); got != want {
			t.Errorf("fence(%q, %q) is %q, want %q", caption, text, got, want)
		}
	}
	f("", "a\n  b\n", "```\na\n  b\n```")
	f("a *b*", "x```y````z", "a \\*b\\*\n\n`````\nx```y````z\n`````")
	f("", "a\x1b\r\nb", "```\na\\x1b\nb\n```")
}

// However long the names are that a node has given, the answer fits a comment.
func TestComment(t *testing.T) {
	for _, h := range reporttest.HostileNames() {
		for _, report := range []reporttest.Report{reporttest.Trouble, reporttest.Short, reporttest.Headline} {
			r := report(t)
			reporttest.Rename(r, h.Rename)
			var out bytes.Buffer
			if err := Write(&out, r); err != nil {
				t.Fatal(err)
			}
			if n := utf8.RuneCount(out.Bytes()); n > Most {
				t.Errorf("%s: the comment has %d characters", h.Name, n)
			}
			folded(t, out.String())
		}
	}
}
