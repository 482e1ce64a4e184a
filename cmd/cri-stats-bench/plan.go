package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/schedule"
	"cri-stats-bench/reports/format"
	"cri-stats-bench/workloads/pods"
)

// readPlan reads a preset by name, or a plan file by path.
func readPlan(nameOrPath string) (*plan.Plan, []byte, error) {
	if slices.Contains(plan.Presets(), nameOrPath) {
		data, err := plan.Preset(nameOrPath)
		if err != nil {
			return nil, nil, err
		}
		p, err := plan.Decode("preset "+nameOrPath, data, names())
		return p, data, err
	}
	data, err := os.ReadFile(nameOrPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, usage("%q is neither a preset (%v) nor a plan file", nameOrPath, plan.Presets())
	}
	if err != nil {
		return nil, nil, usage("read the plan: %w", err)
	}
	p, err := plan.Decode(nameOrPath, data, names())
	return p, data, err
}

func newPlan() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "List, show and check plans; touches nothing",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "list",
			Short: "List the presets, and the collectors that a plan may name",
			Args:  cobra.NoArgs,
			RunE:  planList,
		},
		&cobra.Command{
			Use:   "show PRESET|FILE",
			Short: "Show the text of a plan",
			Example: indent(`
# Start a plan of your own from a preset:
cri-stats-bench plan show quick > mine.yaml`),
			Args: cobra.ExactArgs(1),
			RunE: planShow,
		},
		&cobra.Command{
			Use:   "check PRESET|FILE",
			Short: "Check a plan: all mistakes at once, or what it will do and how long that takes",
			Example: indent(`
cri-stats-bench plan check mine.yaml`),
			Args: cobra.ExactArgs(1),
			RunE: planCheck,
		},
	)
	return cmd
}

func planList(cmd *cobra.Command, _ []string) error {
	w := cmd.OutOrStdout()
	fmt.Fprintln(w, "Presets:")
	for _, name := range plan.Presets() {
		p, _, err := readPlan(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %-13s %s (%s)\n", name, p.Description, duration(p))
	}
	fmt.Fprintln(w, "\nCollectors (an arm is one of them, or several joined by +):")
	for _, c := range collectors {
		fmt.Fprintf(w, "  %-27s %s\n", c.Name, c.Help)
	}
	fmt.Fprintln(w, "\nHypotheses (a report says confirmed, refuted or undecided, and by which numbers):")
	for _, h := range plan.Hypotheses() {
		how := "needs " + h.Needs
		if h.Preset != "" {
			how = fmt.Sprintf("run --preset %s --runtime %s", h.Preset, h.Runtime)
		}
		fmt.Fprintf(w, "  %-4s %s (%s)\n", h.ID, h.Claim, how)
	}
	return nil
}

func planShow(cmd *cobra.Command, args []string) error {
	_, data, err := readPlan(args[0])
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(data)
	return err
}

func planCheck(cmd *cobra.Command, args []string) error {
	p, _, err := readPlan(args[0])
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "%s: %d cells, %d arms, %d to %d rounds; %s\n", p.Name, len(p.Cells()), len(p.Arms), p.Rounds.Min, p.Rounds.Max, duration(p))
	for _, cell := range p.Cells() {
		held, err := heldBy(p, cell)
		if err != nil {
			return err
		}
		memory := pods.Memory(cell.Pods, cell.ContainersPerPod, held)
		fmt.Fprintf(w, "  %-44s pods take about %.2g GiB\n", cell, float64(memory)/(1<<30))
	}
	for _, arm := range p.Arms {
		fmt.Fprintf(w, "  %-32s every %v for %v after %v of warm-up\n", arm.Name, arm.Interval, arm.Window, arm.WarmUp)
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(w, "warning: %s\n", format.Plain(warning.Error()))
	}
	return foresee(w, p)
}

// foresee says what effect a plan can tell apart, before it is run.
func foresee(w io.Writer, p *plan.Plan) error {
	sights, err := analysis.Foresee(p)
	if err != nil {
		return err
	}
	for _, f := range sights {
		rounds, effect := strconv.Itoa(f.Least.Rounds), percent(f.Least.Effect)
		if f.Most != f.Least {
			rounds += fmt.Sprintf(" to %d", f.Most.Rounds)
			effect += " to " + percent(f.Most.Effect)
		}
		fmt.Fprintf(w, "%s against %s: finds a CPU loss from %s on (%s rounds, power 80 %%, noise of a small shared machine; margin %s)\n",
			f.Of, f.To, effect, rounds, percent(p.Margin))
	}
	if p.Rounds.Every > 0 {
		fmt.Fprintf(w, "looks at the comparisons after %v rounds, and lets go of arms that are decided\n", p.Rounds.Looks())
	}
	return nil
}

// heldBy is what each container of a cell holds of the node's memory, in bytes.
func heldBy(p *plan.Plan, cell bench.Cell) (int64, error) {
	_, held, err := pods.Program(cell, pods.Config{ActiveCPU: p.Active.CPU, ActiveMemory: p.Active.Memory})
	return held, err
}

// fits says whether the node has the memory for all cells of a plan, before anything is
// started.
func fits(p *plan.Plan) error {
	for _, cell := range p.Cells() {
		held, err := heldBy(p, cell)
		if err == nil {
			err = pods.CheckMemory(cell.Pods, cell.ContainersPerPod, held, pods.AvailableMemory)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", cell, err)
		}
	}
	return nil
}

// percent writes a fraction with two digits.
func percent(x float64) string {
	if math.IsInf(x, 1) {
		return "nothing"
	}
	return strconv.FormatFloat(100*x, 'g', 2, 64) + " %"
}

// duration says how long a plan takes, in words.
func duration(p *plan.Plan) string {
	shortest, longest := schedule.Estimate(p)
	if shortest, longest := coarse(shortest), coarse(longest); shortest != longest {
		return shortest + " to " + longest
	}
	return "about " + coarse(longest)
}

// coarse writes a duration as a person plans by it: "11m", "7h10m", "1m10s".
func coarse(d time.Duration) string {
	unit := 10 * time.Second
	if d > 10*time.Minute {
		unit = time.Minute
	}
	text := d.Round(unit).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
