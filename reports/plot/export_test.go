package plot

import (
	"io"

	"gonum.org/v1/plot/vg"
)

// PNGFor is PNG for a page of either theme, to look at what dark ones show.
func PNGFor(w io.Writer, f *Figure, t Theme) error { return writePNG(w, f, t) }

// A Box is where a text of a picture stands.
type Box struct {
	Text                     string
	Left, Right, Top, Bottom vg.Length
}

// Boxes are those of all texts of a picture, and its size.
func Boxes(f *Figure) (boxes []Box, width, height vg.Length) {
	for _, s := range f.scene.shapes {
		if s.text != "" {
			boxes = append(boxes, Box{s.text, s.at.X, s.at.X + s.length, s.at.Y - 0.72*s.size, s.at.Y + 0.2*s.size})
		}
	}
	return boxes, f.scene.width, f.scene.height
}
