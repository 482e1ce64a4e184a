package plan

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// longest is the longest duration that a plan may name: a month, so that a slip
// of the unit is found and no sum overflows.
const longest = 31 * 24 * time.Hour

// text reads text that is not empty.
func (r *reader) text(dst *string) read {
	return func(n ast.Node, path string) {
		switch n := n.(type) {
		case *ast.StringNode:
			*dst = n.Value
		case *ast.LiteralNode:
			*dst = strings.TrimSuffix(n.Value.Value, "\n")
		default:
			r.errorf(position(n), "%s must be text, is %s", path, kind(n))
			return
		}
		if *dst == "" {
			r.errorf(position(n), "%s is empty", path)
		}
	}
}

// choice reads one of a few words. Without words any text is accepted.
func choice[T ~string](r *reader, dst *T, what string, words []T) read {
	return func(n ast.Node, path string) {
		before := len(r.errs)
		var s string
		r.text(&s)(n, path)
		if len(r.errs) > before {
			return
		}
		*dst = T(s)
		if words != nil && !slices.Contains(words, T(s)) {
			valid := make([]string, len(words))
			for i, w := range words {
				valid[i] = string(w)
			}
			r.errorf(position(n), "unknown %s %q%s", what, s, suggest(s, valid))
		}
	}
}

// number reads a whole number from least to most.
func (r *reader) number(dst *int, least, most int) read {
	return func(n ast.Node, path string) {
		v, err := strconv.Atoi(scalar(n))
		switch {
		case n.Type() != ast.IntegerType || err != nil:
			r.errorf(position(n), "%s must be a whole number, is %s", path, kind(n))
		case v < least || v > most:
			r.errorf(position(n), "%s is %d, must be from %d to %d", path, v, least, most)
		default:
			*dst = v
		}
	}
}

func (r *reader) seed(dst *uint64) read {
	return func(n ast.Node, path string) {
		v, err := strconv.ParseUint(scalar(n), 10, 64)
		if n.Type() != ast.IntegerType || err != nil {
			r.errorf(position(n), "%s must be a whole number from 0 to 2^64-1, is %s", path, kind(n))
			return
		}
		*dst = v
	}
}

// duration reads a duration with its unit. least is the shortest one accepted.
func (r *reader) duration(dst *time.Duration, least time.Duration) read {
	return func(n ast.Node, path string) {
		s := scalar(n)
		if _, err := strconv.ParseFloat(s, 64); err == nil && s != "0" {
			r.errorf(position(n), "%s: duration %s needs a unit, e.g. \"%ss\"", path, s, s)
			return
		}
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			r.errorf(position(n), "%s must be a duration like \"10s\" or \"1h30m\", is %s", path, kind(n))
		case d < 0:
			r.errorf(position(n), "%s is negative: %v", path, d)
		case d < least:
			r.errorf(position(n), "%s is %v, must be at least %v", path, d, least)
		case d > longest:
			r.errorf(position(n), "%s is %v, must be at most %v", path, d, longest)
		default:
			*dst = d
		}
	}
}

// fraction reads a fraction from 0 to most, either as one ("0.02") or in
// percent ("2%").
func (r *reader) fraction(dst *float64, most float64) read {
	return func(n ast.Node, path string) {
		digits, percent := strings.CutSuffix(scalar(n), "%")
		v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if percent {
			v /= 100
		}
		switch {
		case err != nil || math.IsNaN(v):
			r.errorf(position(n), "%s must be a fraction like 0.02 or \"2%%\", is %s", path, kind(n))
		case v < 0:
			r.errorf(position(n), "%s is negative: %s", path, scalar(n))
		case v > most:
			r.errorf(position(n), "%s is %s, must be at most %g (%g %%)", path, scalar(n), most, most*100)
		default:
			*dst = v
		}
	}
}

// suffix is one of the endings of a quantity, as Kubernetes writes them.
type suffix struct {
	text   string
	factor float64
}

var (
	coreSuffixes = []suffix{{"m", 1e-3}, {"", 1}}
	byteSuffixes = []suffix{{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"", 1}}
)

// quantity reads a number with one of the suffixes, from least to most.
func (r *reader) quantity(set func(float64), example string, suffixes []suffix, least, most float64) read {
	return func(n ast.Node, path string) {
		s := scalar(n)
		i := slices.IndexFunc(suffixes, func(x suffix) bool { return strings.HasSuffix(s, x.text) })
		v, err := strconv.ParseFloat(strings.TrimSuffix(s, suffixes[i].text), 64)
		v *= suffixes[i].factor
		switch {
		case err != nil || math.IsNaN(v):
			r.errorf(position(n), "%s must be a quantity like %s, is %s", path, example, kind(n))
		case v < least || v > most:
			r.errorf(position(n), "%s is %s, must be from %g to %g", path, s, least, most)
		default:
			set(v)
		}
	}
}

// scalar returns the text of a number or a string, "" for anything else.
func scalar(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value
	default:
		return ""
	}
}
