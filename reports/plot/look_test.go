package plot

import (
	"fmt"
	"math"
	"testing"

	"cri-stats-bench/bench/analysis"
)

// An arm looks the same whatever other arms there are, no two look the same, and no
// two that are known differ by colour alone.
func TestLooks(t *testing.T) {
	looks := func(names ...string) map[string]look {
		r := &analysis.Report{}
		for _, n := range names {
			r.Arms = append(r.Arms, analysis.Arm{Name: n})
		}
		return looksOf(r)
	}
	api := []string{
		"idle", "cri-version", "cgroup", "cri-container-stats", "cri-pod-stats", "cri-pod-stats-aa", "control", "cri-stream-container-stats",
		"cri-stream-pod-stats", "cri-pod-metrics", "cri-stream-pod-metrics", "cadvisor", "cadvisor-1s", "cadvisor-metrics",
		"cadvisor-ondemand", "cadvisor+cri-container-stats", "mine", "yours",
	}
	for _, all := range [][]string{api, {"B.gate-off", "D.gate-on", "B.gate-off-unscraped", "D.gate-on-unscraped", "A.gate-off"}} {
		together := looks(all...)
		seen := make(map[look]string)
		points := make(map[string]string)
		for _, name := range all {
			l := together[name]
			if other, ok := seen[l]; ok {
				t.Errorf("%s looks like %s", name, other)
			}
			seen[l] = name
			if _, ok := known()[withoutMode(name)]; !ok || name == "A.gate-off" {
				continue
			}
			if looks(name)[name] != l {
				t.Errorf("%s looks otherwise by itself", name)
			}
			point := fmt.Sprint(l.mark, l.hollow)
			if other, ok := points[point]; ok {
				t.Errorf("points of %s and %s differ by colour alone", name, other)
			}
			points[point] = name
		}
	}
	if a, b := looks("mine")["mine"], looks("cadvisor", "yours", "mine")["mine"]; a != b {
		t.Errorf("an unknown arm looks like %+v and like %+v", a, b)
	}
}

// Many arms with names of their own all look different.
func TestManyLooks(t *testing.T) {
	r := &analysis.Report{}
	for i := range variants {
		r.Arms = append(r.Arms, analysis.Arm{Name: string(rune('a'+i%26)) + string(rune('a'+i/26))})
	}
	seen := make(map[look]bool)
	for _, l := range looksOf(r) {
		seen[l] = true
	}
	if len(seen) != variants {
		t.Errorf("%d arms have %d looks", variants, len(seen))
	}
}

// Data can be told from the page (WCAG 1.4.11, 3 to 1), texts can be read (1.4.3,
// 4.5 to 1), in both themes.
func TestContrast(t *testing.T) {
	luminance := func(p paint, theme Theme) float64 {
		v := p.rgb(theme)
		sum := 0.0
		for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
			c := float64(v>>(8*i)&0xff) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	f := func(p, on paint, least float64) {
		t.Helper()
		for _, theme := range []Theme{Light, Dark} {
			a, b := luminance(p, theme), luminance(on, theme)
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < least {
				t.Errorf("%s on %s (%s): %.2f to 1, want %g", p.css(theme), on.css(theme), theme, ratio, least)
			}
		}
	}
	for _, l := range known() {
		f(l.paint, paper, 3)
	}
	for _, p := range []paint{blue, sky, green, vermilion, orange, purple, olive} {
		f(p, paper, 3)
	}
	for _, p := range []paint{ink, muted, alarm} {
		f(p, paper, 4.5)
	}
	for _, verdict := range []analysis.Verdict{analysis.Better, analysis.NonInferior, analysis.Inferior, analysis.Inconclusive} {
		f(verdictPaint(verdict), paper, 4.5)
	}
}
