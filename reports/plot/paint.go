package plot

import (
	"fmt"
	"image/color"
)

// A Theme says what page a picture stands on.
type Theme int

// The themes.
const (
	Light Theme = iota
	Dark
	// Both is a page that follows its reader: where the colours of the two others differ,
	// an SVG has variables of CSS, which [Variables] declares.
	Both
)

// String names the theme, as ids inside the SVG do.
func (t Theme) String() string {
	return [...]string{"light", "dark", "both"}[t]
}

// A paint is a colour on pages of both themes. The zero paint is none at all.
type paint struct {
	light, dark uint32 // 0xRRGGBB
	opacity     float64
}

func solid(light, dark uint32) paint { return paint{light, dark, 1} }

// faint is the paint with an opacity.
func (p paint) faint(opacity float64) paint {
	p.opacity = opacity
	return p
}

func (p paint) none() bool { return p.opacity == 0 }

func (p paint) rgb(t Theme) uint32 {
	if t == Dark {
		return p.dark
	}
	return p.light
}

// css writes the paint as an attribute of an SVG has it.
func (p paint) css(t Theme) string {
	if t == Both && p.light != p.dark {
		return "var(" + p.variable() + ")"
	}
	return fmt.Sprintf("#%06x", p.rgb(t))
}

func (p paint) variable() string { return fmt.Sprintf("--c%06x-%06x", p.light, p.dark) }

func (p paint) color(t Theme) color.NRGBA {
	v := p.rgb(t)
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), uint8(255*p.opacity + 0.5)}
}

// What is not data. Texts have a contrast of at least 4.5 to 1 on their page.
var (
	ink   = solid(0x1f2328, 0xe6edf3)
	muted = solid(0x57606a, 0xa3adb8)
	rule  = solid(0x8c959f, 0x7d8590) // axes
	grid  = solid(0xe3e7eb, 0x2c333b)
	paper = solid(0xffffff, 0x0d1117)
	shade = solid(0xd3dbe4, 0x39434e) // what lies within the margin
	alarm = solid(0xb42318, 0xff8a75) // SIMULATED, void
)

// The colours of data: those of Okabe and Ito (Color Universal Design, 2008), which
// people with any kind of colour vision can tell apart. Those that are too light for
// a white page are darkened to a contrast of 3 to 1, those too dark for a black one
// lightened.
var (
	blue      = solid(0x0072b2, 0x4fa8e8)
	sky       = solid(0x3a97d4, 0x8ccbf5)
	green     = solid(0x00916a, 0x2cc79a)
	vermilion = solid(0xd55e00, 0xf5813d)
	orange    = solid(0xbb7f00, 0xf2b632)
	purple    = solid(0xb8608f, 0xde9ac1)
	olive     = solid(0x857c00, 0xe5db5a)
	grey      = solid(0x6b7580, 0xb4bdc7)
)
