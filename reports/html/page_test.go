package html

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/reporttest"
)

// A parsed page, every element in the order of the document.
type parsed struct {
	text     string
	elements []*html.Node
}

func parse(t *testing.T, text string) *parsed {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	p := &parsed{text: text}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			p.elements = append(p.elements, n)
		}
	}
	return p
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func words(n *html.Node) string {
	var out strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			out.WriteString(c.Data)
		}
	}
	return out.String()
}

func (p *parsed) all(names ...string) []*html.Node {
	var out []*html.Node
	for _, n := range p.elements {
		if slices.Contains(names, n.Data) {
			out = append(out, n)
		}
	}
	return out
}

// inside returns the first element of that name below another, nil if there is none.
func inside(n *html.Node, name string) *html.Node {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && c.Data == name {
			return c
		}
	}
	return nil
}

// sound is what holds for every page.
func (p *parsed) sound(t *testing.T) {
	t.Helper()
	p.closed(t)
	p.harmless(t)
	p.readable(t)
}

// closed: every element that begins ends, in order. The parser would repair it, and
// with that move what follows.
func (p *parsed) closed(t *testing.T) {
	t.Helper()
	var open []string
	z := html.NewTokenizer(strings.NewReader(p.text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("not closed: %v", open)
			}
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			switch atom.Lookup(name) {
			case atom.Meta, atom.Br, atom.Img, atom.Link, atom.Input, atom.Hr, atom.Base:
			default:
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				t.Fatalf("</%s> closes %v", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}

// harmless: nothing runs, nothing is loaded, and no link leads anywhere but where
// this program says.
func (p *parsed) harmless(t *testing.T) {
	t.Helper()
	allowed := strings.Fields(`html head meta title style body a header h1 h2 h3 strong div p nav ol ul li main section span br
		table caption thead tbody tr th td figure figcaption details summary dl dt dd pre sup svg title desc path text rect g`)
	for _, n := range p.elements {
		if !slices.Contains(allowed, n.Data) {
			t.Errorf("the page has an element <%s>", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src", a.Key == "srcset", a.Key == "target":
				t.Errorf("<%s> has an attribute %s=%q", n.Data, a.Key, a.Val)
			case a.Key == "href" && !regexp.MustCompile(`^https://(github|example)\.com/[^"]*$`).MatchString(a.Val):
				t.Errorf("<%s> leads to %q", n.Data, a.Val)
			case strings.Contains(a.Val, "url("):
				t.Errorf("<%s> has an address: %s=%q", n.Data, a.Key, a.Val)
			}
		}
	}
	style := words(p.all("style")[0])
	if bad := regexp.MustCompile(`url\(|@import|expression`).FindString(style); bad != "" {
		t.Errorf("the style sheet holds %q", bad)
	}
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	if n := p.all("meta")[1]; attribute(n, "http-equiv") != "Content-Security-Policy" || attribute(n, "content") != want {
		t.Errorf("the content security policy is %q, want %q", attribute(n, "content"), want)
	}
	for i, c := range p.text {
		if c != '\n' && !unicode.IsPrint(c) {
			t.Fatalf("the page holds the character %U at byte %d", c, i)
		}
	}
	if bad := regexp.MustCompile(`NaN|\bInf\b|%!|<nil>|\t|ZgotmplZ`).FindString(p.text); bad != "" {
		t.Errorf("the page holds %q", bad)
	}
}

// readable: for those who see the page as a tree.
func (p *parsed) readable(t *testing.T) {
	t.Helper()
	if lang := attribute(p.all("html")[0], "lang"); lang != "en" {
		t.Errorf("the language is %q", lang)
	}
	level, firsts := 0, 0
	for _, n := range p.all("h1", "h2", "h3", "h4", "h5", "h6") {
		l := int(n.Data[1] - '0')
		if l > level+1 {
			t.Errorf("after a heading of level %d comes <%s> %q", level, n.Data, words(n))
		}
		if level = l; l == 1 {
			firsts++
		}
	}
	if firsts != 1 {
		t.Errorf("%d headings of the first level", firsts)
	}
	ids := make(map[string]bool)
	for _, n := range p.elements {
		if id := attribute(n, "id"); has(n, "id") && (id == "" || ids[id]) {
			t.Errorf("the id %q is there twice, or empty", id)
		} else {
			ids[id] = true
		}
	}
	for _, n := range p.elements {
		for _, id := range append(strings.Fields(attribute(n, "aria-labelledby")), strings.TrimPrefix(attribute(n, "href"), "#")) {
			if id != "" && !strings.HasPrefix(id, "https:") && !ids[id] {
				t.Errorf("<%s> refers to %q, which is not there", n.Data, id)
			}
		}
	}
	labels := make(map[string]bool)
	for _, n := range p.all("table") {
		if c := inside(n, "caption"); c == nil || words(c) == "" {
			t.Error("a table has no caption")
		}
		region := n.Parent
		label := attribute(region, "aria-label")
		if attribute(region, "role") != "region" || attribute(region, "tabindex") != "0" || label == "" || labels[label] {
			t.Errorf("a table stands in <%s role=%q aria-label=%q>", region.Data, attribute(region, "role"), label)
		}
		labels[label] = true
	}
	for _, n := range p.all("th") {
		if s := attribute(n, "scope"); s != "row" && s != "col" {
			t.Errorf("the header %q has the scope %q", words(n), s)
		}
	}
	for _, n := range p.all("details") {
		if c := inside(n, "summary"); c == nil || words(c) == "" {
			t.Error("a fold has no summary")
		}
	}
	for _, n := range p.all("svg") {
		if attribute(n, "aria-hidden") != "true" && (attribute(n, "role") != "img" || inside(n, "title") == nil) {
			t.Error("a picture has neither a name nor is it hidden")
		}
	}
}

func TestPage(t *testing.T) {
	for name, report := range reports() {
		t.Run(name, func(t *testing.T) {
			r := report(t)
			p := parse(t, draw(t, r))
			p.sound(t)
			p.marked(t, r)
			if name == "nothing" {
				return
			}
			want := strings.Fields("summary why systems environment workload method results truth quality reproduce appendix")
			if name == "kubelet" {
				want = slices.Insert(want, slices.Index(want, "results"), "kep")
			}
			var got []string
			for _, n := range p.all("h2") {
				got = append(got, strings.TrimSuffix(attribute(n, "id"), "-heading"))
			}
			if len(r.Notes) > 0 {
				want = append(want, "footnotes")
			}
			if !slices.Equal(got, want) {
				t.Errorf("the sections are %v, want %v", got, want)
			}
			figures := 0
			for _, n := range p.all("figure") {
				if attribute(n, "class") == "listing" {
					continue
				}
				figures++
				if inside(n, "svg") == nil || inside(n, "figcaption") == nil || inside(n, "table") == nil {
					t.Errorf("the figure %q lacks its picture, its caption or its table", attribute(n, "id"))
				}
			}
			drawn, _, err := pictures(r)
			if err != nil {
				t.Fatal(err)
			}
			if figures != len(drawn) {
				t.Errorf("%d figures of %d are in the page", figures, len(drawn))
			}
		})
	}
}

// marked: what is simulated says so everywhere and has no verdict, and what is not
// to be published says so and why.
func (p *parsed) marked(t *testing.T, r *analysis.Report) {
	t.Helper()
	for _, m := range []struct {
		mark string
		want bool
	}{{"SIMULATED", r.Simulated()}, {"NOT FOR PUBLICATION", len(r.Host.NotForPublication) > 0}} {
		if got := strings.Contains(p.text, m.mark); got != m.want {
			t.Errorf("%s stands in the page: %v, want %v", m.mark, got, m.want)
		}
		if !m.want {
			continue
		}
		for _, n := range p.all("title", "h1", "caption", "svg") {
			if attribute(n, "aria-hidden") == "" && n.Parent.Data != "svg" && !strings.Contains(words(n), m.mark) {
				t.Errorf("<%s> %.60q does not say %s", n.Data, words(n), m.mark)
			}
		}
	}
	for _, n := range p.all("figcaption") {
		if r.Simulated() && attribute(n.Parent, "class") != "listing" && !strings.Contains(words(n), "SIMULATED") {
			t.Errorf("the caption %.60q does not say SIMULATED", words(n))
		}
	}
	if bad := regexp.MustCompile(`NonInferior|Inferior|Better|Inconclusive`).FindString(p.text); r.Simulated() && bad != "" {
		t.Errorf("a simulated report has a verdict: %q", bad)
	}
	if first, _, _ := strings.Cut(p.text, `<section id="why"`); r.Simulated() && strings.Contains(first, `class="word`) {
		t.Error("the summary of a simulated report has a verdict")
	}
	for _, reason := range r.Host.NotForPublication {
		if i := strings.Index(p.text, reason); i < 0 || i > strings.Index(p.text, "<main") {
			t.Errorf("the reason %q does not stand at the top", reason)
		}
	}
}

// Names that somebody chose to break the page do not.
func TestHostileNames(t *testing.T) {
	for _, h := range reporttest.HostileNames() {
		t.Run(h.Name, func(t *testing.T) {
			r := reporttest.Trouble(t)
			reporttest.Rename(r, h.Rename)
			r.Host.NotForPublication = append(r.Host.NotForPublication, reporttest.Hostile)
			r.Host.Facts = append(r.Host.Facts, analysis.Fact{Name: reporttest.Hostile, Value: strings.Repeat(reporttest.Hostile, 50)})
			r.Notes = append(r.Notes, analysis.Note{Text: reporttest.Hostile})
			p := parse(t, draw(t, r))
			p.sound(t)
			for _, n := range p.all("th", "td", "li", "p", "dt", "dd", "caption", "figcaption", "h1", "h2", "h3") {
				for c := range n.ChildNodes() {
					if most := map[bool]int{true: 100, false: textWidth + 10}[n.Data == "th"]; c.Type == html.TextNode && utf8.RuneCountInString(c.Data) > most {
						t.Errorf("<%s> has a text of %d characters", n.Data, utf8.RuneCountInString(c.Data))
					}
				}
			}
		})
	}
}
