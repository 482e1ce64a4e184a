package main

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// Every one of several errors has a line of its own, also where some carry a status.
func TestFlatten(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	f := func(err error, want ...string) {
		t.Helper()
		var got []string
		for _, e := range flatten(err) {
			got = append(got, e.Error())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v is taken apart as %q, want %q", err, got, want)
		}
	}
	f(a, "a")
	f(errors.Join(a, b), "a", "b")
	f(errors.Join(a, statusError{exitInferior, errors.Join(b, c)}), "a", "b", "c")
	f(statusError{exitUsage, errors.Join(a, statusError{exitInferior, b})}, "a", "b")
	f(fmt.Errorf("read: %w", errors.Join(a, b)), "read: a\nb")
}
