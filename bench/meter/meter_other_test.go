//go:build !linux

package meter

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestLengthOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		w, err := m.Watch(t.Context(), []int{1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.End(); err == nil {
			t.Error("a window that was not begun ended")
		}
		if err := w.Begin(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		got, err := w.End()
		if err != nil || got.Length != time.Second || got.Costs != nil || !errors.Is(errors.Join(got.Warnings...), ErrLinuxOnly) {
			t.Errorf("window: %+v, %v", got, err)
		}
	})
}
