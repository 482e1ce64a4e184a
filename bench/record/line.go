package record

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
)

// A frame stands around each value in a file of lines:
//
//	{"crc32c":"9c3f0a11","trial":{…}}
//
// It is fixed to the byte, so that what the checksum is over is beyond doubt and
// taking a line apart is no parsing.
type frame string

// The frames, by the key that the value has.
const (
	trialFrame frame = `","trial":`
	checkFrame frame = `","check":`

	profileFrame frame = `","profile":`
)

const (
	frameHead = `{"crc32c":"`
	frameTail = "}"
	sumDigits = 8
)

// start is where the value begins.
func (f frame) start() int { return len(frameHead) + sumDigits + len(f) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the checksum of a value: CRC-32 with Castagnoli's polynomial, in hexadecimal.
func sum(value []byte) string { return fmt.Sprintf("%08x", crc32.Checksum(value, castagnoli)) }

// append appends the line of a value's JSON, newline included, to buf.
func (f frame) append(buf, value []byte) []byte {
	buf = fmt.Appendf(buf, "%s%s%s", frameHead, sum(value), f)
	buf = append(buf, value...)
	return append(buf, frameTail+"\n"...)
}

// value takes a line, without its newline, apart. The error says what is damaged.
func (f frame) value(line []byte) ([]byte, error) {
	if len(line) == 0 {
		return nil, errors.New("blank line")
	}
	if len(line) < f.start()+len(frameTail) ||
		!bytes.HasPrefix(line, []byte(frameHead)) ||
		!bytes.HasPrefix(line[len(frameHead)+sumDigits:], []byte(f)) ||
		!bytes.HasSuffix(line, []byte(frameTail)) {
		return nil, fmt.Errorf("not a line of the form %s…%s{…}%s", frameHead, f, frameTail)
	}
	value := line[f.start() : len(line)-len(frameTail)]
	want := string(line[len(frameHead) : len(frameHead)+sumDigits])
	if got := sum(value); got != want {
		return nil, fmt.Errorf("checksum %s, want %s", got, want)
	}
	return value, nil
}
