package main

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cri-stats-bench/reports/across"
	"cri-stats-bench/reports/html"
	"cri-stats-bench/reports/markdown"
	"cri-stats-bench/reports/table"
	"cri-stats-bench/reports/text"
)

// documents are the forms of what several runs say together.
var documents = []struct {
	name, extension string
	write           func(io.Writer, *table.Document) error
}{
	{"text", ".txt", text.WriteDocument},
	{"markdown", ".md", markdown.WriteDocument},
	{"html", ".html", html.WriteDocument},
}

// The forms of several runs for other programs: any, and Prow and TestGrid.
const (
	jsonFormat  = "json"
	junitFormat = "junit"
)

// outputs say in which form what several runs say together is written, and where to.
type outputs struct {
	format, out string
	// junit says that there is a form for Prow and TestGrid.
	junit bool
}

// add adds the flags.
func (o *outputs) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.format, "format", "text", strings.Join(o.formats(), "|"))
	cmd.Flags().StringVar(&o.out, "out", "", "write every format into this folder instead")
	cmd.MarkFlagsMutuallyExclusive("format", "out")
}

func (o *outputs) formats() []string {
	var names []string
	for _, f := range documents {
		names = append(names, f.name)
	}
	if names = append(names, jsonFormat); o.junit {
		names = append(names, junitFormat)
	}
	return names
}

// check refuses a format that is none.
func (o *outputs) check() error {
	if slices.Contains(o.formats(), o.format) {
		return nil
	}
	return usage("no format of several runs is named %q: give one of %s", o.format, strings.Join(o.formats(), "|"))
}

// write writes a document, or the data that it shows, in the one form, or in all of them
// into the folder. junit is nil where there is no such form.
func (o *outputs) write(stdout io.Writer, name string, d *table.Document, data any, junit func(io.Writer) error) error {
	asJSON := func(w io.Writer) error { return across.WriteJSON(w, data) }
	if o.out != "" {
		return o.writeAll(name, d, asJSON, junit)
	}
	switch o.format {
	case jsonFormat:
		return asJSON(stdout)
	case junitFormat:
		return junit(stdout)
	}
	for _, f := range documents {
		if f.name == o.format {
			return f.write(stdout, d)
		}
	}
	return o.check()
}

func (o *outputs) writeAll(name string, d *table.Document, asJSON, junit func(io.Writer) error) error {
	out, err := openOut(o.out, name)
	if err != nil {
		return err
	}
	for _, f := range documents {
		if err := out.file(name+f.extension, func(w io.Writer) error { return f.write(w, d) }); err != nil {
			return err
		}
	}
	if junit != nil {
		if err := out.file("junit_cri-stats-bench-"+name+"_01.xml", junit); err != nil {
			return err
		}
	}
	return out.file(name+".json", asJSON)
}
