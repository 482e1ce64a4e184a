package agreement

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A Verdict says what a comparison shows.
type Verdict string

// The verdicts. That an interval holds 1 shows nothing: agreement must be shown.
const (
	Agrees  Verdict = "agrees"    // the bias for sure, and the limits of agreement, are inside the bands
	Differs Verdict = "differs"   // the bias is for sure outside
	Unclear Verdict = "not shown" // neither; longer observation or more containers may tell
)

// A Comparison is a Bland-Altman analysis of the ratios of two sources, each pod
// or container counted once: its readings over the check are one cluster, of
// which the mean (gauges) or the growth (counters) is taken.
type Comparison struct {
	Metric string `json:"metric"`
	Level  Level  `json:"level"`
	// Against is "cgroup" for the direct readings, else the other source.
	Against string `json:"against"`
	N       int    `json:"n"`
	// Bias is the geometric mean of the ratios with its 95 % interval, Lower and
	// Upper the 95 % limits of agreement. They are 0 where Why says why there are none.
	Bias   float64 `json:"bias,omitempty"`
	BiasLo float64 `json:"bias_lo,omitempty"`
	BiasHi float64 `json:"bias_hi,omitempty"`
	Lower  float64 `json:"lower,omitempty"`
	Upper  float64 `json:"upper,omitempty"`
	// Band is the bias that is accepted: 0.01 is 1 %.
	Band    float64 `json:"band"`
	Verdict Verdict `json:"verdict"`
	// Why says why nothing is shown.
	Why string `json:"why,omitempty"`
}

// A yardstick is a quantity that is compared, and how closely.
type yardstick struct {
	metric *bench.Metric
	band   float64
	least  float64 // growth of a counter, mean of a gauge: what is less says nothing
}

// Note: the limits of agreement may be limitFactor times as wide as the bias, since
// they hold for one container and not for their mean.
const limitFactor = 5

const level95 = 0.95

// yardsticks against the cgroup files.
var yardsticks = []yardstick{
	{bench.CPUUsage, 0.01, 0.2},
	{bench.MemoryWorkingSet, 0.05, gaugeFloor},
	{bench.MemoryUsage, 0.05, gaugeFloor},
	{bench.MemoryRSS, 0.05, gaugeFloor},
	{bench.PageFaults, 0.05, 200},
}

// cgroupFiles is what the direct readings are called in a Comparison.
const cgroupFiles = "cgroup"

// errNone says that there are too few pods or containers to compare.
var errNone = errors.New("fewer than 3 to compare")

// comparisons holds the source against the cgroup files.
func (s *subject) comparisons() []Comparison {
	var out []Comparison
	for _, level := range levels {
		if s.saw(level, Frozen, Stale, Dishonest) {
			continue
		}
		for _, y := range yardsticks {
			if s.explained(y.metric.Name, level, Kinds()...) {
				continue
			}
			x, v := s.pairs(y, level)
			if len(x) == 0 {
				continue
			}
			out = append(out, compare(y, level, cgroupFiles, x, v))
		}
	}
	return out
}

// explained says whether there is a finding of the kinds about the quantity
// already.
func (s *subject) explained(metric string, level Level, kinds ...Kind) bool {
	return slices.ContainsFunc(s.found, func(h hit) bool {
		return h.metric == metric && h.level == level && slices.Contains(kinds, h.kind)
	})
}

// pairs returns for each pod or container what the cgroup files have and what the
// source has.
func (s *subject) pairs(y yardstick, level Level) (truth, values []float64) {
	step := s.step(y.metric.Name, level)
	for _, t := range s.of(y.metric, level) {
		if y.metric.Unit == bench.Bytes && s.stepped(t.key) {
			continue // its mean says when it was read
		}
		var x, v float64
		var ok bool
		if y.metric.Kind == bench.Counter {
			x, v, ok = t.growths()
			ok = ok && v >= 0 && step < y.band*x
		} else {
			x, v, ok = t.means()
		}
		if ok && x >= y.least && v > 0 {
			truth, values = append(truth, x), append(values, v)
		}
	}
	return truth, values
}

