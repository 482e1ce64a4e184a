// Package analysis turns the records of a run into estimates: what each arm
// cost in each cell, with intervals, and how that compares with the plan's
// baseline and idle arm.
//
//	record -> Input -> observations -> estimates and comparisons -> Report -> reports/*
//
// The trial is the unit of analysis. Each usable trial gives one observation per
// [Series]; costs are summed up over the trials of an arm in a cell, and compared
// round by round. Latency is also shown as quantiles over all calls of the cell,
// where the interval rests on the effective number of calls, since calls that
// follow each other are alike.
//
// Package record stands before it and reads what is on disk, package stat knows
// the methods, packages under reports print the result. The analysis is a pure
// function of its input: no clock, no chance, no node, and the order in which
// trials are handed over does not matter.
//
// It drops nothing in silence. A trial, a pair or a quantile that cannot be used
// leaves a [Note], and what was not measured is absent, never zero. It gives no
// verdict.
//
// # Estimates
//
// Costs (CPU, memory), first calls and sizes of answers: arithmetic mean over
// trials with Student's t interval, its lower end not below zero. The mean and
// not a median or geometric mean, because costs add up: the parts of a total
// must sum to it (Hoefler and Belli, Scientific Benchmarking of Parallel
// Computing Systems, SC 2015, rule 3).
//
// Comparisons with the baseline arm: geometric mean of the ratios of the two
// trials of each round, with Student's t interval on the logarithms. Overhead:
// mean difference to the idle arm's trial of the same round, with Student's t.
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
package analysis
