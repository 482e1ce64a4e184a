package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// An End says how a run ended. Whole lines that are lost from the end of
// trials.jsonl leave no other trace than its count.
type End struct {
	// Because is the schedule's reason why there was no further trial.
	Because string `json:"because"`
	// Trials is how many lines trials.jsonl has.
	Trials int `json:"trials"`
}

// End writes that the run came to its end, and why. It comes after the last
// Append.
func (w *Writer) End(because string) error {
	data, err := json.Marshal(End{because, w.trials.count})
	if err != nil {
		return fmt.Errorf("encode %s: %w", EndFile, err)
	}
	if err := errors.Join(writeJSON(w.dir, EndFile, data), syncDir(w.dir)); err != nil {
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
	data, err := os.ReadFile(filepath.Join(r.Dir, EndFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open run: %w", err)
	}
	var end End
	if err := json.Unmarshal(data, &end); err != nil {
		r.Damage = append(r.Damage, Damage{File: EndFile, Reason: fmt.Sprintf("decode: %v", err)})
		return nil
	}
	r.End = &end
	lines := len(r.Trials)
	for _, d := range r.Damage {
		if d.File == TrialsFile {
			lines++ // it is there, and was told
		}
	}
	if lines != end.Trials {
		r.Damage = append(r.Damage, Damage{File: TrialsFile, Reason: fmt.Sprintf("%d trials, %s says %d", lines, EndFile, end.Trials)})
	}
	return nil
}
