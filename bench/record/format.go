package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cri-stats-bench/bench/durable"
)

// Version is the format that this package writes, and the newest it reads.
const Version = 1

// The files of a run.
const (
	FormatFile = "format.json"
	PlanFile   = "plan.json"
	HostFile   = "host.json"
	TrialsFile = "trials.jsonl"
	ChecksFile = "checks.jsonl"
	// ProfilesFile is there where trials were profiled, and ProfilesDir with what
	// `go tool pprof` reads.
	ProfilesFile = "profiles.jsonl"
	ProfilesDir  = "profiles"
	LogFile      = "run.log"
	EndFile      = "end.json"
)

// An Identifier is a host that knows which of its properties make it the same
// host when a run is continued. Of one that is no Identifier, every byte counts.
type Identifier interface {
	Identity() string
}

// manifest is format.json. It is the last file that Create writes: where it is,
// the directory is a run.
type manifest struct {
	Format     int    `json:"format"`
	PlanSHA256 string `json:"plan_sha256"`
	HostSHA256 string `json:"host_sha256"`
	// Run is a number that no other run has; empty of a run from before they had one.
	Run string `json:"run,omitempty"`
	// HostIdentity is the host's own word, or HostSHA256.
	HostIdentity string `json:"host_identity"`
	// Simulated is the host's word once more, so that what takes it from host.json takes
	// nothing from the run.
	Simulated bool `json:"simulated,omitempty"`
}

// A Simulator is a host that knows whether it is made up.
type Simulator interface {
	IsSimulated() bool
}

// contents are the plan and the host of a run, as compact JSON.
type contents struct {
	manifest   manifest
	plan, host []byte
}

func newContents(plan, host any) (contents, error) {
	var c contents
	var err error
	if c.plan, err = json.Marshal(plan); err != nil {
		return c, fmt.Errorf("encode %s: %w", PlanFile, err)
	}
	if c.host, err = json.Marshal(host); err != nil {
		return c, fmt.Errorf("encode %s: %w", HostFile, err)
	}
	c.manifest = manifest{Format: Version, PlanSHA256: hash(c.plan), HostSHA256: hash(c.host)}
	c.manifest.HostIdentity = c.manifest.HostSHA256
	if h, ok := host.(Identifier); ok {
		c.manifest.HostIdentity = h.Identity()
	}
	if h, ok := host.(Simulator); ok {
		c.manifest.Simulated = h.IsSimulated()
	}
	return c, nil
}

// readManifest reads format.json and refuses a format that is newer than this
// package.
func readManifest(dir string) (manifest, error) {
	var m manifest
	path := filepath.Join(dir, FormatFile)
	data, err := readRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("open run %s: it holds no %s, so it is no run, or one that was not begun whole: %w", dir, FormatFile, err)
	}
	if err != nil {
		return m, fmt.Errorf("open run %s: %w", dir, err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("decode %s: %w", path, err)
	}
	if m.Format < 1 || m.Format > Version {
		return m, fmt.Errorf("read %s: format %d, this program reads 1 to %d", path, m.Format, Version)
	}
	return m, nil
}

// readJSON reads a file of a run and holds it against the checksum of the
// manifest. It returns the bytes as they are on disk, and none of a file that is not as
// it was written: what such a file says is nobody's word.
func readJSON(dir, name, want string) (json.RawMessage, []Damage, error) {
	data, err := readRegular(filepath.Join(dir, name))
	if err != nil {
		return nil, nil, fmt.Errorf("open run %s: %w", dir, err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return nil, []Damage{{File: name, Reason: fmt.Sprintf("not JSON: %v", err)}}, nil
	}
	if got := hash(compact.Bytes()); got != want {
		return nil, []Damage{{File: name, Reason: fmt.Sprintf("SHA-256 %s, want %s", got, want)}}, nil
	}
	return data, nil, nil
}

// writeJSON writes a new file, indented for readers, and syncs it. It is there whole or
// not at all: a disk that is full leaves no beginning of one.
func writeJSON(dir, name string, compact []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return fmt.Errorf("indent %s: %w", name, err)
	}
	out.WriteByte('\n')
	path := filepath.Join(dir, name)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("create run: %w", errors.Join(err, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}))
	}
	if err := durable.WriteFile(path, out.Bytes(), 0o644); err != nil {
		return fmt.Errorf("create run: %w", err)
	}
	return nil
}

// hash is the SHA-256 in hexadecimal.
func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
