package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// A Sum is an arm that does not run itself: in each round it is some others taken
// together, as one window that is as long as all of theirs. Nothing is measured twice to
// know what several calls cost in total.
type Sum struct {
	Name string   `json:"name"`
	Arms []string `json:"arms"`
}

// sum reads {name: all, arms: [cri-container-stats, cri-pod-stats]}.
func (r *reader) sum(n ast.Node, path string) Sum {
	var s Sum
	r.mapping(n, path, []field{
		{"name", func(n ast.Node, path string) {
			r.text(&s.Name)(n, path)
			if s.Name != "" && !armName.MatchString(s.Name) {
				r.errorf(position(n), "sum %q: a name has letters, digits and . _ + - only", s.Name)
			}
		}},
		{"arms", axis(r, &s.Arms, func(v *string) read { return r.text(v) })},
	})
	for _, key := range []string{"name", "arms"} {
		if !r.has(path + "." + key) {
			r.errorf(position(n), "%s has no %s", path, key)
		}
	}
	return s
}

// resolveSums lets each sum stand for its arms under each treatment, and refuses those of
// arms that are not there, and arms that could be let go of while others of the sum go on.
func (r *reader) resolveSums(p *Plan) {
	names := make([]string, len(p.Arms))
	for i, a := range p.Arms {
		names[i] = a.Name
	}
	var out []Sum
	for i, s := range p.Sums {
		at := r.where(fmt.Sprintf("sums[%d]", i))
		here := func(name string) bool { return slices.Contains(names, name) }
		switch {
		case here(s.Name):
			r.errorf(at, "sum %q: an arm has that name", s.Name)
		case all(s.Arms, here):
			out = append(out, s)
		case len(p.Treatments) > 0 && all(s.Arms, func(name string) bool { return here(name + "." + p.Treatments[0].Name) }):
			for _, t := range p.Treatments {
				under := Sum{Name: s.Name + "." + t.Name}
				for _, a := range s.Arms {
					under.Arms = append(under.Arms, a+"."+t.Name)
				}
				out = append(out, under)
			}
		default:
			missing := s.Arms[slices.IndexFunc(s.Arms, func(name string) bool { return !here(name) })]
			r.errorf(at, "sum %q: %q is not among the arms%s", s.Name, missing, suggest(missing, names))
		}
	}
	p.Sums = out
	if len(out) > 0 && p.Rounds.Every > 0 {
		r.errorf(r.where("rounds.every"), "rounds.every %d: arms of a sum cannot be let go of one by one", p.Rounds.Every)
	}
}

func all(names []string, is func(string) bool) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !is(name) })
}

// Windows returns the window and the warm-up of an arm or a sum by its name; false if the
// plan has neither.
func (p *Plan) Windows(name string) (window, warmUp time.Duration, ok bool) {
	parts := []string{name}
	if i := slices.IndexFunc(p.Sums, func(s Sum) bool { return s.Name == name }); i >= 0 {
		parts = p.Sums[i].Arms
	}
	for _, part := range parts {
		for _, a := range p.Arms {
			if a.Name == part {
				window, warmUp, ok = window+a.Window, warmUp+a.WarmUp, true
			}
		}
	}
	return window, warmUp, ok
}
