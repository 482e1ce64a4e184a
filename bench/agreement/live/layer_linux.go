package live

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/moby/sys/mountinfo"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/agreement"
)

// mostLayers is how many writable layers are looked at.
const mostLayers = 8

// layers looks at the files that containers of the check have written. Where the runtime
// does not say which process a container is, or its root is no overlay, nothing is known.
func (s *session) layers(ctx context.Context) {
	var ids []string
	for _, pod := range s.Own {
		ids = append(ids, pod.Containers...)
	}
	for _, id := range ids[:min(mostLayers, len(ids))] {
		dir, ok := s.upper(ctx, id)
		if !ok {
			continue
		}
		if bytes, inodes, err := usage(dir); err == nil {
			s.input.Layers = append(s.input.Layers, agreement.Layer{Container: id, Bytes: bytes, Inodes: inodes})
		}
	}
}

// upper is the folder that a container's root is written to.
func (s *session) upper(ctx context.Context, container string) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	answer, err := s.Client.ContainerStatus(ctx, &runtimev1.ContainerStatusRequest{ContainerId: container, Verbose: true})
	if err != nil {
		return "", false
	}
	var info struct {
		PID int `json:"pid"`
	}
	if err := json.Unmarshal([]byte(answer.GetInfo()["info"]), &info); err != nil || info.PID <= 0 {
		return "", false
	}
	table, err := os.Open(filepath.Join("/proc", strconv.Itoa(info.PID), "mountinfo"))
	if err != nil {
		return "", false
	}
	defer func() { _ = table.Close() }() // it was only read
	mounts, err := mountinfo.GetMountsFromReader(table, nil)
	if err != nil {
		return "", false
	}
	for _, m := range mounts {
		if m.Mountpoint != "/" || m.FSType != "overlay" {
			continue
		}
		for option := range strings.SplitSeq(m.VFSOptions, ",") {
			if dir, found := strings.CutPrefix(option, "upperdir="); found && filepath.IsAbs(dir) {
				return dir, true
			}
		}
	}
	return "", false
}

// usage is what the files below a folder take on disk, itself included, and how many
// files and folders they are. A file with several names counts once.
func usage(dir string) (bytes, inodes float64, err error) {
	seen := make(map[uint64]bool)
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && !seen[st.Ino] {
			seen[st.Ino] = true
			bytes += float64(st.Blocks) * 512
			inodes++
		}
		return nil
	})
	return bytes, inodes, err
}