// stepped says whether a step of memory was made in the container, or in one of the
// pod's.
func (s *subject) stepped(k key) bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool {
		container := key{container: step.Container}
		return k == container || slices.Contains(s.parts[k.pod], container)
	})
}

// growths returns by how much the kernel's counter and the source's grew between
// the instants of the first and the last reading.
func (t *track) growths() (truth, value float64, ok bool) {
	if len(t.readings) < 2 {
		return 0, 0, false
	}
	a, b := t.first(), t.last()
	from, to := cmp.Or(a.at, a.end), cmp.Or(b.at, b.end)
	if time.Duration(to-from) < leastSpan {
		return 0, 0, false
	}
	first, ok1 := at(t.truth, from)
	last, ok2 := at(t.truth, to)
	return last - first, b.value - a.value, ok1 && ok2
}

// means returns the means of the kernel's gauge around the readings and of the
// readings.
func (t *track) means() (truth, value float64, ok bool) {
	n := 0.0
	for _, r := range t.readings {
		if r.bracketed {
			n++
			truth += r.before.value/2 + r.after.value/2
			value += r.value
		}
	}
	return truth / n, value / n, n >= 2
}

// compare holds values against others of the same pods or containers.
func compare(y yardstick, level Level, against string, x, v []float64) Comparison {
	c := Comparison{Metric: y.metric.Name, Level: level, Against: against, N: len(x), Band: y.band, Verdict: Unclear}
	if err := c.fill(x, v); err != nil {
		c.Why = err.Error()
	}
	return c
}

// fill computes the comparison of values against the truth.
func (c *Comparison) fill(truth, values []float64) error {
	if len(truth) < 3 {
		return errNone
	}
	logs := make([]float64, len(truth))
	for i := range logs {
		logs[i] = math.Log(values[i] / truth[i])
	}
	if least, greatest := slices.Min(logs), slices.Max(logs); greatest-least < 1e-12 {
		// All ratios are one: there is no noise to make an interval of.
		c.Bias = math.Exp(least)
		c.BiasLo, c.BiasHi, c.Lower, c.Upper = c.Bias, c.Bias, c.Bias, c.Bias
	} else {
		a, err := stat.BlandAltman(logs, level95)
		if err != nil {
			return err
		}
		c.Bias, c.BiasLo, c.BiasHi = math.Exp(a.Bias.Value), math.Exp(a.Bias.CI.Lo), math.Exp(a.Bias.CI.Hi)
		c.Lower, c.Upper = math.Exp(a.Lower.Value), math.Exp(a.Upper.Value)
	}
	inside := func(ratio, band float64) bool { return ratio >= 1-band && ratio <= 1+band }
	switch {
	case inside(c.BiasLo, c.Band) && inside(c.BiasHi, c.Band) && inside(c.Lower, limitFactor*c.Band) && inside(c.Upper, limitFactor*c.Band):
		c.Verdict = Agrees
	case c.BiasHi < 1-c.Band || c.BiasLo > 1+c.Band:
		c.Verdict = Differs
	}
	return nil
}

// checkAgreement finds quantities that are off on average.
func (s *subject) checkAgreement() {
	s.compared = s.comparisons()
	if s.anchor != nil && s.anchor != s {
		s.compared = append(s.compared, s.between(s.anchor)...)
	}
	for _, c := range s.compared {
		if c.Verdict != Differs {
			continue
		}
		severity := Limit
		if c.Against == cgroupFiles && c.Level == Containers && (c.Metric == cpu || c.Metric == bench.MemoryWorkingSet.Name) {
			severity = Defect
		}
		s.found = append(s.found, hit{
			kind: Disagrees, severity: severity, level: c.Level, metric: c.Metric, weight: math.Abs(math.Log(c.Bias)),
			evidence: fmt.Sprintf("%s of %d %ss is %.4g [%.4g, %.4g] times that of %s; within %g %% is accepted",
				c.Metric, c.N, c.Level, c.Bias, c.BiasLo, c.BiasHi, c.Against, 100*c.Band),
		})
	}
}
