package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/benchfmt"
	"cri-stats-bench/reports/calls"
	"cri-stats-bench/reports/html"
	"cri-stats-bench/reports/jsondoc"
	"cri-stats-bench/reports/junit"
	"cri-stats-bench/reports/markdown"
	"cri-stats-bench/reports/openmetrics"
	"cri-stats-bench/reports/perfdata"
	"cri-stats-bench/reports/plot"
	"cri-stats-bench/reports/text"
)

// An analysed run is what forms of a report are made of.
type analysed struct {
	input  analysis.Input
	report *analysis.Report
}

// A form is one form of a report, in one file.
type form struct {
	name, help string
	// people says that run writes it beside the records, for whoever looks there.
	people bool
	file   func(*analysis.Report) string
	write  func(io.Writer, analysed) error
}

// forms are those in one file each. A new one is a package on the shelf and a line
// here.
var forms = []form{
	{"text", "the answer on one screen", false, named("answer.txt"), of(text.Write)},
	{"full", "all tables as text", true, named("report.txt"), of(text.WriteFull)},
	{"markdown", "the answer for a pull request", true, named("report.md"), of(markdown.Write)},
	{"html", "one page with pictures; needs nothing from anywhere", true, named("report.html"), of(html.Write)},
	{"json", "everything, by a published schema (report --schema)", false, named("report.json"), of(jsondoc.Write)},
	{"benchfmt", "Go benchmark lines, for benchstat", false, named("benchmark.txt"), of(benchfmt.Write)},
	{"junit", "for Prow and TestGrid", false, junitFile, of(junit.Write)},
	{"openmetrics", "for Prometheus", false, named("report.openmetrics"), of(openmetrics.Write)},
	{"calls", "each call, as CSV", false, named("calls.csv"), func(w io.Writer, a analysed) error { return calls.Write(w, a.input) }},
}

func named(file string) func(*analysis.Report) string {
	return func(*analysis.Report) string { return file }
}

func junitFile(r *analysis.Report) string { return junit.FileName(r.Name, r) }

func of(write func(io.Writer, *analysis.Report) error) func(io.Writer, analysed) error {
	return func(w io.Writer, a analysed) error { return write(w, a.report) }
}

// writeTo writes a form to a terminal or wherever else it goes; the answer keeps to the
// width of the terminal.
func (f form) writeTo(w io.Writer, a analysed) error {
	if file, ok := w.(interface{ Fd() uintptr }); ok && f.name == "text" {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width < text.Width {
			return text.WriteScreen(w, a.report, width)
		}
	}
	return f.write(w, a)
}

func findForm(name string) (form, error) {
	for _, f := range forms {
		if f.name == name {
			return f, nil
		}
	}
	return form{}, usage("no format named %q: give one of %s", name, formNames())
}

func formNames() string {
	var names []string
	for _, f := range forms {
		names = append(names, f.name)
	}
	return strings.Join(names, "|")
}

// writeForPeople writes the forms that people read beside the records.
func writeForPeople(dir string, a analysed) error {
	beside := func(name string, write func(io.Writer) error) error {
		return writeFile(filepath.Join(dir, name), write)
	}
	return writeForms(beside, a, func(f form) bool { return f.people })
}

// writeAll writes every form, with pictures in a folder of their own. PerfData stands at the
// top, since perf-dash looks nowhere else.
func writeAll(dir string, a analysed) error {
	out, err := openOut(dir, "report")
	if err != nil {
		return err
	}
	if err := writeForms(out.file, a, func(form) bool { return true }); err != nil {
		return err
	}
	files, err := perfdata.Files(a.report)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := out.file(f.Name, func(w io.Writer) error {
			_, err := w.Write(f.Data)
			return err
		}); err != nil {
			return err
		}
	}
	figures, err := plot.Figures(a.report)
	if err != nil {
		return err
	}
	for i := range figures {
		f := &figures[i]
		name := filepath.Join("figures", f.ID)
		if err := out.file(name+".svg", func(w io.Writer) error { return f.SVG(w, plot.Light) }); err != nil {
			return err
		}
		if err := out.file(name+".png", f.PNG); err != nil {
			return err
		}
	}
	return nil
}

func writeForms(file func(name string, write func(io.Writer) error) error, a analysed, wanted func(form) bool) error {
	for _, f := range forms {
		if !wanted(f) {
			continue
		}
		if err := file(f.file(a.report), func(w io.Writer) error { return f.write(w, a) }); err != nil {
			return err
		}
	}
	return nil
}

// writeFile makes a file, and the folder that it is in.
func writeFile(name string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write a report: %w", err)
	}
	// Anew, and not into what is there: a link in a folder that somebody else has given
	// would lead anywhere.
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write a report: %w", err)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write a report: %w", err)
	}
	defer func() {
		if closeErr := file.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("write %s: %w", name, closeErr)
		}
	}()
	if err := write(file); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
