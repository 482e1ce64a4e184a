// Package plot draws a report: one picture for each question that its tables
// answer, as SVG for light and dark pages and as PNG.
//
// Package analysis stands before it and has the numbers; reports that can show
// pictures (html) stand after it. Every [Figure] carries the table that says the
// same, so that nothing can be learned from a picture alone. It estimates nothing:
// what is not in the report is not drawn, and no line goes beyond the densities
// that were measured.
//
// # How a picture is made
//
//	Report -> one file per figure (forest.go, pods.go, ...) -> canvas: text, axes, marks
//	       -> scene: a list of shapes and texts, without a format -> SVG, PNG
//
// Fonts, their metrics and the PNG are those of gonum.org/v1/plot. The SVG is
// written here: gonum's names one font that few browsers have and lets text run as
// wide as another font makes it, while ours holds each text to the width it was
// laid out with.
//
// A picture is 440 points wide, with no letter under 10: on a phone of 390 pixels
// it can still be read. Axes that are linear begin at zero, and those that are
// logarithmic say so. An arm has the same colour, shape and dashes in every picture
// of every run, so that colour is never the only mark.
package plot
