// Package html shows a report as one page that is its own: all sections, figures
// as inline SVG, light and dark, for a screen of any width, for paper, and inside an
// iframe without scripts.
//
// Package table lays the report out, package plot draws its figures, packages text
// and markdown show the same in other forms. It has no script, and its content
// security policy forbids the page to load anything from anywhere, this package's
// own mistakes included. Everything that came from a node is escaped.
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the template and the style sheet
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/table"
)

//go:embed page.html.tmpl
var pageText string

//go:embed style.css
var styleText string

// Write writes the report.
func Write(w io.Writer, r *analysis.Report) error {
	pictures, colours, err := pictures(r)
	if err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	return write(w, table.New(r), pictures, colours)
}

// WriteDocument writes any document; it has no figures.
func WriteDocument(w io.Writer, d *table.Document) error { return write(w, d, nil, "") }

// write puts the page together and writes it at once, so that nobody gets half of
// one.
func write(w io.Writer, d *table.Document, pictures []picture, colours string) error {
	page := newPage(d, pictures)
	style := unix(styleText) + colours
	// The policy allows this very style sheet and no other.
	sum := sha256.Sum256([]byte(style))
	page.Style = template.CSS(style) // our own
	page.StyleHash = base64.StdEncoding.EncodeToString(sum[:])
	t, err := template.New("page").Parse(unix(pageText))
	if err != nil {
		return fmt.Errorf("read the template of the page: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, page); err != nil {
		return fmt.Errorf("fill the template of the page: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	return nil
}

// unix takes out the line ends of a checkout on Windows: pages are the same bytes
// wherever the program was built.
func unix(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }
