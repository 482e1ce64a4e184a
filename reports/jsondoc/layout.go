package jsondoc

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// depth is down to which level values have lines of their own: an estimate is one
// line, and so are all observations of a trial's metric. Indented throughout, a
// report would be three times as long.
const depth = 6

// layout writes compact JSON in lines that people and diff can read. What does not
// print is escaped, so that the document can be shown on a terminal as it is.
func layout(out *bytes.Buffer, compact []byte) {
	out.Grow(len(compact) + len(compact)/4)
	level, quoted := 0, false
	line := func() {
		if level <= depth {
			fmt.Fprintf(out, "\n%*s", 2*level, "")
		}
	}
	for i := 0; i < len(compact); {
		c := compact[i]
		if quoted {
			i += text(out, compact[i:])
			quoted = c != '"'
			continue
		}
		i++
		switch c {
		case '}', ']':
			if level--; level < depth {
				line()
			}
		}
		out.WriteByte(c)
		switch c {
		case '"':
			quoted = true
		case '{', '[':
			if next := compact[i]; next == '}' || next == ']' {
				out.WriteByte(next)
				i++
				continue
			}
			level++
			line()
		case ',':
			line()
		case ':':
			if level <= depth {
				out.WriteByte(' ')
			}
		}
	}
	out.WriteByte('\n')
}

// text writes one character of a string, or one escape, and returns its length.
func text(out *bytes.Buffer, s []byte) int {
	r, size := utf8.DecodeRune(s)
	high, low := utf16.EncodeRune(r)
	switch {
	case r == '\\':
		size = 2
		out.Write(s[:size])
	case unicode.IsPrint(r):
		out.WriteRune(r)
	case high != unicode.ReplacementChar:
		fmt.Fprintf(out, `\u%04x\u%04x`, high, low)
	default:
		fmt.Fprintf(out, `\u%04x`, r)
	}
	return size
}
