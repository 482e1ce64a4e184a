package main

import (
	"bytes"
	"testing"
)

func TestConsole(t *testing.T) {
	f := func(want string, parts ...string) {
		t.Helper()
		var b bytes.Buffer
		c := &console{out: &b}
		for _, part := range parts {
			if n, err := c.Write([]byte(part)); n != len(part) || err != nil {
				t.Errorf("Write(%q): %d, %v", part, n, err)
			}
		}
		if b.String() != want {
			t.Errorf("%q became %q, want %q", parts, b.String(), want)
		}
	}
	f("pods:\t35\nµs ± 1 –\n", "pods:\t35\nµs ± 1 –\n")
	f("\ufffd]0;title\ufffd\ufffd[2J", "\x1b]0;title\x07\x1b[2J")
	f("ok\ufffd evil", "ok\r evil")
	f("a\ufffdb\ufffdc", "a\u202eb\u2066c") // marks of direction
	f("a\ufffdb", "a\u009bb")               // a control sequence in one character
	f("a\ufffdb", "a\xffb")
	f("µs\ufffd", "\xc2", "\xb5s\xe2\x80", "\xae") // characters in two writes
}

func FuzzConsole(f *testing.F) {
	f.Add([]byte("a\x1b[31m\u202e"), 2)
	f.Fuzz(func(t *testing.T, text []byte, at int) {
		at = min(max(0, at), len(text))
		var once, twice bytes.Buffer
		one, two := &console{out: &once}, &console{out: &twice}
		_, _ = one.Write(text)
		_, _ = two.Write(text[:at])
		_, _ = two.Write(text[at:])
		if !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("%q in one write, %q in two", once.Bytes(), twice.Bytes())
		}
		for _, r := range once.String() {
			if obeyed(r) {
				t.Errorf("%q got through", r)
			}
		}
	})
}
