package runs

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/stat"
)

// A world is what pairs of runs are made in.
type world struct {
	rounds int
	noise  float64 // standard deviation of the logarithm from trial to trial
	drift  float64 // of a factor on all times of a run
	margin float64
	// planted is a factor on CPU time and latency of one arm in the new run, everything
	// one of all that is compared.
	planted, everything float64
}

// run makes a run with a report as package analysis would, from numbers alone: two
// thousand pairs of records would take minutes.
func (w world) run(name string, p *plan.Plan, random *rand.Rand, planted, everything float64) *Run {
	r := &Run{Name: name, Plan: p, incidents: make(map[reader]incidents), Report: &analysis.Report{
		Margin: w.margin, // no parts: components would be endpoints without a verdict
	}}
	drift := w.drift * random.NormFloat64()
	for _, a := range p.Arms {
		r.Report.Arms = append(r.Report.Arms, analysis.Arm{Name: a.Name, Collectors: a.Collectors})
	}
	for _, cell := range p.Cells() {
		c := analysis.Cell{Cell: cell}
		for _, a := range p.Arms {
			result := analysis.ArmResult{Arm: a.Name, Trials: make([]analysis.TrialID, w.rounds), Collectors: []analysis.CollectorResult{{}}}
			for i := range result.Trials {
				result.Trials[i].Round = i
			}
			column := func(s analysis.Series, scale, timely float64) {
				col := analysis.Column{Series: s}
				for i := range w.rounds {
					v := scale * math.Exp(timely*drift+w.noise*random.NormFloat64())
					col.Observations = append(col.Observations, analysis.Observation{Trial: int32(i), Value: v})
				}
				result.Columns = append(result.Columns, col)
			}
			factor := everything
			if a.Name == "cri-pod-stats" {
				factor *= planted
			}
			column(analysis.TotalOf(analysis.CPUCores), 0.05*factor, 1)
			column(analysis.TotalOf(analysis.PSS), 1e8*everything, 0)
			column(analysis.Series{Metric: analysis.CPUCores, Component: bench.ComponentAgent}, 0.01, 1)
			column(analysis.Series{Metric: analysis.ResponseP50}, 0.003*factor, 1)
			column(analysis.Series{Metric: analysis.ServiceP50, Collector: a.Collectors[0]}, 0.003*factor, 1)
			c.Arms = append(c.Arms, result)
		}
		r.Report.Cells = append(r.Report.Cells, c)
	}
	return r
}

// A tally is how often something was said of so many pairs, as a share.
type tally struct{ regressed, point, same, node float64 }

// simulate makes pairs and says how often the comparison as a whole is Regressed, how
// often it would be by the other rule that was thought of, how often Same, and how
// often the node is said to have changed.
func (w world) simulate(t *testing.T, pairs int) tally {
	t.Helper()
	p := planOf(t, nightly, "10, 110", w.rounds, w.rounds)
	random := rand.New(rand.NewPCG(20261123, uint64(w.rounds)))
	orOne := func(v float64) float64 {
		if v == 0 {
			return 1
		}
		return v
	}
	var n tally
	count := func(to *float64, is bool) {
		if is {
			*to++
		}
	}
	for range pairs {
		b := newBuilder(w.run("old", p, random, 1, 1), w.run("new", p, random, orOne(w.planted), orOne(w.everything)), w.margin)
		if err := b.verdicts(); err != nil {
			t.Fatal(err)
		}
		count(&n.regressed, b.c.Verdict == Regressed)
		count(&n.same, b.c.Verdict == Same)
		count(&n.point, b.pointRule(t))
		count(&n.node, slices.ContainsFunc(b.c.Floors, func(f Floor) bool { return f.Changed }))
	}
	for _, share := range []*float64{&n.regressed, &n.point, &n.same, &n.node} {
		*share /= float64(pairs)
	}
	return n
}

// pointRule is the road not taken: Regressed where the ratio is shown to be above 1
// and its estimate is above 1+m.
func (b *builder) pointRule(t *testing.T) bool {
	t.Helper()
	var p, value []float64
	for i, e := range b.c.Endpoints {
		if e.Class == Primary {
			p, value = append(p, b.open[i].tails.worse), append(value, e.Ratio.Value)
		}
	}
	adjusted, err := stat.Holm(p)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p {
		if adjusted[i] < alpha && value[i] > 1+b.margin {
			return true
		}
	}
	return false
}

