package runs

import (
	"fmt"
	"math"
	"slices"

	gonum "gonum.org/v1/gonum/stat"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/stat"
)

// An Endpoint is one number of an arm in a cell, in the new run over the old one.
type Endpoint struct {
	Cell   bench.Cell      `json:"cell"`
	Arm    string          `json:"arm"`
	Series analysis.Series `json:"series"`
	Class  Class           `json:"class"`
	// Over is the baseline, where the endpoint is the ratio of the arm to it in the
	// same rounds: what it says is free of what the node does to both. It is
	// exploratory, since the baseline may have changed as well as the arm.
	Over string `json:"over,omitempty"`
	Old  Side   `json:"old"`
	New  Side   `json:"new"`
	// Ratio is that of the geometric means, new over old, with Welch's 90 % interval
	// on logarithms. N counts the trials or blocks of both runs.
	Ratio analysis.Estimate `json:"ratio"`
	// Verdict is after adjustment and with a look at the node, Unadjusted before.
	Verdict    Verdict `json:"verdict,omitempty"`
	Unadjusted Verdict `json:"unadjusted,omitempty"`
	// Worse and Less say that an endpoint without another verdict is shown to be above
	// or below 1, though not by the margin.
	Worse bool `json:"worse,omitempty"`
	Less  bool `json:"less,omitempty"`
	// P is the p-value of Regressed, of exploratory endpoints that of no difference.
	// Adjusted is P after adjustment.
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	// Net is the ratio over that of the floor arm which moved most, where the node
	// changed and the endpoint moved the same way.
	Net *analysis.Estimate `json:"net_of_node,omitempty"`
	// Detectable is the relative loss that as many values find with a power of 80 %,
	// Settles how many rounds of each run would settle what is open; 0 where it cannot
	// be told. Neither has the adjustment.
	Detectable float64 `json:"detectable,omitempty"`
	Settles    int     `json:"settles,omitempty"`
	// Notes are indices into the comparison's Notes.
	Notes []int `json:"notes,omitempty"`
}

// An open endpoint has what verdicts are made from.
type open struct {
	contrast stat.Contrast // new less old, on logarithms
	tails    tails
	judged   bool
}

// floor says that an arm reads no runtime and no cAdvisor: what it costs changes with the
// node, the kernel and the harness alone.
func (r *Run) floor(a bench.Arm) bool {
	return !slices.ContainsFunc(a.Collectors, func(c string) bool { return !r.Report.Host.Collector(c).Floor })
}

// control says that an arm is a positive control, which has a cost planted.
func control(a bench.Arm) bool {
	return slices.Contains(a.Collectors, bench.ControlCollector)
}

// repeats says that an arm is there to be compared with its like.
func (r *Run) repeats(name string) bool {
	return slices.ContainsFunc(r.Report.SelfChecks, func(c analysis.SelfCheck) bool { return c.Arm == name })
}

// reads says that answers have containers in them, where containers run: what reads
// none is the floor of a transport.
func reads(a *analysis.ArmResult) bool {
	return slices.ContainsFunc(a.Collectors, func(c analysis.CollectorResult) bool {
		return c.Expected.Value == 0 || c.Containers.Value > 0
	})
}

// A wanted endpoint.
type wanted struct {
	series analysis.Series
	class  Class
}

// endpoints are what is compared of an arm.
func (b *builder) endpoints(arm bench.Arm, old, new *analysis.ArmResult) []wanted {
	class := Primary
	if b.old.floor(arm) || !reads(old) && !reads(new) {
		class = Exploratory
	}
	out := []wanted{
		{analysis.TotalOf(analysis.CPUCores), class},
		{analysis.TotalOf(analysis.PSS), class},
	}
	if !slices.Equal(arm.Collectors, []string{bench.IdleCollector}) { // its latency is that of a clock
		out = append(out, wanted{analysis.Series{Metric: analysis.ResponseP50}, class})
	}
	for _, c := range arm.Collectors {
		if c != bench.IdleCollector {
			out = append(out, wanted{analysis.Series{Metric: analysis.ResponseP99, Collector: c}, Exploratory})
		}
	}
	for _, m := range []analysis.Metric{analysis.CPUCores, analysis.PSS} {
		for _, part := range b.old.Report.Parts {
			out = append(out, wanted{analysis.Series{Metric: m, Component: part}, Exploratory})
		}
	}
	return append(out, wanted{analysis.Series{Metric: analysis.CPUCores, Component: bench.ComponentNode}, Exploratory})
}

