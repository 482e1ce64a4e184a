package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/analysis/analysistest"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/testfile"
	"cri-stats-bench/reports/plot"
	"cri-stats-bench/reports/reporttest"
	"cri-stats-bench/reports/table"
)

var (
	pictures = flag.String("pictures", "", "write all pictures of the made-up runs into this `directory`, to look at")
	runDir   = flag.String("run", "", "with -pictures, those of this run `directory`, too")
)

func reports(t testing.TB) map[string]*analysis.Report {
	t.Helper()
	return map[string]*analysis.Report{
		"sliced": reporttest.Headline(t), "trouble": reporttest.Trouble(t), "parallel": reporttest.Parallel(t),
		"node": reporttest.Node(t), "crowd": crowd(t), "hostile": hostile(t), "kubelet": kubelet(t),
	}
}

func figures(t testing.TB, r *analysis.Report) []plot.Figure {
	t.Helper()
	all, err := plot.Figures(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func svg(t testing.TB, f *plot.Figure, theme plot.Theme) string {
	t.Helper()
	var out bytes.Buffer
	if err := f.SVG(&out, theme); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestPictures is for people: it writes what they should look at, and checks that
// every picture is a PNG.
func TestPictures(t *testing.T) {
	if *pictures == "" {
		var out bytes.Buffer
		f := figures(t, reporttest.Parallel(t))[0]
		if err := f.PNG(&out); err != nil {
			t.Fatal(err)
		}
		if c, err := png.DecodeConfig(&out); err != nil || c.Width != 1320 {
			t.Errorf("the PNG is %d pixels wide (%v), want 1320", c.Width, err)
		}
		return
	}
	all := reports(t)
	if *runDir != "" {
		run, err := record.Open(*runDir)
		if err != nil {
			t.Fatal(err)
		}
		if all["run"], err = analysis.Analyze(run); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range all {
		for _, f := range figures(t, r) {
			for file, write := range map[string]func(io.Writer) error{
				"light.png": f.PNG,
				"dark.png":  func(w io.Writer) error { return plot.PNGFor(w, &f, plot.Dark) },
				"light.svg": func(w io.Writer) error { return f.SVG(w, plot.Light) },
				"dark.svg":  func(w io.Writer) error { return f.SVG(w, plot.Dark) },
			} {
				var out bytes.Buffer
				if err := write(&out); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(*pictures, name+"-"+f.ID+"-"+file), out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestGolden(t *testing.T) {
	for name, r := range map[string]*analysis.Report{"sliced": reporttest.Headline(t), "trouble": reporttest.Trouble(t), "node": reporttest.Node(t)} {
		golden := map[string]string{"sliced": "forest cpu-pods", "trouble": "run-order", "node": "cost-age"}[name]
		for _, f := range figures(t, r) {
			if strings.Contains(" "+golden+" ", " "+f.ID+" ") {
				testfile.Golden(t, filepath.Join("testdata", name+"-"+f.ID+".svg"), svg(t, &f, plot.Light))
			}
		}
	}
	testfile.Golden(t, filepath.Join("testdata", "texts.txt"), texts(figures(t, reporttest.Headline(t))))
}

// texts is what figures say beside their pictures.
func texts(all []plot.Figure) string {
	var out strings.Builder
	for _, f := range all {
		fmt.Fprintf(&out, "%s\n%s\n%s\n%s\n", f.ID, f.Title, f.Caption, f.Table.Caption)
		for i, row := range f.Table.Rows {
			if i == 0 {
				fmt.Fprintf(&out, "  %s\n", strings.ReplaceAll(strings.Join(f.Table.Header, " | "), "\n", " "))
			}
			cells := make([]string, len(row))
			for k, c := range row {
				cells[k] = strings.TrimSpace(c.Text + " " + c.Interval)
			}
			fmt.Fprintf(&out, "  %s\n", strings.Join(cells, " | "))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// TestWhichFigures says which runs have which pictures.
func TestWhichFigures(t *testing.T) {
	f := func(r *analysis.Report, want ...string) {
		t.Helper()
		var got []string
		for _, f := range figures(t, r) {
			got = append(got, f.ID)
			if len(f.Table.Rows) == 0 {
				t.Errorf("the table of %s is empty", f.ID)
			}
			for _, row := range f.Table.Rows {
				if len(row) != len(f.Table.Header) {
					t.Errorf("a row of %s has %d cells, the header %d", f.ID, len(row), len(f.Table.Header))
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("figures (-want +got):\n%s", diff)
		}
	}
	all := []string{"forest", "cpu-pods", "pss-pods", "latency-pods", "components", "run-order"}
	f(reporttest.Headline(t), all...)
	f(hostile(t), all...)
	f(reporttest.Trouble(t), "forest", "cpu-pods", "pss-pods", "latency-pods", "components", "cost-age", "run-order")
	f(reporttest.Node(t), "forest", "components", "cost-age", "run-order")
	f(reporttest.Parallel(t), "components", "run-order")
	f(crowd(t), "forest",
		"cpu-pods", "cpu-pods-2", "pss-pods", "pss-pods-2", "latency-pods", "latency-pods-2", "components", "cost-age", "run-order")
	f(kubelet(t), "forest", "cpu-pods", "pss-pods", "latency-pods", "components", "run-order")
	f(&analysis.Report{})
}

// TestSVG holds what is true of every picture of every run.
func TestSVG(t *testing.T) {
	for name, r := range reports(t) {
		again := figures(t, r)
		for i, f := range figures(t, r) {
			t.Run(name+"/"+f.ID, func(t *testing.T) {
				for _, theme := range []plot.Theme{plot.Light, plot.Dark} {
					text := svg(t, &f, theme)
					if text != svg(t, &again[i], theme) {
						t.Errorf("the %s picture is another one the second time", theme)
					}
					wellFormed(t, &f, theme, text)
				}
				honest(t, r, &f)
				tidy(t, &f)
			})
		}
	}
}

// wellFormed parses an SVG strictly and looks at what it holds.
func wellFormed(t *testing.T, f *plot.Figure, theme plot.Theme, text string) {
	t.Helper()
	if bad := regexp.MustCompile(`NaN|\bInf\b|%!|<nil>|[Ee][+-]\d`).FindString(regexp.MustCompile(`>[^<]*<`).ReplaceAllString(text, "><")); bad != "" {
		t.Errorf("the SVG holds %q", bad)
	}
	allowed := map[string]bool{"svg": true, "title": true, "desc": true, "path": true, "text": true}
	texts := map[string]string{}
	d := xml.NewDecoder(strings.NewReader(text))
	for element := ""; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if element = token.Name.Local; !allowed[element] {
				t.Errorf("the SVG has an element %s", element)
			}
			for _, a := range token.Attr {
				if a.Name.Local == "id" && !strings.HasPrefix(a.Value, f.ID+"-"+theme.String()) {
					t.Errorf("the id %q does not begin with the figure's", a.Value)
				}
				if n := a.Name.Local; n == "style" || n == "href" || strings.HasPrefix(n, "on") {
					t.Errorf("%s has an attribute %s", element, n)
				}
			}
		case xml.CharData:
			texts[element] += string(token)
		}
	}
	if got := strings.TrimSpace(texts["title"]); got != f.Title {
		t.Errorf("title %q, want %q", got, f.Title)
	}
	if got := strings.TrimSpace(texts["desc"]); got != f.Caption {
		t.Errorf("description %q, want %q", got, f.Caption)
	}
}

// honest looks for the marks that a picture must bear, and those it must not.
func honest(t *testing.T, r *analysis.Report, f *plot.Figure) {
	t.Helper()
	boxes, _, _ := plot.Boxes(f)
	inside := ""
	for _, b := range boxes {
		inside += b.Text + "\n"
	}
	for where, text := range map[string]string{"title": f.Title, "caption": f.Caption, "picture": inside} {
		if strings.Contains(text, table.Simulated) != r.Simulated() {
			t.Errorf("the %s of a run with simulated=%v is %q", where, r.Simulated(), text)
		}
	}
	if strings.Contains(inside, table.NotForPublication) != (len(r.Host.NotForPublication) > 0) {
		t.Errorf("NOT FOR PUBLICATION is not as the host has it: %q", inside)
	}
	if words := regexp.MustCompile(`NonInferior|Inferior|Better|Inconclusive`).FindString(inside + f.Caption + f.Title); r.Simulated() && words != "" {
		t.Errorf("a simulated picture gives a verdict: %s", words)
	}
}

// tidy finds texts that leave the page or overlap others.
func tidy(t *testing.T, f *plot.Figure) {
	t.Helper()
	boxes, width, height := plot.Boxes(f)
	for i, a := range boxes {
		if a.Left < 0 || a.Right > width+0.1 || a.Top < 0 || a.Bottom > height {
			t.Errorf("%q leaves the page", a.Text)
		}
		for _, b := range boxes[:i] {
			if a.Left < b.Right-0.5 && b.Left < a.Right-0.5 && a.Top < b.Bottom-0.5 && b.Top < a.Bottom-0.5 {
				t.Errorf("%q overlaps %q", a.Text, b.Text)
			}
		}
	}
}

func TestFullDisk(t *testing.T) {
	f := figures(t, reporttest.Parallel(t))[0]
	want := errors.New("no space left on device")
	for _, write := range []func(io.Writer) error{
		f.PNG, func(w io.Writer) error { return f.SVG(w, plot.Light) },
	} {
		if err := write(failing{want}); !errors.Is(err, want) {
			t.Errorf("a picture that cannot be written gives %v, want %v", err, want)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func BenchmarkFigures(b *testing.B) {
	for name, r := range map[string]*analysis.Report{"sliced": reporttest.Headline(b), "crowd": crowd(b)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				all := figures(b, r)
				size = 0
				for i := range all {
					size += len(svg(b, &all[i], plot.Light))
				}
			}
			b.ReportMetric(float64(size)/1024, "KiB-svg")
		})
	}
}

// TestExtremes draws costs and times that no node has: pictures of them need not be
// of use, but must be whole.
func TestExtremes(t *testing.T) {
	for _, factor := range []float64{0, 1e-300, 1e-30, 1e30, 1e300, math.MaxFloat64} {
		for _, arms := range []string{"cgroup", "cadvisor", "cgroup cadvisor idle cri-pod-stats"} {
			run, err := analysistest.Example(3, 4)
			if err != nil {
				t.Fatal(err)
			}
			run.Spoil = func(trial *bench.Trial) {
				if !strings.Contains(" "+arms+" ", " "+trial.Arm.Name+" ") {
					return
				}
				for _, cost := range trial.Costs {
					for q := range cost {
						cost[q] *= factor
					}
				}
				for i := range trial.Agents {
					for k := range trial.Agents[i].Calls {
						call := &trial.Agents[i].Calls[k]
						call.Start, call.Service = call.Due, time.Duration(min(float64(call.Service)*factor, 9e18))
					}
				}
			}
			for _, f := range figures(t, analyse(t, run.Input())) {
				wellFormed(t, &f, plot.Light, svg(t, &f, plot.Light))
			}
		}
	}
}
