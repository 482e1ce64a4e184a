// Package workloads is the shelf of what makes pods on a node: pods makes them
// through the CRI, out of the image that package image builds and serves, and
// workloadtest has the one test that every workload must pass.
//
//	podload binary -> image -> loopback registry -> runtime -> pods
//
// What stands here knows nothing of collectors and reports.
package workloads
