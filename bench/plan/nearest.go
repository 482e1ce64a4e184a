package plan

import (
	"fmt"
	"slices"
	"strings"
)

// suggest ends the message about an unknown name: the nearest valid one where
// one is near, all of them where none is.
func suggest(name string, valid []string) string {
	if near := nearest(name, valid); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	if len(valid) == 0 {
		return ""
	}
	return fmt.Sprintf(" (known: %s)", strings.Join(valid, ", "))
}

// nearest returns the valid name that name is most likely meant to be, "" if
// there is none: the one with the least edit distance, which must be at most one
// more than a third of the name's length, or else the only one that contains it.
func nearest(name string, valid []string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	best, least := "", len(name)/3+1
	var containing []string
	for _, v := range valid {
		folded := strings.ToLower(strings.ReplaceAll(v, "-", "_"))
		if d := distance(name, folded); d < least || d == least && best == "" {
			best, least = v, d
		}
		if len(name) >= 3 && strings.Contains(folded, name) {
			containing = append(containing, v)
		}
	}
	if best == "" && len(containing) == 1 {
		return containing[0]
	}
	return best
}

// distance is Levenshtein's: insertions, deletions and substitutions of bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substituted := diagonal
			if a[i] != b[j] {
				substituted++
			}
			diagonal = row[j+1]
			row[j+1] = min(substituted, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// duplicate returns the index of the first element that stands earlier in the
// list too, -1 if there is none.
func duplicate[T comparable](list []T) int {
	for i, v := range list {
		if slices.Contains(list[:i], v) {
			return i
		}
	}
	return -1
}
