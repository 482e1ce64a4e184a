package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/record"
	"cri-stats-bench/reports/markdown"
	"cri-stats-bench/reports/text"
)

// formats are the forms of a report: name, the file that run writes it to, how
// to write it.
var formats = []struct {
	name, file string
	write      func(io.Writer, *analysis.Report) error
}{
	{"text", "report.txt", text.Write},
	{"markdown", "report.md", markdown.Write},
}

func formatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return strings.Join(names, "|")
}

func newReport() *cobra.Command {
	var format string
	var fail failOn
	cmd := &cobra.Command{
		Use:   "report DIR",
		Short: "Render the records of a run; the same records give the same bytes",
		Example: indent(`
cri-stats-bench report out/20261122-210315-quick

# For a pull request:
cri-stats-bench report --format markdown out/20261122-210315-quick > report.md`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fail.valid(); err != nil {
				return err
			}
			for _, f := range formats {
				if f.name != format {
					continue
				}
				r, err := analyse(cmd.ErrOrStderr(), args[0])
				if err != nil {
					return err
				}
				if err := f.write(cmd.OutOrStdout(), r); err != nil {
					return err
				}
				return fail.check(r)
			}
			return usage("no format named %q: give one of %s", format, formatNames())
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", formatNames())
	fail.add(cmd)
	return cmd
}

// analyse reads a run and draws its report; damage to the records is told.
func analyse(stderr io.Writer, dir string) (*analysis.Report, error) {
	records, err := record.Open(dir)
	if err != nil {
		return nil, err
	}
	for _, damage := range records.Damage {
		fmt.Fprintf(stderr, "cri-stats-bench: damaged record, not used: %v\n", damage)
	}
	return analysis.Analyze(records)
}

// writeReports writes every format into the run's folder.
func writeReports(dir string, r *analysis.Report) error {
	for _, f := range formats {
		if err := writeReport(filepath.Join(dir, f.file), r, f.write); err != nil {
			return err
		}
	}
	return nil
}

func writeReport(name string, r *analysis.Report, write func(io.Writer, *analysis.Report) error) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() {
		if closeErr := file.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("write %s: %w", name, closeErr)
		}
	}()
	if err := write(file, r); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
