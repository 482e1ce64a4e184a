package plan

import (
	"bytes"
	"fmt"
)

// deepest is more than the nesting of any plan: six.
const deepest = 20

// depth refuses text that is nested deeper than a plan can be, before it is parsed: a
// parser takes memory by the square of the depth, gigabytes for 60 kB of brackets. It looks
// at brackets, at "- " one after another, and at indentation; what stands in quotes and in
// blocks of text counts as well, of which nobody has that much.
func depth(data []byte) (line, column int, err error) {
	brackets := 0
	var indents []int
	for number, text := range bytes.Split(data, []byte("\n")) {
		rest := bytes.TrimLeft(text, " ")
		indent := len(text) - len(rest)
		if len(rest) == 0 || rest[0] == '#' {
			continue
		}
		for len(indents) > 0 && indents[len(indents)-1] >= indent {
			indents = indents[:len(indents)-1]
		}
		indents = append(indents, indent)
		dashes := 0
		for rest := rest; bytes.HasPrefix(rest, []byte("- ")) || bytes.HasPrefix(rest, []byte("? ")); rest = bytes.TrimLeft(rest[2:], " ") {
			dashes++
		}
		for i, c := range text {
			switch c {
			case '[', '{':
				brackets++
			case ']', '}':
				brackets = max(0, brackets-1)
			}
			if brackets+len(indents)+dashes > deepest {
				return number + 1, i + 1, fmt.Errorf("nested deeper than %d levels, which no plan is", deepest)
			}
		}
	}
	return 0, 0, nil
}
