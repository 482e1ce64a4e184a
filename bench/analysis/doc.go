// Package analysis turns the records of a run into estimates, comparisons and
// verdicts: what each arm cost in each cell, how that compares with the arms that the
// plan names, how it grows with pods, and what the evidence is worth.
//
//	record -> Input -> observations -> estimates, pairings -> judge -> Report -> reports/*
//
// Package record stands before it and reads what is on disk, package stat knows
// the methods, package judge decides, packages under reports print the result. The
// analysis is a pure function of its input: no clock, no chance, no node, and the order
// in which trials are handed over does not matter.
//
// It drops nothing in silence. A trial, a round or a quantile that cannot be used
// leaves a [Note], and what was not measured is absent, never zero. It gives no
// verdict on a simulated run.
//
// # What is compared
//
// The trial is the unit: each usable one gives one observation per [Series]. A
// [Pairing] sets one arm against another, round by round, by the ratio of what the
// node pays in all (agent, runtime and shims; kubelet, runtime and shims), as KEP-2371
// speaks of it. Two arms are compared only if their windows are equal and come after
// equal warm-ups: the same work shows another CPU time in windows of another length.
// An arm that stands in a round more than once, as the baseline does, counts with the
// mean of its logarithms; set against itself it shows the noise ([SelfCheck]).
//
// # Estimates
//
// Costs (CPU, memory), first calls and sizes of answers: arithmetic mean over trials
// with Student's t interval, its lower end not below zero. The mean and not a median or
// geometric mean, because costs add up: the parts of a total must sum to it (Hoefler and
// Belli, Scientific Benchmarking of Parallel Computing Systems, SC 2015, rule 3).
//
// Ratios: geometric mean over rounds with Student's t interval on the logarithms. With
// fewer than ten rounds the spread is the residual one of all arms with the same
// windows, once the means of arms and of rounds are taken off ([stat.TwoWay]), unless
// the rounds' own is larger by more than chance makes; from ten on it is their own.
//
// Price of a call ([Price]): what an arm with one collector costs above the idle arm of
// the same windows, over the calls that were answered. What it costs at other cadences
// is computed from that, and held against what was measured where the run has such arms
// ([PriceTest]).
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
// those of p90, which then rest on little more than the 36 calls they need. Ratios are
// of the arm's own median: in each trial that of its slowest collector.
//
// Growth with pods ([Scaling]): a line of least relative squares, since costs
// scatter in proportion to their size, with the Theil-Sen slope beside it; a power
// law of what is above the idle arm where a parabola is better than the line. Nothing
// is said beyond the densities that were measured.
//
// # Verdicts
//
// A [Verdict] rests on the p-values of a ratio against 1 and against 1 plus the plan's
// margin (one-sided t-tests on the log scale). All endpoints of a run are judged
// together by package judge: for each claim (better, not inferior, inferior) Holm's
// procedure keeps the chance of any wrong one at 5 %. CPU and PSS totals of the plan's
// comparisons in the primary cell are primary, and weigh thirty times as much as the others
// (other cells, other pairs, median response). A plan that looks at its rounds more than
// once spends these 5 % over the looks ([stat.Spending]), and the interval shown is that
// of the last look. Where one round alone decides the mean, a note says
// so. bench/DESIGN.md has how often something
// is said wrongly in simulated runs of the presets. The idle arm, copies, positive
// controls and arms whose answers hold no container are not judged.
//
// # Quality
//
// [SelfCheck]: an arm against itself is the noise floor, and where it differs after
// Holm no verdict of that cell can be trusted. [ControlCheck]: planted differences
// must be found.
package analysis
