package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// A noise draws n values of mean 0 and standard deviation 1 in the order of time.
// symmetric noise has median and pseudo-median 0 as well.
type noise struct {
	name string
	draw func(rng *rand.Rand, n int) []float64
}

// noises returns the kinds of noise that every interval meets. On the log scale
// the first makes lognormal measurements.
func noises() []noise {
	each := func(one func(rng *rand.Rand) float64) func(*rand.Rand, int) []float64 {
		return func(rng *rand.Rand, n int) []float64 {
			x := make([]float64, n)
			for i := range x {
				x[i] = one(rng)
			}
			return x
		}
	}
	return []noise{
		{"lognormal", each((*rand.Rand).NormFloat64)},
		{"drift", drifting},
		{"AR(1) 0.5", func(rng *rand.Rand, n int) []float64 { return autoregressive(rng, n, 0.5) }},
		{"t3", each(func(rng *rand.Rand) float64 { return studentT3(rng) / math.Sqrt(3) })},
		{"bimodal", each(bimodal)},
	}
}

// drifting adds to normal noise a trend over all n values of the same variance.
func drifting(rng *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		trend := math.Sqrt(12) * ((float64(i)+0.5)/float64(n) - 0.5)
		x[i] = (rng.NormFloat64() + trend) / math.Sqrt2
	}
	return x
}

func autoregressive(rng *rand.Rand, n int, phi float64) []float64 {
	x := make([]float64, n)
	x[0] = rng.NormFloat64()
	for i := 1; i < n; i++ {
		x[i] = phi*x[i-1] + math.Sqrt(1-phi*phi)*rng.NormFloat64()
	}
	return x
}

func studentT3(rng *rand.Rand) float64 {
	var s float64
	for range 3 {
		z := rng.NormFloat64()
		s += z * z
	}
	return rng.NormFloat64() / math.Sqrt(s/3)
}

// bimodal puts half of the values into each of two modes, six of their own
// standard deviations apart.
func bimodal(rng *rand.Rand) float64 {
	mode := 3.0
	if rng.Uint64()&1 == 0 {
		mode = -3
	}
	return (mode + rng.NormFloat64()) / math.Sqrt(10)
}

// levels are the two that reports show.
var levels = [2]float64{0.90, 0.95}

// A finding is one interval of one experiment, and the truth that it should hold.
type finding struct {
	estimate Estimate
	truth    float64
}

// A study simulates one experiment under a kind of noise and returns, per row and
// level, what came out.
type study struct {
	rows []string
	// seed is its own, so that a study that comes or goes leaves the figures of the
	// others as they are.
	seed int
	// unsuited rows show what a method does with noise that it is not made for.
	unsuited bool
	run      func(rng *rand.Rand, k noise, n int) ([][2]finding, error)
}

// A score counts over experiments.
type score struct {
	experiments, held int
	coverage          float64 // sum of Interval.Coverage
}

func (s score) percent() float64 { return 100 * float64(s.held) / float64(s.experiments) }

// perExperiment runs f once per experiment, each with its own generator, on all
// processors.
func perExperiment(t *testing.T, experiments int, seed uint64, f func(i int, rng *rand.Rand) error) {
	t.Helper()
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			for i := w; i < experiments; i += workers {
				rng := rand.New(rand.NewPCG(replicateSeed(seed, uint64(i))))
				if err := f(i, rng); err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	done.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// simulate repeats the experiment and counts, per row and level.
func (s study) simulate(t *testing.T, k noise, n, experiments int, seed uint64) [][2]score {
	t.Helper()
	results := make([][][2]finding, experiments)
	perExperiment(t, experiments, seed, func(i int, rng *rand.Rand) (err error) {
		results[i], err = s.run(rng, k, n)
		return err
	})
	scores := make([][2]score, len(s.rows))
	for _, r := range results {
		for row := range r {
			for l, f := range r[row] {
				sc := &scores[row][l]
				sc.experiments++
				sc.coverage += f.estimate.CI.Coverage
				if f.estimate.CI.Contains(f.truth) {
					sc.held++
				}
			}
		}
	}
	return scores
}

// atLevels collects a method's estimates at both levels.
func atLevels(truth float64, method func(level float64) (Estimate, error)) (f [2]finding, err error) {
	for i, level := range levels {
		e, err := method(level)
		if err != nil {
			return f, err
		}
		f[i] = finding{e, truth}
	}
	return f, nil
}

// oneRow makes a study of a single method.
func oneRow(seed int, name string, run func(rng *rand.Rand, k noise, n int) (truth float64, method func(level float64) (Estimate, error))) study {
	return study{rows: []string{name}, seed: seed, run: func(rng *rand.Rand, k noise, n int) ([][2]finding, error) {
		truth, method := run(rng, k, n)
		f, err := atLevels(truth, method)
		return [][2]finding{f}, err
	}}
}

// scale returns center + sd·x.
func scale(x []float64, center, sd float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = center + sd*v
	}
	return y
}

// sizes are the numbers of rounds.
var sizes = [2]int{10, 25}

const (
	trueLogRatio = 0.01 // of the paired studies
	noiseSD      = 0.03 // of log ratios and of relative noise on lines
)

// pairedStudies estimate from log ratios, one per round.
func pairedStudies() []study {
	// BlandAltman in two steps: its factors cost more than all the rest together.
	type factorsFor struct {
		n     int
		level float64
	}
	factors := map[factorsFor][2]float64{}
	for _, n := range sizes {
		for _, level := range levels {
			near, far := limitFactors(n, level)
			factors[factorsFor{n, level}] = [2]float64{near, far}
		}
	}
	paired := func(rng *rand.Rand, k noise, n int) []float64 {
		return scale(k.draw(rng, n), trueLogRatio, noiseSD)
	}
	simple := func(seed int, name string, truth float64, method func(d []float64, level float64) (Estimate, error)) study {
		return oneRow(seed, name, func(rng *rand.Rand, k noise, n int) (float64, func(float64) (Estimate, error)) {
			d := paired(rng, k, n)
			return truth, func(level float64) (Estimate, error) { return method(d, level) }
		})
	}
	return []study{
		simple(0, "GeometricMeanRatio", math.Exp(trueLogRatio), GeometricMeanRatio),
		simple(3, "QuantileIntervalEffective, median", trueLogRatio, func(d []float64, level float64) (Estimate, error) {
			return independentQuantile(d, 0.5, level)
		}),
		simple(4, "BlandAltman, upper limit", trueLogRatio+limitsZ*noiseSD, func(d []float64, level float64) (Estimate, error) {
			f := factors[factorsFor{len(d), level}]
			a, err := agreement(d, level, f[0], f[1])
			return a.Upper, err
		}),
	}
}

// replicateSeed mixes seed and experiment into the two words of a PCG, by the
// finalizer of SplitMix64, so that neighboring experiments have nothing in common.
func replicateSeed(seed, experiment uint64) (uint64, uint64) {
	const golden = 0x9e3779b97f4a7c15
	a := splitMix(seed + golden)
	b := splitMix(a ^ (experiment+1)*golden)
	return b, splitMix(b + golden)
}

func splitMix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
