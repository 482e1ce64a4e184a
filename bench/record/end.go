package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// An End says how a run ended. Whole lines that are lost from the end of
// trials.jsonl leave no other trace than its count.
type End struct {
	// Because is the schedule's reason why there was no further trial.
	Because string `json:"because"`
	// Trials is how many lines trials.jsonl has, Checks checks.jsonl; nil of a run from
	// before that was counted.
	Trials int  `json:"trials"`
	Checks *int `json:"checks,omitempty"`
}

// endFile is end.json: the end and its checksum, as of the value of a line. Of a run from
// before it had one the end stands in the file itself.
type endFile struct {
	Sum string          `json:"crc32c"`
	End json.RawMessage `json:"end"`
}

// End writes that the run came to its end, and why. It comes after the last
// Append.
func (w *Writer) End(because string) error {
	end, err := json.Marshal(End{because, w.trials.count, &w.checks.count})
	if err != nil {
		return fmt.Errorf("encode %s: %w", EndFile, err)
	}
	data, err := json.Marshal(endFile{frame{}.of(w.run).sum(end), end})
	if err != nil {
		return fmt.Errorf("encode %s: %w", EndFile, err)
	}
	if err := writeJSON(w.dir, EndFile, data); err != nil {
		return fmt.Errorf("end run: %w", err)
	}
	return nil
}

// unend takes back that a run has ended.
func unend(dir string) error {
	if err := os.Remove(filepath.Join(dir, EndFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("go on with a run that had ended: %w", err)
	}
	return nil
}

// readEnd reads end.json, and holds its count against the trials.
func (r *Run) readEnd() error {
	data, err := readRegular(filepath.Join(r.Dir, EndFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open run: %w", err)
	}
	end, err := r.decodeEnd(data)
	if err != nil {
		r.Damage = append(r.Damage, Damage{File: EndFile, Reason: err.Error()})
		return nil
	}
	r.End = end
	r.count(TrialsFile, "trials", len(r.Trials), end.Trials)
	if end.Checks != nil {
		r.count(ChecksFile, "checks", len(r.Checks), *end.Checks)
	}
	return nil
}

// decodeEnd decodes end.json, in whichever form, strictly: in a file of three values each
// one that is not known is one that is not as it was written.
func (r *Run) decodeEnd(data []byte) (*End, error) {
	strictly := func(data []byte, to any) error {
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(to); err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return errors.New("decode: there is more in it")
		}
		return nil
	}
	var end End
	if strictly(data, &end) == nil {
		return &end, nil
	}
	var f endFile
	if err := strictly(data, &f); err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, f.End); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	if got := (frame{}).of(r.manifest.Run).sum(compact.Bytes()); got != f.Sum {
		return nil, fmt.Errorf("checksum %s, want %s", got, f.Sum)
	}
	if err := strictly(f.End, &end); err != nil {
		return nil, err
	}
	return &end, nil
}

// count holds how many values a file has against how many it should have.
func (r *Run) count(file, what string, whole, want int) {
	for _, d := range r.Damage {
		if d.File == file {
			whole++ // it is there, and was told
		}
	}
	if whole != want {
		r.Damage = append(r.Damage, Damage{File: file, Reason: fmt.Sprintf("%d %s, %s says %d", whole, what, EndFile, want)})
	}
}
