// Package reports is a shelf: each package on it shows the result of an analysis
// in one form, and in nothing but what is handed to it: no node, no clock, no
// terminal.
//
//	text         tables for a terminal or a log
//	markdown     the same for a pull request
//	html         one page with pictures, for people
//	plot         the pictures, as SVG and PNG
//	jsondoc      everything, by a published schema
//	benchfmt     Go benchmark lines, for benchstat
//	junit        test cases, for Prow and TestGrid
//	perfdata     for perf-dash
//	openmetrics  for Prometheus
//	calls        each call, as CSV
//	across       what several runs say: a new one against an old one, several nodes
//
// Four more are what those share: table says which tables there are and what stands in
// them, format how a number is written, origin where results come from, and
// reporttest is the test that every form passes.
package reports
