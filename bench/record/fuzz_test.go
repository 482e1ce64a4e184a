package record

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever stands in the files of a run, reading it ends, and what is not whole is named.
func FuzzOpen(f *testing.F) {
	names := []string{FormatFile, PlanFile, HostFile, TrialsFile, ChecksFile, ProfilesFile, EndFile}
	for i, text := range []string{
		`{"format":1}`, `{`, `{"simulated":true}`, `{"crc32c":"00000000","trial":{}}`, `{"crc32c":"00000000","check":{}}` + "\n",
		`{"crc32c":"00000000","profile":{}}` + "\n", `{"because":"x","trials":1,"checks":-1}`,
	} {
		f.Add(byte(i), []byte(text))
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		dir := t.TempDir()
		w, err := Create(dir, map[string]int{"seed": 1}, map[string]int{"cpus": 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		name := names[int(which)%len(names)]
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir)
		if err != nil {
			return
		}
		if len(r.Trials)+len(r.Checks)+len(r.Profiles) > 0 && len(data) < trialFrame.start() {
			t.Errorf("%s of %q: %d trials, %d checks, %d profiles", name, data, len(r.Trials), len(r.Checks), len(r.Profiles))
		}
	})
}
