package gate

import (
	"path/filepath"
	"testing"
)

// A note of what a configuration was can be acted on, or is refused.
func FuzzParseState(f *testing.F) {
	f.Add([]byte(`{"path":"/var/lib/kubelet/config.yaml","original":"eA==","restart":["systemctl","restart","kubelet"]}`))
	f.Add([]byte(`{"path":"config.yaml","restart":["true"]}`))
	f.Add([]byte(`{"path":"/x","restart":[""]}`))
	f.Add([]byte(`{"path":"/x"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseState(data)
		if err == nil && (!filepath.IsAbs(s.Path) || len(s.Restart) == 0 || s.Restart[0] == "") {
			t.Errorf("%q is to overwrite %q and run %q", data, s.Path, s.Restart)
		}
	})
}
