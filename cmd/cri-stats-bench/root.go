package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// run is the whole program with its process state as arguments; it returns the
// exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(&console{out: &reader{out: stdout}})
	stderr = &console{out: stderr}
	root.SetErr(stderr)
	return caught(stderr, func() int {
		err := root.ExecuteContext(ctx)
		if err != nil {
			complain(ctx, stderr, err)
		}
		return status(ctx, err)
	})
}

// A reader of our output may go away before its end (| head). That is no fault of what
// was said, and must not change the status: what comes after is dropped.
type reader struct {
	out  io.Writer
	gone bool
}

// Fd is the descriptor behind it, by which a terminal is asked for its width; one that
// nobody has where that is no file.
func (r *reader) Fd() uintptr {
	if f, ok := r.out.(*os.File); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// Write writes as long as somebody reads.
func (r *reader) Write(p []byte) (int, error) {
	if r.gone {
		return len(p), nil
	}
	n, err := r.out.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		r.gone = true
		return len(p), nil
	}
	return n, err
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "cri-stats-bench",
		Short: "Measure what reading pod and container stats through CRI costs, compared with cAdvisor",
		Long: `cri-stats-bench answers on a real node: what does it cost to get pod and
container stats from the CRI runtime, compared with cAdvisor, and how does that
cost grow with pod density?`,
		Example: indent(`
# The quick comparison on a private containerd (root, Linux), twelve minutes:
cri-stats-bench run --preset quick

# The same on the runtime of this node, which is left as it was:
cri-stats-bench run --preset quick --runtime-endpoint unix:///run/containerd/containerd.sock

# Is this node fit to measure on?
cri-stats-bench doctor`),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:       version(),
		// Cobra looks at this itself, but later, and its error would not be told from
		// one of the harness.
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.ValidateFlagGroups(); err != nil {
				return usage("%w (see %s --help)", err, cmd.CommandPath())
			}
			return nil
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w (see %s --help)", err, cmd.CommandPath())
	})
	root.AddCommand(
		newRun(), newAB(), newReport(), newCompare(), newTrend(), newPlan(), newDoctor(), newNode(), newVerify(), newCollect(), newCleanup(), newImage(), newDemo(), newVersion(),
		newAgent(), newCheck(), newFakeCRI(),
	)
	usageArgs(root)
	complete(root)
	return root
}

// usageArgs makes a wrong number of arguments of any command a usage error, as a
// wrong flag is.
func usageArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usage("%w (see %s --help)", err, cmd.CommandPath())
			}
			return nil
		}
	}
	for _, child := range cmd.Commands() {
		usageArgs(child)
	}
}

// indent makes an example look as cobra's help expects it.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}
