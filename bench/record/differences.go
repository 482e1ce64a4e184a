package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// maxDifferences is how many differences a message names.
const maxDifferences = 5

// differences names the values in which two JSON documents differ: "rounds.max
// was 3, is 5".
func differences(was, is []byte) []string {
	var list []string
	compare("", decodeAny(was), decodeAny(is), &list)
	if n := len(list); n > maxDifferences {
		list = append(list[:maxDifferences], fmt.Sprintf("and %d more", n-maxDifferences))
	}
	return list
}

// decodeAny decodes JSON with its numbers as they are written: a seed has more
// digits than a float64.
func decodeAny(data []byte) any {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return string(data)
	}
	return v
}

func compare(path string, was, is any, list *[]string) {
	a, ok := was.(map[string]any)
	b, both := is.(map[string]any)
	if ok && both {
		for _, key := range slices.Sorted(maps.Keys(a)) {
			compare(dotted(path, key), a[key], b[key], list)
		}
		for _, key := range slices.Sorted(maps.Keys(b)) {
			if _, known := a[key]; !known {
				compare(dotted(path, key), nil, b[key], list)
			}
		}
		return
	}
	if x, y := text(was), text(is); x != y {
		if path == "" {
			path = "it"
		}
		*list = append(*list, fmt.Sprintf("%s was %s, is %s", path, x, y))
	}
}

func dotted(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// text is a value as a message shows it.
func text(v any) string {
	if v == nil {
		return "not there"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
