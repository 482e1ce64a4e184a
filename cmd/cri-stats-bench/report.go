package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/across"
	"cri-stats-bench/reports/html"
	"cri-stats-bench/reports/jsondoc"
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

// jsonFormat is the form of several runs for other programs.
const jsonFormat = "json"

// documentFormat returns how to write what several runs say: the document, or the
// data that it shows.
func documentFormat(name string) (func(w io.Writer, d *table.Document, data any) error, error) {
	if name == jsonFormat {
		return func(w io.Writer, _ *table.Document, data any) error { return across.WriteJSON(w, data) }, nil
	}
	for _, f := range documents {
		if f.name == name {
			return func(w io.Writer, d *table.Document, _ any) error { return f.write(w, d) }, nil
		}
	}
	return nil, usage("no format of several runs is named %q: give one of %s", name, documentNames())
}

func documentNames() string {
	var names []string
	for _, f := range documents {
		names = append(names, f.name)
	}
	return strings.Join(append(names, jsonFormat), "|")
}

func newReport() *cobra.Command {
	var format, out string
	var schema, full bool
	var fail failOn
	cmd := &cobra.Command{
		Use:   "report DIR...",
		Short: "Render the records of a run, or of runs on several nodes; the same records give the same bytes",
		Long: `report renders the records of a run.

Of several folders it makes one report: runs of one plan on several nodes, with
the node as a random effect, so that what is said holds for nodes in general and
not for these alone. Runs of one node count as one, different runtimes are kept
apart, different plans are refused.

Runs of the experiment kubelet on containerd and on CRI-O answer all sentences of
KEP-2371 together: each runtime can speak to some of them. A sentence is said of
nodes in general only as the weakest of what is said of each node.`,
		Example: indent(`
cri-stats-bench report out/20261122-210315-quick

# Everything that is behind it:
cri-stats-bench report --full out/20261122-210315-quick

# For a pull request:
cri-stats-bench report --format markdown out/20261122-210315-quick > report.md

# Every form, pictures and PerfData included, into a folder:
cri-stats-bench report --out artifacts out/20261122-210315-quick

# What three nodes say together:
cri-stats-bench report node-a/ node-b/ node-c/

# Every sentence of KEP-2371, from a run on each runtime:
cri-stats-bench report containerd/ crio/`),
		Args: func(cmd *cobra.Command, args []string) error {
			if schema {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if schema {
				_, err := cmd.OutOrStdout().Write(jsondoc.Schema())
				return err
			}
			if err := fail.valid(); err != nil {
				return err
			}
			if full {
				format = "full"
			}
			if len(args) > 1 {
				return reportNodes(cmd, args, format, out, fail)
			}
			return reportRun(cmd, args[0], format, out, fail)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", formNames()+"; of several runs "+documentNames())
	cmd.Flags().StringVar(&out, "out", "", "write every format into this folder instead")
	cmd.Flags().BoolVar(&full, "full", false, "all tables as text: the same as --format full")
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of the format json")
	cmd.MarkFlagsMutuallyExclusive("format", "full", "out", "schema")
	fail.add(cmd)
	return cmd
}

// reportRun renders one run.
func reportRun(cmd *cobra.Command, dir, format, out string, fail failOn) error {
	f, err := findForm(format)
	if err != nil {
		return err
	}
	a, err := analyse(cmd.ErrOrStderr(), dir)
	if err != nil {
		return err
	}
	if out != "" {
		err = writeAll(out, a)
	} else {
		err = f.writeTo(cmd.OutOrStdout(), a)
	}
	if err != nil {
		return err
	}
	return fail.check(a.report)
}

// reportNodes renders what runs on several nodes say together.
func reportNodes(cmd *cobra.Command, dirs []string, format, out string, fail failOn) error {
	write, err := documentFormat(format)
	if err != nil {
		return err
	}
	all, err := openRuns(cmd.ErrOrStderr(), dirs)
	if err != nil {
		return err
	}
	n, err := runs.Join(all)
	if err != nil {
		return refused(err, "")
	}
	if out != "" {
		err = writeDocuments(out, "nodes", across.Nodes(n), n, nil)
	} else {
		err = write(cmd.OutOrStdout(), across.Nodes(n), n)
	}
	if err != nil {
		return err
	}
	return fail.checkNodes(n)
}

// writeDocuments writes what several runs say in every form.
func writeDocuments(dir, name string, d *table.Document, data any, junit func(io.Writer) error) error {
	out, err := openOut(dir, name)
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
	return out.file(name+".json", func(w io.Writer) error { return across.WriteJSON(w, data) })
}

// opening says that a folder that is none of a run is the user's mistake.
func opening(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return usage("%w: give the folder of a run", err)
	}
	return err
}

// analyse reads a run and draws its report; damage to the records is told.
func analyse(stderr io.Writer, dir string) (analysed, error) {
	records, err := record.Open(dir)
	if err != nil {
		return analysed{}, opening(err)
	}
	for _, damage := range records.Damage {
		fmt.Fprintf(stderr, "cri-stats-bench: damaged record, not used: %v\n", damage)
	}
	in, err := analysis.NewInput(records)
	if err != nil {
		return analysed{}, err
	}
	r, err := in.Analyze()
	if err != nil {
		return analysed{}, err
	}
	return analysed{in, r}, nil
}
