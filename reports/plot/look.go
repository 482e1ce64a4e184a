package plot

import (
	"hash/fnv"
	"strings"

	"gonum.org/v1/plot/vg"

	"cri-stats-bench/bench/analysis"
)

// A look is how an arm is shown: by colour, by the shape of its points and by the
// dashes of its line.
type look struct {
	paint  paint
	mark   mark
	hollow bool
	dashes pattern
}

// A pattern is one of a few kinds of line.
type pattern int

const (
	unbroken pattern = iota
	dashed
	dotted
	dashDotted
)

func (p pattern) lengths() []vg.Length {
	switch p {
	case dashed:
		return []vg.Length{6, 3}
	case dotted:
		return []vg.Length{1.5, 3}
	case dashDotted:
		return []vg.Length{7, 3, 1.5, 3}
	}
	return nil
}

// known are the looks of the arms that presets have. Sources have colours: CRI blue
// and green, cAdvisor red and orange, both together purple, floors grey and olive.
// What is a variant of an arm has its colour and, mostly, its shape, hollow. No two
// of one preset have the same points in different colours.
func known() map[string]look {
	return map[string]look{
		"idle":                         {grey, disc, true, dotted},
		"cri-version":                  {grey, plus, true, dashDotted},
		"cgroup":                       {olive, plus, false, unbroken},
		"cri-container-stats":          {blue, disc, false, unbroken},
		"cri-pod-stats":                {sky, triangle, false, unbroken},
		"cri-pod-metrics":              {green, diamond, false, unbroken},
		"cri-stream-container-stats":   {blue, hexagon, true, dashed},
		"cri-stream-pod-stats":         {sky, triangle, true, dashed},
		"cri-stream-pod-metrics":       {green, diamond, true, dashed},
		"cri-pod-stats-aa":             {sky, star, true, dotted},
		"cri-pod-stats-again":          {sky, star, true, dotted},
		"control":                      {sky, star, false, dashDotted},
		"cadvisor":                     {vermilion, square, false, unbroken},
		"cadvisor-1s":                  {vermilion, square, true, dashed},
		"cadvisor-ondemand":            {orange, wedge, false, unbroken},
		"cadvisor-metrics":             {orange, wedge, true, dashed},
		"cadvisor+cri-container-stats": {purple, hexagon, false, unbroken},
		"parallel":                     {purple, hexagon, true, dashed},
		"gate-off":                     {vermilion, square, false, unbroken},
		"gate-on":                      {blue, disc, false, unbroken},
		"gate-off-unscraped":           {vermilion, square, true, dashed},
		"gate-on-unscraped":            {blue, disc, true, dashed},
	}
}

// looksOf gives every arm of a report its look. Arms that are not known get one by
// their name, so that it stays the same from run to run; where two arms of one run
// would have the same, the later one takes the next that is free.
func looksOf(r *analysis.Report) map[string]look {
	out := make(map[string]look)
	taken := make(map[look]bool)
	table := known()
	for _, a := range r.Arms {
		if l, ok := table[withoutMode(a.Name)]; ok && !taken[l] {
			out[a.Name] = l
			taken[l] = true
		}
	}
	for _, a := range r.Arms {
		if _, ok := out[a.Name]; ok {
			continue
		}
		hash := fnv.New64a()
		hash.Write([]byte(a.Name)) // never fails, says package hash
		seed := hash.Sum64()
		l := lookBy(seed)
		for n := uint64(1); taken[l] && n < variants; n++ {
			l = lookBy(seed + n)
		}
		out[a.Name] = l
		taken[l] = true
	}
	return out
}

// withoutMode is the arm's name in its plan: of a kubelet, the analysis sets the mode
// before it that the kubelet was found in ("B.gate-off").
func withoutMode(name string) string {
	if mode, rest, found := strings.Cut(name, "."); found && len(mode) == 1 {
		return rest
	}
	return name
}

// variants is how many looks lookBy has.
const variants = 7 * 6 * 2 * 4

// lookBy is one look for every number from 0 to variants, neighbours unlike each other.
func lookBy(n uint64) look {
	paints := []paint{blue, vermilion, green, orange, purple, sky, olive}
	shapes := []mark{disc, square, triangle, diamond, wedge, hexagon}
	n %= variants
	l := look{paint: paints[n%7], mark: shapes[n%6]}
	n /= 42
	l.hollow = n%2 == 1
	l.dashes = pattern(n / 2)
	return l
}

// with is the look of one of an arm's collectors, by its place: of the arm's colour,
// and of another shape and other dashes.
func (l look) with(place int) look {
	l.mark = (l.mark + mark(place)) % cross
	l.dashes = (l.dashes + pattern(place)) % 4
	l.hollow = l.hollow != (place%2 == 1)
	return l
}
