package html

import (
	"context"
	"flag"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	protocol "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"cri-stats-bench/reports/reporttest"
)

var screenshots = flag.String("screenshots", "", "a folder for pictures of the pages that TestChromium looks at")

// phone is the narrowest screen that a page must fit, desk a usual one.
const (
	phone = 390
	desk  = 1280
)

// A browser shows one page at a time and remembers what the page asked the network
// for and what was said on the console.
type browser struct {
	context.Context
	mu       sync.Mutex
	requests []string
	console  []string
}

// openBrowser starts a headless browser, or leaves the test out with a word.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	i := slices.IndexFunc(names, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	if i < 0 {
		why := fmt.Sprintf("none of %s is on the PATH", strings.Join(names, ", "))
		if os.Getenv("CRI_STATS_BENCH_NEED_BROWSER") != "" { // CI has installed one
			t.Fatal("the report cannot be looked at: " + why)
		}
		t.Skip("left out: a page in a browser (" + why + ")")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(names[i]))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses root otherwise
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{Context: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *log.EventEntryAdded:
		b.console = append(b.console, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		b.console = append(b.console, fmt.Sprint(e.Args))
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, e.ExceptionDetails.Text)
	}
}

// show opens a page on a screen of some width.
func (b *browser) show(t *testing.T, url, scheme string, width int64) {
	t.Helper()
	b.mu.Lock()
	b.requests, b.console = nil, nil
	b.mu.Unlock()
	b.emulate(t, "", scheme)
	if err := chromedp.Do(b, chromedp.EmulateViewport(width, 900), chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
}

func (b *browser) emulate(t *testing.T, media, scheme string) {
	t.Helper()
	_, err := chromedp.Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// quiet says that nothing but the page itself was loaded, and nothing complained of.
func (b *browser) quiet(t *testing.T, url string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.requests, []string{url}) {
		t.Errorf("the page asked for %q", b.requests)
	}
	if len(b.console) > 0 {
		t.Errorf("the console says %q", b.console)
	}
}

func evaluate[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// picture keeps what the page looks like for people to look at.
func (b *browser) picture(t *testing.T, name string, width int) {
	t.Helper()
	if *screenshots == "" {
		return
	}
	beyond := true
	height := evaluate[float64](t, b, `document.documentElement.scrollHeight`)
	shot, err := chromedp.Call(b, protocol.CaptureScreenshot, protocol.CaptureScreenshotParams{
		CaptureBeyondViewport: &beyond, Clip: &protocol.Viewport{Width: float64(width), Height: height, Scale: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), shot.Data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// What a browser makes of the page, at every width, light and dark, on paper, and in
// a frame that allows nothing.
func TestChromium(t *testing.T) {
	b := openBrowser(t)
	for _, name := range []string{"sliced", "trouble"} {
		report := reports()[name](t)
		text := draw(t, report)
		drawn, _, err := pictures(report)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if r.URL.Path == "/frame" {
				fmt.Fprintf(w, `<!DOCTYPE html><iframe sandbox="allow-same-origin" width=800 height=600 srcdoc="%s"></iframe>`, html.EscapeString(text))
				return
			}
			fmt.Fprint(w, text)
		}))
		t.Cleanup(server.Close)
		colours := make(map[string]string)
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int{phone, desk} {
				t.Run(fmt.Sprintf("%s %s %d", name, scheme, width), func(t *testing.T) {
					url := server.URL + "/"
					b.show(t, url, scheme, int64(width))
					b.quiet(t, url)
					b.fits(t, width)
					if n := evaluate[int](t, b, `[...document.querySelectorAll("figure svg")].filter(s => s.getBoundingClientRect().height > 60).length`); n != len(drawn) {
						t.Errorf("%d of %d figures can be seen", n, len(drawn))
					}
					colours[scheme] = evaluate[string](t, b, `getComputedStyle(document.body).backgroundColor + getComputedStyle(document.querySelector("figure text")).fill`)
					b.picture(t, fmt.Sprintf("%s-%s-%d", name, scheme, width), width)
					evaluate[chromedp.Void](t, b, `document.querySelectorAll("details").forEach(d => d.open = true)`)
					b.fits(t, width)
				})
			}
		}
		if colours["light"] == colours["dark"] {
			t.Errorf("light and dark pages have the same colours: %s", colours["light"])
		}
		t.Run(name+" on paper", func(t *testing.T) {
			b.show(t, server.URL+"/", "dark", desk)
			b.emulate(t, "print", "dark")
			if hidden := evaluate[[]string](t, b, `[...document.querySelectorAll("table, pre")].filter(e => !e.checkVisibility() || e.getBoundingClientRect().height == 0).map(e => e.textContent.slice(0, 60))`); len(hidden) > 0 {
				t.Errorf("%d tables and listings are not printed: %q", len(hidden), hidden)
			}
			if c := evaluate[string](t, b, `getComputedStyle(document.body).backgroundColor`); c != "rgb(255, 255, 255)" {
				t.Errorf("paper is %s", c)
			}
		})
		t.Run(name+" in a frame", func(t *testing.T) { b.framed(t, server.URL+"/frame") })
	}
}

// fits says that the page is no wider than the screen.
func (b *browser) fits(t *testing.T, width int) {
	t.Helper()
	if w := evaluate[int](t, b, `document.documentElement.scrollWidth`); w > width {
		t.Errorf("the page is %d pixels wide on a screen of %d: %s", w, width, evaluate[string](t, b,
			`[...document.querySelectorAll("main *, header *")].filter(e => !e.closest(".wide") && e.getBoundingClientRect().right > innerWidth).map(e => e.tagName + " " + e.className + " " + e.textContent.slice(0, 40)).slice(0, 5).join("; ")`))
	}
}

// framed says that the page is whole in a frame without scripts, as in Prow's lens
// for HTML, and that whatever is clicked in it leaves it there.
func (b *browser) framed(t *testing.T, url string) {
	b.show(t, url, "light", desk)
	const inside = `const w = document.querySelector("iframe").contentWindow, d = w.document; `
	if n := evaluate[int](t, b, `(() => { `+inside+`d.querySelectorAll("summary").forEach(s => s.click()); return d.querySelectorAll("details[open]").length })()`); n < 5 {
		t.Errorf("%d folds are open after a click on each", n)
	}
	got := evaluate[string](t, b, `(() => { `+inside+`return [w.location.href, d.querySelectorAll("h2").length > 10, d.documentElement.scrollWidth <= 800].join(" ") })()`)
	if want := "about:srcdoc true true"; got != want {
		t.Errorf("address, whole, fits: %q, want %q", got, want)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	// The page around the frame is the test's, and has an icon.
	loaded := slices.DeleteFunc(slices.Clone(b.requests), func(r string) bool { return r == url || strings.HasSuffix(r, "/favicon.ico") || r == "about:srcdoc" })
	if len(loaded) > 0 || len(b.console) > 0 {
		t.Errorf("the frame asked for %q, the console says %q", loaded, b.console)
	}
}

// A page with hostile names fits a phone as well.
func TestChromiumHostile(t *testing.T) {
	b := openBrowser(t)
	for _, h := range reporttest.HostileNames() {
		t.Run(h.Name, func(t *testing.T) {
			r := reporttest.Trouble(t)
			reporttest.Rename(r, h.Rename)
			text := draw(t, r)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprint(w, text)
			}))
			t.Cleanup(server.Close)
			url := server.URL + "/"
			b.show(t, url, "light", phone)
			b.quiet(t, url)
			b.fits(t, phone)
		})
	}
}
