package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// An Error is one thing wrong in a plan file, and where. Decode joins all of
// them; errors.As finds the first.
type Error struct {
	// File is the name that Decode was given. Line and Col count from 1.
	File string
	Line int
	Col  int
	Msg  string
}

// Error returns "file:line:col: message", the form that editors understand.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg) }

// joined sorts errors by place, drops repetitions and joins them. It returns nil
// for none.
func joined(errs []*Error) []error {
	slices.SortStableFunc(errs, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	errs = slices.CompactFunc(errs, func(a, b *Error) bool { return *a == *b })
	var out []error
	for _, e := range errs {
		out = append(out, e)
	}
	return out
}

func join(errs []*Error) error { return errors.Join(joined(errs)...) }
