package plot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
)

// fontFamily begins with fonts of the same widths as the one that pictures are laid
// out with.
const fontFamily = "Arimo, 'Liberation Sans', Arial, Helvetica, sans-serif"

// writeSVG writes presentation attributes and no style element, so that a page may
// forbid styles.
func writeSVG(w io.Writer, f *Figure, t Theme) error {
	var out bytes.Buffer
	id := f.ID + "-" + t.String()
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" id="%s" role="img" aria-labelledby="%s-title %s-desc" viewBox="0 0 %s %s" width="%s" height="%s" font-family="%s">`,
		id, id, id, coordinate(f.scene.width), coordinate(f.scene.height), coordinate(f.scene.width), coordinate(f.scene.height), fontFamily)
	out.WriteByte('\n')
	for _, e := range []struct{ name, text string }{{"title", f.Title}, {"desc", f.Caption}} {
		fmt.Fprintf(&out, `<%s id="%s-%s">`, e.name, id, e.name)
		if err := xml.EscapeText(&out, []byte(e.text)); err != nil {
			return err
		}
		fmt.Fprintf(&out, "</%s>\n", e.name)
	}
	for i := range f.scene.shapes {
		if err := f.scene.shapes[i].svg(&out, t); err != nil {
			return err
		}
	}
	out.WriteString("</svg>\n")
	_, err := w.Write(out.Bytes())
	return err
}

// coordinate writes a length to a tenth of a point, so that the last digits of
// floating point, which differ between processors, hardly ever show.
func coordinate(v vg.Length) string {
	return strconv.FormatFloat(math.Round(10*float64(v))/10+0, 'f', -1, 64)
}

func (s *shape) svg(out *bytes.Buffer, t Theme) error {
	if s.text != "" {
		fmt.Fprintf(out, `<text x="%s" y="%s" font-size="%s"`, coordinate(s.at.X), coordinate(s.at.Y), coordinate(s.size))
		if s.bold {
			out.WriteString(` font-weight="bold"`)
		}
		attribute(out, "fill", s.fill, t)
		// Whatever font there is, the text is as wide as it was laid out.
		fmt.Fprintf(out, ` textLength="%s" lengthAdjust="spacingAndGlyphs">`, coordinate(s.length))
		if err := xml.EscapeText(out, []byte(s.text)); err != nil {
			return err
		}
		out.WriteString("</text>\n")
		return nil
	}
	out.WriteString(`<path d="`)
	if err := pathData(out, s.path); err != nil {
		return err
	}
	out.WriteByte('"')
	if s.fill.none() {
		out.WriteString(` fill="none"`)
	} else {
		attribute(out, "fill", s.fill, t)
	}
	if !s.stroke.none() {
		attribute(out, "stroke", s.stroke, t)
		fmt.Fprintf(out, ` stroke-width="%s"`, coordinate(s.width))
		for i, d := range s.dashes {
			separator := ","
			if i == 0 {
				separator = ` stroke-dasharray="`
			}
			out.WriteString(separator + coordinate(d))
		}
		if len(s.dashes) > 0 {
			out.WriteByte('"')
		}
	}
	out.WriteString("/>\n")
	return nil
}

func attribute(out *bytes.Buffer, name string, p paint, t Theme) {
	fmt.Fprintf(out, ` %s="%s"`, name, p.css(t))
	if p.opacity < 1 {
		fmt.Fprintf(out, ` %s-opacity="%s"`, name, strconv.FormatFloat(p.opacity, 'g', 3, 64))
	}
}

// pathData writes the path commands that scenes are made of.
func pathData(out *bytes.Buffer, path vg.Path) error {
	for _, c := range path {
		x, y := coordinate(c.Pos.X), coordinate(c.Pos.Y)
		switch c.Type {
		case vg.MoveComp:
			out.WriteString("M" + x + " " + y)
		case vg.LineComp:
			out.WriteString("L" + x + " " + y)
		case vg.CloseComp:
			out.WriteByte('Z')
		case vg.ArcComp: // a whole circle: SVG wants two arcs
			r, left := coordinate(c.Radius), coordinate(c.Pos.X-c.Radius)
			d := coordinate(2 * c.Radius)
			fmt.Fprintf(out, "M%s %sa%s %s 0 1 0 %s 0a%s %s 0 1 0 -%s 0Z", left, y, r, r, d, r, r, d)
		default:
			return fmt.Errorf("path command %d is not one of a scene", c.Type)
		}
	}
	return nil
}

// Variables declares the colours that SVGs of the theme [Both] refer to: as light pages
// have them, and as dark ones do.
func Variables(all []Figure) (light, dark string) {
	var used []paint
	for i := range all {
		for _, s := range all[i].scene.shapes {
			used = append(used, s.fill, s.stroke)
		}
	}
	slices.SortFunc(used, func(a, b paint) int { return strings.Compare(a.variable(), b.variable()) })
	used = slices.CompactFunc(used, func(a, b paint) bool { return a.variable() == b.variable() })
	for _, p := range used {
		if p.light != p.dark {
			light += p.variable() + ":" + p.css(Light) + ";"
			dark += p.variable() + ":" + p.css(Dark) + ";"
		}
	}
	return light, dark
}
