package main

import (
	"io"
	"unicode"
	"unicode/utf8"
)

// A console is what a person looks at, or a program reads. What a runtime, a node or a plan
// said may be anywhere in what is written to it, so nothing gets through that a terminal
// would obey: escape sequences, other control characters, and marks that change the
// direction of writing become a replacement character. Line breaks and tabs are ours; text
// that must not hold a line break is made plain (format.Plain) by whoever writes it.
type console struct {
	out io.Writer
	// part is the beginning of a character whose rest was not written yet.
	part []byte
}

// Write writes text. Bytes that are no UTF-8 are replaced as well.
func (c *console) Write(p []byte) (int, error) {
	text := p
	if len(c.part) > 0 {
		text = append(c.part, p...)
		c.part = nil
	}
	if n := len(text) - whole(text); n > 0 {
		c.part = append([]byte(nil), text[len(text)-n:]...)
		text = text[:len(text)-n]
	}
	if _, err := c.out.Write(harmless(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Fd is the descriptor behind it, if there is one.
func (c *console) Fd() uintptr {
	if f, ok := c.out.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// whole is how much of a text is whole characters.
func whole(text []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		at := len(text) - back
		if utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				return at
			}
			break
		}
	}
	return len(text)
}

// harmless replaces what a terminal would obey. Text without any of it, which is nearly all,
// is not copied.
func harmless(text []byte) []byte {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if obeyed(r) || r == utf8.RuneError && size == 1 {
			return replaced(text)
		}
		i += size
	}
	return text
}

func replaced(text []byte) []byte {
	out := make([]byte, 0, len(text)+utf8.UTFMax)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if obeyed(r) {
			r = utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
		text = text[size:]
	}
	return out
}

// obeyed says whether a terminal does something else with a character than show it.
func obeyed(r rune) bool {
	return r != '\n' && r != '\t' && unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r)
}
