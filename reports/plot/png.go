package plot

import (
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// pixelsPerInch makes three pixels of a point, for sharp letters on dense screens.
const pixelsPerInch = 3 * 72

// writePNG puts the title above the picture, as nothing else says what it shows.
func writePNG(w io.Writer, f *Figure, t Theme) error {
	head := newCanvas(f.fonts, nil)
	head.paragraph(f.Title, 14, true, ink)
	head.y += 4
	width, height := f.scene.width, head.y+f.scene.height
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pixelsPerInch), vgimg.UseBackgroundColor(paper.color(t)))}
	for _, s := range head.scene.shapes {
		s.png(canvas, f.fonts, height, t)
	}
	for _, s := range f.scene.shapes {
		s.png(canvas, f.fonts, f.scene.height, t)
	}
	_, err := canvas.WriteTo(w)
	return err
}

// png draws a shape on a canvas whose y runs up from below; top is where the scene
// has its y of 0.
func (s *shape) png(c vg.Canvas, f *fonts, top vg.Length, t Theme) {
	if s.text != "" {
		c.SetColor(s.fill.color(t))
		c.FillString(f.face(s.size, s.bold), pt(s.at.X, top-s.at.Y), s.text)
		return
	}
	path := make(vg.Path, 0, len(s.path)+1)
	for _, p := range s.path {
		p.Pos.Y = top - p.Pos.Y
		if p.Type == vg.ArcComp {
			path.Move(pt(p.Pos.X+p.Radius, p.Pos.Y)) // else a line leads to it
		}
		path = append(path, p)
		if p.Type == vg.ArcComp {
			path.Close()
		}
	}
	if !s.fill.none() {
		c.SetColor(s.fill.color(t))
		c.Fill(path)
	}
	if !s.stroke.none() {
		c.SetColor(s.stroke.color(t))
		c.SetLineWidth(s.width)
		c.SetLineDash(s.dashes, 0)
		c.Stroke(path)
	}
}
