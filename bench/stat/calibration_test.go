package stat

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench/testfile"
)

// How many experiments stand behind a figure. With 2,000 a share of 5 % has a
// standard error of half a point, one of 90 % two thirds of a point.
const (
	experiments = 2_000 // what is held to a limit
	confirmed   = 8_000 // decisions held to one point
	published   = 1_000 // what is only shown
)

// scaled returns the number of experiments to run. The race detector makes them ten
// times slower and needs few of them: it looks for races, not at figures.
func scaled(count int) int {
	if raceDetector {
		return count / 50
	}
	return count
}

// TestCalibration simulates what is known and counts how often the package is
// right. It holds the promises of the package documentation on the noise they are
// made for, and CALIBRATION.md to what it found on all kinds.
func TestCalibration(t *testing.T) {
	var doc bytes.Buffer
	fmt.Fprintf(&doc, `# Calibration

Written by a test: `+"`go test ./bench/stat -run TestCalibration -args -update`"+`. Without -update the test compares.

Each figure is a share in percent of simulated experiments with a known truth: %d for the first column of coverages
and for power (standard error 0.5 at 95 %%, 0.7 at 90 %%), %d for the first column of decisions marked *, %d
elsewhere. Kinds of noise, all with mean 0 and the same variance: *lognormal* (normal on the log scale), *drift*
(normal plus a trend over the rounds, half of the variance), *AR(1) 0.5* (neighboring rounds correlated by 0.5),
*t3* (heavy tails: Student's t with 3 degrees of freedom), *bimodal* (two modes six of their standard deviations
apart, half of the values each).
`, experiments, confirmed, published)
	coverageTables(t, &doc)
	decisionTable(t, &doc)
	powerTable(t, &doc)
	seriesTables(t, &doc)
	if raceDetector {
		t.Logf("race detector: %d experiments in place of %d, figures not checked", scaled(experiments), experiments)
		return
	}
	golden(t, "CALIBRATION.md", doc.String())
}

// coverageTables counts how often intervals hold the truth.
func coverageTables(t *testing.T, doc *bytes.Buffer) {
	fmt.Fprint(doc, `
## How often intervals hold the truth

*Reaches* is the level that the method aims at on independent rounds: rank methods can only reach some levels and
take the next one above. On lognormal noise every interval must come within two points of its level, or of what it
reaches if that is more. Exempt, and marked, are those shown with noise that they are not made for (u).
`)
	studies := append(pairedStudies(), lineStudies()...)
	for _, n := range sizes {
		fmt.Fprintf(doc, "\n### %d rounds\n\n| interval | level | reaches |", n)
		for _, k := range noises() {
			fmt.Fprintf(doc, " %s |", k.name)
		}
		fmt.Fprintf(doc, "\n|---|---|---%s|\n", strings.Repeat("|---", len(noises())))
		for _, s := range studies {
			perNoise := make([][][2]score, len(noises()))
			for j, k := range noises() {
				count := experiments
				if j > 0 {
					count = published
				}
				perNoise[j] = s.simulate(t, k, n, scaled(count), uint64(1000*n+10*s.seed+j))
			}
			for row, name := range s.rows {
				for l, level := range levels {
					first := perNoise[0][row][l]
					reaches := first.coverage / float64(first.experiments)
					mark := ""
					if s.unsuited {
						mark = " (u)"
					} else {
						within(t, fmt.Sprintf("%s, level %v, %d rounds", name, level, n), first.percent(), 100*level-2, 100*math.Max(level, reaches)+2)
					}
					fmt.Fprintf(doc, "| %s%s | %.0f | %.1f |", name, mark, 100*level, 100*reaches)
					for j := range perNoise {
						fmt.Fprintf(doc, " %.1f |", perNoise[j][row][l].percent())
					}
					fmt.Fprintln(doc)
				}
			}
		}
	}
}

func within(t *testing.T, what string, got, lo, hi float64) {
	t.Helper()
	if !raceDetector && !(got >= lo && got <= hi) {
		t.Errorf("%s: %.2f %%, must lie within %.2f and %.2f", what, got, lo, hi)
	}
}

// A rule says from log ratios whether the true one is below bound, at 5 %.
type rule struct {
	name string
	n    int
	// held to 5 % ± 1 % on lognormal noise
	held  bool
	below func(d []float64, bound float64) (bool, error)
}

func rules() []rule {
	upper := func(method func(d []float64, level float64) (Estimate, error)) func([]float64, float64) (bool, error) {
		return func(d []float64, bound float64) (bool, error) {
			e, err := method(d, 0.90)
			return e.CI.Hi < bound, err
		}
	}
	var all []rule
	for _, n := range []int{10, 25, 40} {
		all = append(all,
			rule{"MeanT", n, true, upper(MeanT)},
		)
	}
	return all
}