// How often a comparison as a whole is wrong, and how often it finds what is there:
// ten or twenty rounds of five arms at two densities, eighteen endpoints with a
// verdict, a standard deviation of 3 % from trial to trial. The table in doc.go is
// from here; the columns of the rule that was not taken show why.
func TestRates(t *testing.T) {
	type bounds struct{ least, most float64 }
	f := func(name string, w world, pairs int, regressed, point bounds) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.noise = 0.03
			if raceDetector {
				pairs /= 50
			}
			n := w.simulate(t, pairs)
			t.Logf("m %g %%, %d rounds: Regressed %.4f, by the point rule %.4f; Same %.3f; node %.3f", 100*w.margin, w.rounds, n.regressed, n.point, n.same, n.node)
			for _, c := range []struct {
				what string
				got  float64
				want bounds
			}{{"Regressed", n.regressed, regressed}, {"by the point rule", n.point, point}} {
				if !raceDetector && (c.got < c.want.least || c.got > c.want.most) {
					t.Errorf("%s in %.4f of %d pairs, want %g to %g", c.what, c.got, pairs, c.want.least, c.want.most)
				}
			}
		})
	}
	const many, some = 2000, 200
	promised := bounds{0, alpha}
	f("nothing changed", world{rounds: 10, margin: 0.02}, many, bounds{0, 0.005}, bounds{0.02, 0.07})
	f("nothing changed, margin 5 %", world{rounds: 10, margin: 0.05}, some, bounds{0, 0.005}, bounds{0, 0.03})
	f("all at the margin", world{rounds: 10, margin: 0.02, everything: 1.02}, 800, bounds{0.02, alpha + 0.015}, bounds{0.5, 1})
	f("the node drifts by 1 %", world{rounds: 10, margin: 0.02, drift: 0.01}, some, promised, bounds{0.1, 0.3})
	f("the node drifts by 2 %", world{rounds: 10, margin: 0.05, drift: 0.02}, some, promised, bounds{0.1, 0.3})
	f("one arm 10 % worse", world{rounds: 10, margin: 0.02, planted: 1.1}, some, bounds{0.99, 1}, bounds{0.99, 1})
	f("one arm 10 % worse, margin 5 %", world{rounds: 10, margin: 0.05, planted: 1.1}, some, bounds{0.95, 1}, bounds{0.99, 1})
	f("one arm 10 % worse, 20 rounds", world{rounds: 20, margin: 0.05, planted: 1.1}, some, bounds{0.99, 1}, bounds{0.99, 1})
	f("one arm 10 % worse, the node drifts by 2 %", world{rounds: 20, margin: 0.05, planted: 1.1, drift: 0.02}, some, bounds{0.8, 1}, bounds{0.9, 1})
}

// only compares two runs of a world and returns the CPU of the arm that has a
// difference planted.
func (w world) only(t *testing.T, p *plan.Plan, random *rand.Rand) (*builder, *Endpoint) {
	t.Helper()
	b := newBuilder(w.run("old", p, random, 1, 1), w.run("new", p, random, w.planted, 1), w.margin)
	if err := b.verdicts(); err != nil {
		t.Fatal(err)
	}
	return b, endpoint(t, b.c, "cri-pod-stats", analysis.TotalOf(analysis.CPUCores))
}

// What is said of what can be found and of what settles is true: in four of five
// cases.
func TestDesign(t *testing.T) {
	const pairs = 200
	w := world{rounds: 8, noise: 0.06, margin: 0.05, planted: 1.01}
	p := planOf(t, nightly, "10", w.rounds, w.rounds)
	random := rand.New(rand.NewPCG(5, 5))
	b, e := w.only(t, p, random)
	if e.Verdict != Inconclusive {
		t.Fatalf("%s after %d rounds: %+v", e.Verdict, w.rounds, e)
	}
	if err := b.foresee(); err != nil {
		t.Fatal(err)
	}
	share := func(w world, is func(*Endpoint) bool) float64 {
		n := 0
		for range pairs {
			if _, e := w.only(t, p, random); is(e) {
				n++
			}
		}
		return float64(n) / pairs
	}
	noise := math.Hypot(e.Old.SD, e.New.SD) / math.Sqrt2
	found := w
	found.planted, found.noise = 1+e.Detectable, noise
	if got := share(found, func(e *Endpoint) bool { return e.Unadjusted == Regressed }); got < 0.72 || got > 0.88 {
		t.Errorf("a loss of %.3f that can be found is in %.3f of %d pairs, want 0.8", e.Detectable, got, pairs)
	}
	settled := w
	settled.rounds, settled.planted, settled.noise = e.Settles, e.Ratio.Value, noise
	got := share(settled, func(e *Endpoint) bool { return e.Unadjusted != Inconclusive })
	t.Logf("ratio %.3f: %d rounds settle %.3f", e.Ratio.Value, e.Settles, got)
	if got < 0.72 || got > 0.92 {
		t.Errorf("%d rounds settle a ratio of %.3f in %.3f of %d pairs, want 0.8", e.Settles, e.Ratio.Value, got, pairs)
	}
}
