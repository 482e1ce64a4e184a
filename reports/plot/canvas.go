package plot

import (
	"strings"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/reports/format"
	"cri-stats-bench/reports/table"
)

// Sizes that all pictures have in common.
const (
	pageWidth  vg.Length = 440
	margin     vg.Length = 10
	textSize   vg.Length = 12
	smallSize  vg.Length = 11
	footSize   vg.Length = 10
	lineHeight           = 1.3 // of the size
)

// A canvas is what a figure is drawn on: a scene that grows downwards.
type canvas struct {
	scene scene
	fonts *fonts
	// y is where the next thing begins.
	y vg.Length
}

// newCanvas returns a canvas with the marks that a picture must bear at its top.
func newCanvas(f *fonts, marks []string) *canvas {
	e := &canvas{fonts: f, y: 6}
	e.scene.width, e.scene.height = pageWidth, e.y
	x := margin
	for _, mark := range marks {
		style := muted
		if mark == table.Simulated {
			style = alarm
		}
		width := f.width(mark, textSize, true) + 12
		e.draw(shape{path: rectangle(x, e.y, width, 18), fill: style.faint(0.1), stroke: style, width: 1})
		e.text(x+6, e.y+13.5, mark, textSize, true, style)
		x += width + 6
	}
	if len(marks) > 0 {
		e.down(26)
	}
	return e
}

func (s *renderer) canvas() *canvas { return newCanvas(s.fonts, s.marks()) }

// draw adds a shape.
func (e *canvas) draw(s shape) { e.scene.shapes = append(e.scene.shapes, s) }

// down moves on.
func (e *canvas) down(by vg.Length) {
	e.y += by
	e.scene.height = e.y
}

// An align says which part of a text stands at its x.
type align float64

const (
	fromLeft  align = 0
	centered  align = 0.5
	fromRight align = 1
)

// text writes at a baseline.
func (e *canvas) text(x, baseline vg.Length, text string, size vg.Length, bold bool, p paint) {
	e.aligned(x, baseline, text, size, bold, p, fromLeft)
}

func (e *canvas) aligned(x, baseline vg.Length, text string, size vg.Length, bold bool, p paint, a align) {
	if text == "" {
		return
	}
	length := e.fonts.width(text, size, bold)
	e.draw(shape{text: text, at: pt(x-vg.Length(a)*length, baseline), size: size, bold: bold, fill: p, length: length})
}

// fit shortens a text until it is no wider than that.
func (e *canvas) fit(text string, width, size vg.Length, bold bool) string {
	for n := len([]rune(text)); e.fonts.width(text, size, bold) > width && n > 3; n-- {
		text = format.Shorten(text, n)
	}
	return text
}

// paragraph writes lines as wide as the page.
func (e *canvas) paragraph(text string, size vg.Length, bold bool, p paint) {
	for _, line := range e.wrap(text, pageWidth-2*margin, size, bold) {
		e.text(margin, e.y+size, line, size, bold, p)
		e.down(lineHeight * size)
	}
}

// wrap breaks a text at spaces; a word that is wider than the line is shortened.
func (e *canvas) wrap(text string, width, size vg.Length, bold bool) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		if n := len(lines); n > 0 && e.fonts.width(lines[n-1]+" "+word, size, bold) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, e.fit(word, width, size, bold))
		}
	}
	return lines
}

// heading says what is below, in bold letters.
func (e *canvas) heading(text string) { e.paragraph(text, textSize, true, ink) }

// remark is smaller and paler.
func (e *canvas) remark(text string) { e.paragraph(text, smallSize, false, muted) }

func (e *canvas) footer(text string) {
	e.down(4)
	e.paragraph(text, footSize, false, muted)
	e.down(4)
}
