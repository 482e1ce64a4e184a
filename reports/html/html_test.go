package html

import (
	"bytes"
	"errors"
	"html/template"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/reports/reporttest"
	"cri-stats-bench/reports/table"
)

// The golden files have a drawing in place of each figure: what figures look like
// is for package plot to say.
func TestGolden(t *testing.T) {
	for name, report := range map[string]reporttest.Report{"node": reporttest.Node, "parallel": reporttest.Parallel} {
		t.Run(name, func(t *testing.T) {
			var drawings []picture
			for _, id := range []string{"forest", "cpu-pods", "cpu-pods-2", "nobody-knows"} {
				drawings = append(drawings, picture{
					ID: id, Title: "Title of " + id, Caption: "Caption of " + id, SVG: template.HTML(`<svg viewBox="0 0 1 1"><title>` + id + `</title></svg>`),
					table: table.Table{Caption: "numbers of " + id, Header: []string{"arm", "ms"}, Rows: []table.Row{{{Text: "a"}, {Text: "1"}}}},
				})
			}
			var out bytes.Buffer
			if err := write(&out, table.New(report(t)), drawings, ""); err != nil {
				t.Fatal(err)
			}
			// The style sheet has a file of its own.
			page, style := out.String(), unix(styleText)
			if !strings.Contains(page, style) {
				t.Error("the page lacks the style sheet")
			}
			testfile.Golden(t, filepath.Join("testdata", name+".html"), strings.Replace(page, style, "/* style.css */\n", 1))
		})
	}
}

// reports are the made-up runs that every page is tested with.
func reports() map[string]reporttest.Report {
	return map[string]reporttest.Report{
		"trouble": reporttest.Trouble, "parallel": reporttest.Parallel, "node": reporttest.Node, "sliced": reporttest.Headline,
		"nothing": func(testing.TB) *analysis.Report { return &analysis.Report{} }, "kubelet": kubelet,
	}
}

// kubelet is a made-up run of the experiment of that name, as if it had taken place.
func kubelet(t testing.TB) *analysis.Report {
	t.Helper()
	run, err := analysistest.Kubelet(3, "containerd", 0.8)
	if err != nil {
		t.Fatal(err)
	}
	run.Host.Simulated = false
	r, err := run.Input().Analyze()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func draw(t testing.TB, r *analysis.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A document that has no report behind it is a page as well, also one without ids.
func TestDocument(t *testing.T) {
	d := &table.Document{
		Title: "two runs <compared>", Mark: "NOT FOR PUBLICATION", Why: []string{"<b>why</b>"}, Lead: []string{"lead"},
		Sections: []table.Section{
			{
				Heading:  "one",
				Lines:    []string{"a", "b"},
				Numbers:  []table.Number{{Label: "CPU", Value: "1 ×", Interval: "[0, 2]", Says: "says", Word: "Same", Tone: table.Good, Notes: []int{1, 99}}},
				Facts:    []table.Fact{{Name: "name", Value: "value"}},
				Listings: []table.Listing{{Text: "a\n  <b>\n"}},
				Links:    []table.Link{{Text: "text", URL: "https://example.com/a?b=c&d"}},
				Sections: []table.Section{{Heading: "below", Lines: []string{"c"}}},
			},
			{Heading: "two", Tables: []table.Table{{Caption: "t", Header: []string{"arm", "ms"}, Rows: []table.Row{{{Text: "x"}, {Text: "1", Interval: "[0, 2]", Notes: []int{1}}}}}}},
		},
		Footnotes: []string{"note:\ncase one\ncase two"},
	}
	var out bytes.Buffer
	if err := WriteDocument(&out, d); err != nil {
		t.Fatal(err)
	}
	p := parse(t, out.String())
	p.sound(t)
	for _, want := range []string{
		"two runs &lt;compared&gt;", "&lt;b&gt;why", `<span class="word good">Same</span>`, "  &lt;b&gt;", `href="https://example.com/a?b=c&amp;d"`, "<sup>1</sup>", "case two", `id="section-1-1"`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
}

func TestFullDisk(t *testing.T) {
	full := errors.New("no space left on device")
	w := writer(func([]byte) (int, error) { return 0, full })
	if err := Write(w, reporttest.Parallel(t)); !errors.Is(err, full) {
		t.Errorf("a report that cannot be written gives %v, want %v", err, full)
	}
	if err := WriteDocument(io.Discard, &table.Document{}); err != nil {
		t.Error(err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// The same report gives the same bytes.
func TestSameBytes(t *testing.T) {
	first, second := draw(t, reporttest.Headline(t)), draw(t, reporttest.Headline(t))
	if first != second {
		t.Error("two pages of one report differ")
	}
}

func TestHome(t *testing.T) {
	f := func(id, want string) {
		t.Helper()
		if got := home(id); got != want {
			t.Errorf("home(%q) is %q, want %q", id, got, want)
		}
	}
	f("forest", "summary")
	f("forest-2", "summary")
	f("cpu-pods", "cpu")
	f("cost-age", "freshness")
	f("other", "")
	f("", "")
}