// has says that a run has a series of an arm at all.
func has(a *analysis.ArmResult, s analysis.Series) bool {
	return slices.ContainsFunc(a.Columns, func(c analysis.Column) bool { return c.Series == s && len(c.Observations) > 0 })
}

// compare takes one endpoint in.
func (b *builder) compare(cell bench.Cell, old, new *analysis.ArmResult, w wanted) error {
	x, y := observe(old, w.series), observe(new, w.series)
	if len(x.logs) == 0 || len(y.logs) == 0 {
		b.unmatchedSeries(cell, old, new, w)
		return nil
	}
	return b.add(Endpoint{Cell: cell, Arm: old.Arm, Series: w.series, Class: w.class}, x, y)
}

// relative takes in the ratio of an arm to the baseline, where both runs have both.
func (b *builder) relative(cell bench.Cell, old, new *analysis.ArmResult, w wanted) error {
	base := b.old.Report.Baseline
	oldBase, newBase := b.old.arm(cell, base), b.new.arm(cell, base)
	if base == "" || base != b.new.Report.Baseline || base == old.Arm || oldBase == nil || newBase == nil || armDifference(b.old, b.new, base) != "" {
		return nil
	}
	x, y := observe(old, w.series).over(observe(oldBase, w.series)), observe(new, w.series).over(observe(newBase, w.series))
	if len(x.logs) == 0 || len(y.logs) == 0 {
		return nil
	}
	return b.add(Endpoint{Cell: cell, Arm: old.Arm, Series: w.series, Class: Exploratory, Over: base}, x, y)
}

// add compares two samples.
func (b *builder) add(e Endpoint, x, y sample) error {
	e.Old, e.New, e.Adjusted = x.side(), y.side(), 1
	if n := x.notPositive + y.notPositive; n > 0 {
		e.Notes = append(e.Notes, b.note(fmt.Sprintf("values that are not above zero are left out (%d)", n)))
	}
	o := open{contrast: stat.Shift(y.logs, x.logs), tails: noTails()}
	var err error
	e.Ratio, o.tails, err = test(o.contrast, b.margin)
	o.judged = err == nil
	switch {
	case unanswerable(err):
		e.Ratio = analysis.Estimate{Value: e.New.Mean / e.Old.Mean, N: e.Old.N + e.New.N}
		e.Notes = append(e.Notes, b.note("no interval: it needs two trials in each run that are not all equal"))
	case err != nil:
		return fmt.Errorf("compare %s of %s in %s: %w", e.Series, e.Arm, e.Cell, err)
	}
	if alike(x.logs) || alike(y.logs) {
		e.Notes = append(e.Notes, b.note("rounds that follow each other are alike: the interval is too narrow"))
	}
	e.P = o.tails.regressed
	if e.Class == Exploratory {
		e.P = math.Min(1, 2*math.Min(o.tails.worse, o.tails.less))
	}
	b.c.Endpoints, b.open = append(b.c.Endpoints, e), append(b.open, o)
	return nil
}

const (
	// fewestAlike is how many values it takes to see that neighbours are alike.
	fewestAlike = 8
	// certainty is the normal quantile of a one-sided 1 %.
	certainty = 2.3263478740408408
)

// alike says that neighbours correlate by more than chance makes in one of a
// hundred.
func alike(logs []float64) bool {
	if len(logs) < fewestAlike {
		return false
	}
	mean := gonum.Mean(logs, nil)
	var product, square float64
	for i, v := range logs {
		square += (v - mean) * (v - mean)
		if i > 0 {
			product += (v - mean) * (logs[i-1] - mean)
		}
	}
	return square > 0 && product/square > certainty/math.Sqrt(float64(len(logs)))
}
