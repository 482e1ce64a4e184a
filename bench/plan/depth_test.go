package plan

import (
	"runtime"
	"strings"
	"testing"
)

// What is nested deeper than any plan is refused before it is parsed, by whatever it is
// nested, and takes no memory to speak of.
func TestDepth(t *testing.T) {
	indented := &strings.Builder{}
	for i := range 300 {
		indented.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for name, text := range map[string]string{
		"brackets": strings.Repeat("[", 30_000),
		"braces":   "pods: " + strings.Repeat("{a: ", 15_000),
		"dashes":   strings.Repeat("- ", 15_000) + "a",
		"indents":  indented.String(),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode("deep.yaml", []byte(text), Names{})
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "nested deeper than 20 levels") {
			t.Errorf("%s: %v", name, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
			t.Errorf("%s: %d bytes were allocated for %d", name, got, len(text))
		}
	}
	for _, preset := range Presets() {
		data, err := Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		if line, column, err := depth(data); err != nil {
			t.Errorf("%s:%d:%d: %v", preset, line, column, err)
		}
	}
}
