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
type frame struct {
	key string
	// run is where the checksum goes on from: that of the run's id, so that a line of another
	// run has the wrong one here. It is 0 of a run from before runs had ids.
	run uint32
}

// The frames, by the key that the value has.
var (
	trialFrame   = frame{key: `","trial":`}
	checkFrame   = frame{key: `","check":`}
	profileFrame = frame{key: `","profile":`}
)

// of is the frame in a run.
func (f frame) of(run string) frame {
	f.run = crc32.Checksum([]byte(run), castagnoli)
	return f
}

const (
	frameHead = `{"crc32c":"`
	frameTail = "}"
	sumDigits = 8
)

// start is where the value begins.
func (f frame) start() int { return len(frameHead) + sumDigits + len(f.key) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the checksum of a value in a run: CRC-32 with Castagnoli's polynomial, in
// hexadecimal.
func (f frame) sum(value []byte) string {
	return fmt.Sprintf("%08x", crc32.Update(f.run, castagnoli, value))
}

// append appends the line of a value's JSON, newline included, to buf.
func (f frame) append(buf, value []byte) []byte {
	buf = fmt.Appendf(buf, "%s%s%s", frameHead, f.sum(value), f.key)
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
		!bytes.HasPrefix(line[len(frameHead)+sumDigits:], []byte(f.key)) ||
		!bytes.HasSuffix(line, []byte(frameTail)) {
		return nil, fmt.Errorf("not a line of the form %s…%s{…}%s", frameHead, f.key, frameTail)
	}
	value := line[f.start() : len(line)-len(frameTail)]
	want := string(line[len(frameHead) : len(frameHead)+sumDigits])
	if got := f.sum(value); got != want {
		return nil, fmt.Errorf("checksum %s, want %s", got, want)
	}
	return value, nil
}
