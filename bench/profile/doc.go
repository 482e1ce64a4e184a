// Package profile shows who pays: in trials of their own, which no result is made of, it
// takes Go's CPU and memory profiles of agents, runtime and kubelet, counts the processes
// that each of them starts, and splits CPU time into user and system.
//
// A Pass carries these trials out through a bench.Runner, each arm once: it is the Runner's
// schedule, its meter and its recorder at once. Package record keeps what it found.
//
// It refuses to be part of a measured trial: profiling costs whoever is profiled (signals
// at 100 Hz), and counting processes wakes the harness for each of them.
package profile
