package plot

import (
	"fmt"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// fonts are the two that pictures are laid out with.
//
// Note: gonum's package liberation has them, too, with ten more that would make the
// program 3 MB larger.
type fonts struct{ regular, bold *opentype.Font }

func newFonts() (*fonts, error) {
	regular, err := opentype.Parse(liberationsansregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("parse the font: %w", err)
	}
	bold, err := opentype.Parse(liberationsansbold.TTF)
	if err != nil {
		return nil, fmt.Errorf("parse the bold font: %w", err)
	}
	return &fonts{regular, bold}, nil
}

func (f *fonts) face(size vg.Length, bold bool) font.Face {
	face := font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Face: f.regular}
	if bold {
		face.Face = f.bold
	}
	return face
}

// width is how wide a text is.
func (f *fonts) width(text string, size vg.Length, bold bool) vg.Length {
	face := f.face(size, bold)
	return face.Width(text)
}
