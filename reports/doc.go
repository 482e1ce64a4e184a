// Package reports is a shelf: each package on it shows the result of an analysis
// in one form, and in nothing but what is handed to it: no node, no clock, no
// terminal.
//
//	text      tables for a terminal or a log
//	markdown  the same for a pull request
//
// Three more are what those share: table says which tables there are and what
// stands in them, format how a number is written, and reporttest is the test that
// every form passes.
package reports
