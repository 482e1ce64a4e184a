package html

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Text can be read on its background: WCAG 2.2 asks for a contrast of 4.5 (AA), light
// and dark.
func TestContrast(t *testing.T) {
	light, dark, ok := strings.Cut(styleText, "@media screen and (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("the style sheet has no dark part")
	}
	for scheme, text := range map[string]string{"light": light, "dark": dark} {
		colours := make(map[string]float64)
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6})`).FindAllStringSubmatch(text, -1) {
			colours[m[1]] = luminance(t, m[2])
		}
		f := func(ink, paper string, least float64) {
			t.Helper()
			a, b := colours[ink], colours[paper]
			if c := (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05); c < least || a == 0 && b == 0 {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %v", scheme, ink, paper, c, least)
			}
		}
		for _, paper := range []string{"page", "tint"} {
			f("ink", paper, 7)
			f("soft", paper, 4.5)
			f("link", paper, 4.5)
			f("bar", paper, 3) // a graphic
		}
		for _, tone := range []string{"good", "bad", "open"} {
			f(tone, tone+"-tint", 4.5)
		}
		f("ink", "open-tint", 7) // the box that says why
	}
}

// luminance is the relative one of an sRGB colour, as WCAG 2.2 defines it.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
