// Package analysis turns the records of a run into estimates, comparisons and
// verdicts: what each arm cost in each cell, how that compares with the plan's
// baseline, how it grows with pods, and what the evidence is worth.
//
//	record -> Input -> observations -> units -> estimates, comparisons -> verdicts -> Report -> reports/*
//
// Package record stands before it and reads what is on disk, package stat knows
// the methods, packages under reports print the result. The analysis is a pure
// function of its input: no clock, no chance, no node, and the order in which
// trials are handed over does not matter.
//
// It drops nothing in silence. A trial, a pair or a quantile that cannot be used
// leaves a [Note], and what was not measured is absent, never zero. It gives no
// verdict on a simulated run.
//
// # Observations and units
//
// The trial is the unit of analysis. Each usable trial gives one observation per
// [Series]. Trials of their own and slices are different regimes and never enter
// one number together: of an arm with slices, CPU time and latency come from
// slices, memory and first calls from trials of its own. [CrossCheck] sets both
// side by side and warns where they disagree beyond both intervals.
//
// Arms are paired by round, in slices by cycle. What an interval counts is stated
// in its [Basis]: rounds; of six or more blocks of slices the blocks, since agents
// live as long as their block; of fewer the cycles, or batches of them, at most 30,
// larger while neighbours are correlated, none across blocks. The rule looks at
// counts and correlations and never at the result; TestDivide has what it is worth.
//
// Slices may have calls at a shorter interval than the arm. Their CPU time is then
// stated at the arm's own: what is above the idle arm in the same cycle goes with
// the calls. A ratio between an arm with slices and one without is that of what
// each costs above the idle arm, which runs in both, round by round or, with fewer
// than six rounds, as two independent means ([OverheadRatio], Fieller's interval).
//
// # Estimates
//
// Costs (CPU, memory), first calls and sizes of answers: arithmetic mean over
// units with Student's t interval, its lower end not below zero. The mean and not
// a median or geometric mean, because costs add up: the parts of a total must sum
// to it (Hoefler and Belli, Scientific Benchmarking of Parallel Computing Systems,
// SC 2015, rule 3).
//
// Comparisons with the baseline arm: geometric mean of the ratios of the units,
// with Student's t interval on the logarithms. Overhead: mean difference to the
// idle arm; below three standard errors of the idle arm it is said to be below the
// detection limit, and there is no ratio.
//
// Latency: response time, counted from when a call was due. A failed call never
// gave an answer and ranks above every answer, so that failing cannot make an
// arm fast. Quantiles up to p95 interpolate (type 7), p99 is a measured value
// (nearest rank). The interval is that of order statistics, n replaced by the
// effective sample size of the indicator "at most this quantile", which is what
// the binomial argument behind these intervals counts. It is taken over the
// calls of all trials in the order of time, so that trials which differ from
// each other lower it too. Where trials differ as much as the calls inside them
// (TestCoverage), 94 % of the 95 % intervals of p50 hold the truth, and 90 % of
// those of p90, which then rest on little more than the 36 calls they need.
//
// Growth with pods ([Scaling]): a line of least relative squares, since costs
// scatter in proportion to their size, with the Theil-Sen slope beside it; a power
// law of the overhead where a parabola is better than the line; ratio of slopes and
// crossing point against the baseline. Nothing is said beyond the densities that
// were measured.
//
// # Verdicts
//
// A [Verdict] rests on the 90 % interval of the ratio against 1 and against 1 plus
// the plan's margin (two one-sided t-tests on the log scale), so that each is said
// wrongly in at most 5 % of runs; TestVerdictRates holds that to 5 % ± 1 %. The t
// interval decides and not the exact signed-rank one, since that cannot use up its
// 5 % with ten rounds and has no answer below five; it stands beside it with the
// Hodges-Lehmann estimate, and where the two differ by much a note says so. The
// bootstrap does not decide either: CALIBRATION.md of package stat shows it to err
// more often.
//
// CPU and PSS totals in the primary cell are primary: both must hold, so neither is
// adjusted. In other cells they are secondary, as is the median latency everywhere:
// Holm over all of them. Components are exploratory: no verdict, q-values by
// Benjamini and Hochberg. The idle arm, arms that repeat another one, positive
// controls and arms whose answers hold no container are no rivals, and are not
// judged.
//
// # Quality
//
// [SelfCheck]: an arm against itself is the noise floor, and where it differs after
// Holm no verdict of that cell can be trusted. [ControlCheck]: planted differences
// must be found. [CarryOver]: whether a slice's cost depends on whose slice came
// before. [Steadiness] of calls and of trials. [Residue]: what varied though no axis
// names it.
package analysis
