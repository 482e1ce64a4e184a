package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/hypothesis"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/across"
	"cri-stats-bench/reports/jsondoc"
)

const reportLong = `report renders the records of a run.

Of several folders it makes one report: runs of one plan on several nodes, with
the node as a random effect, so that what is said holds for nodes in general and
not for these alone. Runs of one node count as one, different runtimes are kept
apart, different plans are refused.

Runs of the experiment kubelet on containerd and on CRI-O answer all sentences of
KEP-2371 together: each runtime can speak to some of them. A sentence is said of
nodes in general only as the weakest of what is said of each node.`

func newReport() *cobra.Command {
	var format, out string
	var schema, full bool
	var fail failOn
	cmd := &cobra.Command{
		Use:   "report DIR...",
		Short: "Render the records of a run, or of runs on several nodes; the same records give the same bytes",
		Long:  reportLong,
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
	cmd.Flags().StringVar(&format, "format", "text", formNames()+"; of several runs "+strings.Join((&outputs{}).formats(), "|"))
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
	o := outputs{format: format, out: out}
	if err := o.check(); err != nil {
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
	if err := o.write(cmd.OutOrStdout(), "nodes", across.Nodes(n), n, nil); err != nil {
		return err
	}
	return fail.checkNodes(n, all)
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
	hypothesis.Test(r)
	return analysed{in, r}, nil
}
