package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"

	"cri-stats-bench/bench"
)

// The frame of a line is fixed to the byte, so that what the checksum is over is
// beyond doubt and reading a line is no parsing.
const (
	frameHead   = `{"crc32c":"`
	frameMiddle = `","trial":`
	frameTail   = "}"
	sumDigits   = 8
	trialAt     = len(frameHead) + sumDigits + len(frameMiddle)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendLine appends one line, newline included, to buf.
func appendLine(buf []byte, t *bench.Trial) ([]byte, error) {
	trial, err := json.Marshal(t)
	if err != nil {
		return buf, fmt.Errorf("encode the trial of arm %s at %s, round %d: %w", t.Arm.Name, t.Cell, t.Round, err)
	}
	return appendFrame(buf, trial), nil
}

// appendFrame appends the line of a trial's JSON.
func appendFrame(buf, trial []byte) []byte {
	buf = fmt.Appendf(buf, "%s%08x%s", frameHead, crc32.Checksum(trial, castagnoli), frameMiddle)
	buf = append(buf, trial...)
	return append(buf, frameTail+"\n"...)
}

// line takes a line, without its newline, apart and decodes the trial into t. The error says what is damaged.
func (d *decoder) line(line []byte, t *bench.Trial) error {
	if len(line) == 0 {
		return fmt.Errorf("blank line")
	}
	if len(line) < trialAt+len(frameTail) ||
		!bytes.HasPrefix(line, []byte(frameHead)) ||
		!bytes.HasPrefix(line[len(frameHead)+sumDigits:], []byte(frameMiddle)) ||
		!bytes.HasSuffix(line, []byte(frameTail)) {
		return fmt.Errorf("not a line of the form %s…%s{…}%s", frameHead, frameMiddle, frameTail)
	}
	trial := line[trialAt : len(line)-len(frameTail)]
	want := string(line[len(frameHead) : len(frameHead)+sumDigits])
	if got := fmt.Sprintf("%08x", crc32.Checksum(trial, castagnoli)); got != want {
		return fmt.Errorf("checksum %s, want %s", got, want)
	}
	if err := d.trial(trial, t); err != nil {
		return fmt.Errorf("decode the trial: %w", err)
	}
	return nil
}