// share returns the percentage of experiments in which the rule says yes.
func (r rule) share(t *testing.T, k noise, truth, sd, bound float64, count int, seed uint64) float64 {
	t.Helper()
	yes := make([]bool, count)
	perExperiment(t, count, seed, func(i int, rng *rand.Rand) (err error) {
		yes[i], err = r.below(scale(k.draw(rng, r.n), truth, sd), bound)
		return err
	})
	return percentTrue(yes)
}

func percentTrue(yes []bool) float64 {
	count := 0
	for _, y := range yes {
		if y {
			count++
		}
	}
	return 100 * float64(count) / float64(len(yes))
}

// decisionTable counts wrong decisions at the two borders.
func decisionTable(t *testing.T, doc *bytes.Buffer) {
	margin := math.Log1p(0.02)
	fmt.Fprint(doc, `
## How often the rules err

Better: the upper end of the 90 % interval lies below a ratio of 1, while the true ratio is 1. NonInferior: it lies
below 1.02, while the true ratio is 1.02. Both must be 5 ± 1 on lognormal noise for the rows marked *.

| rule | rounds | decision |`)
	for _, k := range noises() {
		fmt.Fprintf(doc, " %s |", k.name)
	}
	fmt.Fprintf(doc, "\n|---|---|---%s|\n", strings.Repeat("|---", len(noises())))
	for i, r := range rules() {
		for j, decision := range []string{"Better", "NonInferior"} {
			bound := float64(j) * margin
			star := ""
			if r.held {
				star = " *"
			}
			fmt.Fprintf(doc, "| %s%s | %d | %s |", r.name, star, r.n, decision)
			for l, k := range noises() {
				count := published
				if r.held && l == 0 {
					count = confirmed
				}
				share := r.share(t, k, bound, noiseSD, bound, scaled(count), uint64(110_000+100*i+10*j+l))
				if r.held && l == 0 {
					within(t, fmt.Sprintf("%s, %d rounds, %s", r.name, r.n, decision), share, 4, 6)
				}
				fmt.Fprintf(doc, " %.1f |", share)
			}
			fmt.Fprintln(doc)
		}
	}
}

// powerTable compares the power that SampleSize promises with what comes.
func powerTable(t *testing.T, doc *bytes.Buffer) {
	margin := math.Log1p(0.02)
	fmt.Fprint(doc, `
## Power, promised and kept

Rounds from SampleSize for NonInferior at a margin of 2 %, true ratio 1, one-sided 5 %, lognormal noise. The t-test
must keep its promise within five points.

| SD of log ratio | wanted | rounds | promised | StudentT |
|---|---|---|---|---|
`)
	for i, sd := range []float64{0.01, 0.02, 0.03, 0.05} {
		for j, wanted := range []float64{0.80, 0.90} {
			n, err := SampleSize(margin, sd, 0.05, wanted)
			if err != nil {
				t.Fatal(err)
			}
			promised := power(n, margin/sd, 0.05)
			byT := make([]bool, scaled(experiments))
			perExperiment(t, scaled(experiments), uint64(200_000+10*i+j), func(e int, rng *rand.Rand) error {
				d := scale(noises()[0].draw(rng, n), 0, sd)
				parametric, err := StudentT(d, margin)
				if err != nil {
					return err
				}
				byT[e] = parametric.PLess < 0.05
				return nil
			})
			kept := percentTrue(byT)
			within(t, fmt.Sprintf("power at SD %v with %d rounds", sd, n), kept, 100*promised-5, 100*promised+5)
			fmt.Fprintf(doc, "| %.2f | %.0f | %d | %.1f | %.1f |\n", sd, 100*wanted, n, 100*promised, kept)
		}
	}
}

// golden compares with a file, or writes it with -update. Shares may differ by a
// few experiments between architectures: some of them fuse multiplication and
// addition.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if testfile.Updating() {
		testfile.Write(t, file, got)
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := string(data)
	share := regexp.MustCompile(`\d+\.\d+`)
	if diff := cmp.Diff(strings.Split(share.ReplaceAllString(want, "#"), "\n"), strings.Split(share.ReplaceAllString(got, "#"), "\n")); diff != "" {
		t.Fatalf("%s is out of date (-file +now):\n%s", file, diff)
	}
	old, now := share.FindAllString(want, -1), share.FindAllString(got, -1)
	for i := range old {
		a, err := strconv.ParseFloat(old[i], 64)
		if err != nil {
			t.Fatal(err)
		}
		b, err := strconv.ParseFloat(now[i], 64)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(a-b) > 0.25 {
			t.Errorf("%s: figure %d is %v in the file, %v now", file, i, a, b)
		}
	}
}
