package plan

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A reader walks the syntax tree of one plan file. It keeps going after an
// error, so that all of them are told, and notes where each value stands, so
// that a contradiction found later has a place too.
type reader struct {
	file     string
	errs     []*Error
	warnings []*Error
	// at has the place of each value by path: "window", "arms[2].interval".
	at map[string]*token.Position
}

// A field is one key of a mapping and what reads its value.
type field struct {
	key  string
	read read
}

// A read reads the value n that stands at path.
type read func(n ast.Node, path string)

func (r *reader) errorf(at *token.Position, format string, args ...any) {
	r.errs = append(r.errs, &Error{r.file, at.Line, at.Column, fmt.Sprintf(format, args...)})
}

func (r *reader) warnf(at *token.Position, format string, args ...any) {
	r.warnings = append(r.warnings, &Error{r.file, at.Line, at.Column, fmt.Sprintf(format, args...)})
}

// has tells whether the file itself says something at path.
func (r *reader) has(path string) bool { return r.at[path] != nil }

// where returns the place of the first of the paths that the file has.
func (r *reader) where(paths ...string) *token.Position {
	for _, p := range paths {
		if at := r.at[p]; at != nil {
			return at
		}
	}
	return r.at[""]
}

// mapping reads the keys of a mapping. Unknown keys and keys that stand twice
// are errors.
func (r *reader) mapping(n ast.Node, path string, fields []field) {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.errorf(position(n), "%s must be a mapping of keys to values, is %s", path, kind(n))
		return
	}
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	seen := make(map[string]*token.Position)
	for it := m.MapRange(); it.Next(); {
		key, value := it.Key().GetToken(), it.Value()
		at := key.Position
		if before := seen[key.Value]; before != nil {
			r.errorf(at, "key %q stands twice, first on line %d", key.Value, before.Line)
			continue
		}
		seen[key.Value] = at
		i := slices.Index(keys, key.Value)
		if i < 0 {
			r.errorf(at, "unknown key %q%s", key.Value, suggest(key.Value, keys))
			continue
		}
		if value == nil || value.Type() == ast.NullType {
			r.at[below(path, key.Value)] = at
			r.errorf(at, "%q has no value", key.Value)
			continue
		}
		r.value(value, below(path, key.Value), fields[i].read)
	}
}

// value notes where a value stands and reads it.
func (r *reader) value(n ast.Node, path string, read read) {
	r.at[path] = position(n)
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.TagType, ast.MergeKeyType:
		r.errorf(position(n), "%s: anchors, aliases and tags are not accepted in a plan; write the value out", path)
	default:
		read(n, path)
	}
}

// list reads the elements of a list; a single value stands for a list of one.
func (r *reader) list(element read) read {
	return func(n ast.Node, path string) {
		s, ok := n.(*ast.SequenceNode)
		if !ok {
			r.value(n, path+"[0]", element)
			return
		}
		if len(s.Values) == 0 {
			r.errorf(position(n), "%s is an empty list", path)
		}
		for i, v := range s.Values {
			r.value(v, fmt.Sprintf("%s[%d]", path, i), element)
		}
	}
}

// axis reads a list whose elements must differ.
func axis[T comparable](r *reader, dst *[]T, element func(*T) read) read {
	return r.list(func(n ast.Node, path string) {
		var v T
		before := len(r.errs)
		element(&v)(n, path)
		switch {
		case len(r.errs) > before:
		case slices.Contains(*dst, v):
			r.errorf(position(n), "%s: %v stands twice", path, v)
		default:
			*dst = append(*dst, v)
		}
	})
}

func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// position returns where a node begins. A block mapping's own token is its first
// colon; it begins at its first key.
func position(n ast.Node) *token.Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key.GetToken().Position
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken().Position
	}
	return n.GetToken().Position
}

// kind names what a node is, for "must be a duration, is a list".
func kind(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	case ast.NullType:
		return "empty"
	default:
		return fmt.Sprintf("%q", n.GetToken().Value)
	}
}
