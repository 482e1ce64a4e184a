package staticpods

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/workloads/pods"
)

// A manifest is a static pod as the kubelet reads it: a v1 Pod in JSON, of which
// these are the fields that we set.
//
// The uid is given, not left to the kubelet: it then stays the same for as long as
// the file does, also through restarts of the kubelet, and is another one for a new
// pod of the same name.
type manifest struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       podSpec  `json:"spec"`

	file string // where it was read from
}

type metadata struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	UID       string            `json:"uid"`
	Labels    map[string]string `json:"labels"`
}

// podSpec is of the BestEffort class and in the node's network, as in package pods:
// no network plugin is needed, and pods start faster.
type podSpec struct {
	HostNetwork                   bool        `json:"hostNetwork"`
	RestartPolicy                 string      `json:"restartPolicy"`
	TerminationGracePeriodSeconds int         `json:"terminationGracePeriodSeconds"`
	AutomountServiceAccountToken  bool        `json:"automountServiceAccountToken"`
	EnableServiceLinks            bool        `json:"enableServiceLinks"`
	Containers                    []container `json:"containers"`
}

type container struct {
	Name            string   `json:"name"`
	Image           string   `json:"image"`
	ImagePullPolicy string   `json:"imagePullPolicy"`
	Args            []string `json:"args"`
}

// A spec is what each pod of a cell is made of.
type spec struct {
	pod        podSpec
	containers int
	memory     int64  // bytes that each container holds
	label      string // value of pods.LabelSpec
}

func (w *Workload) spec(c bench.Cell) (spec, error) {
	args, memory, err := pods.Program(c, pods.Config{ActiveCPU: w.cfg.ActiveCPU, ActiveMemory: w.cfg.ActiveMemory})
	if err != nil {
		return spec{}, err
	}
	s := spec{
		pod:        podSpec{HostNetwork: true, RestartPolicy: "Always", TerminationGracePeriodSeconds: 1},
		containers: c.ContainersPerPod,
		memory:     memory,
	}
	for i := range c.ContainersPerPod {
		s.pod.Containers = append(s.pod.Containers, container{fmt.Sprintf("load-%d", i), w.cfg.Image, "Never", args})
	}
	data, err := json.Marshal(s.pod)
	if err != nil {
		return spec{}, fmt.Errorf("encode the pods of %s: %w", c, err)
	}
	sum := sha256.Sum256(data)
	s.label = hex.EncodeToString(sum[:8])
	return s, nil
}

// fresh returns n manifests with names that none of those in use has.
func (w *Workload) fresh(s spec, used []manifest, n int) []manifest {
	taken := make(map[string]bool, len(used))
	for _, m := range used {
		taken[m.Metadata.Name] = true
	}
	var out []manifest
	for i := 0; len(out) < n; i++ {
		name := fmt.Sprintf("bench-%04d", i)
		if taken[name] {
			continue
		}
		out = append(out, manifest{
			APIVersion: "v1", Kind: "Pod", Spec: s.pod,
			Metadata: metadata{Name: name, Namespace: pods.Namespace, UID: newUID(), Labels: map[string]string{
				pods.LabelRun: w.cfg.Run, pods.LabelCreatedBy: pods.CreatedBy, pods.LabelSpec: s.label,
			}},
		})
	}
	return out
}

func newUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// fileName is that of the manifest of a pod. The kubelet takes any name that does
// not begin with a dot.
func (m *manifest) fileName() string {
	return fmt.Sprintf("%s-%s-%s.json", pods.CreatedBy, m.Metadata.Labels[pods.LabelRun], m.Metadata.Name)
}

// write puts the manifest into the folder whole: the kubelet looks as soon as it is
// there.
func (m *manifest) write(dir string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(dir, m.fileName())
	hidden := filepath.Join(dir, "."+m.fileName())
	if err := os.WriteFile(hidden, append(data, '\n'), 0o644); err != nil {
		return err
	}
	if err := os.Rename(hidden, name); err != nil {
		return errors.Join(err, os.Remove(hidden))
	}
	return nil
}

// maxManifest is more than any manifest of ours has.
const maxManifest = 1 << 20

// manifests reads those of a run in a folder, of all runs if it is empty, sorted by
// name. Files of others, whatever they hold, are left alone. A folder that is not
// there has none.
func manifests(dir, run string) ([]manifest, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the folder of manifests: %w", err)
	}
	var out []manifest
	for _, entry := range entries {
		// Also the hidden ones, that a harness was killed over.
		name := strings.TrimPrefix(entry.Name(), ".")
		if !entry.Type().IsRegular() || !strings.HasPrefix(name, pods.CreatedBy+"-") {
			continue
		}
		m, err := readManifest(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read a manifest: %w", err)
		}
		labels := m.Metadata.Labels
		if labels[pods.LabelCreatedBy] == pods.CreatedBy && (run == "" || labels[pods.LabelRun] == run) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b manifest) int { return strings.Compare(a.Metadata.Name, b.Metadata.Name) })
	return out, nil
}

// readManifest reads a file with a name of ours. What is no manifest, perhaps since
// writing it was cut off, has no labels.
func readManifest(path string) (manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return manifest{}, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err = errors.Join(err, f.Close()); err != nil {
		return manifest{}, err
	}
	m := decodeManifest(data)
	m.file = path
	return m, nil
}

// decodeManifest gives no labels to what is no manifest.
func decodeManifest(data []byte) manifest {
	var m manifest
	if json.Unmarshal(data, &m) != nil {
		return manifest{}
	}
	return m
}

// divide decides what stays of the manifests when n with the label are wanted.
func divide(there []manifest, label string, n int) (keep, drop []manifest) {
	for _, m := range there {
		if m.Metadata.Labels[pods.LabelSpec] == label && !strings.HasPrefix(filepath.Base(m.file), ".") && len(keep) < n {
			keep = append(keep, m)
		} else {
			drop = append(drop, m)
		}
	}
	return keep, drop
}

// Leftovers returns the runs that have manifests in the folder, and how many.
func Leftovers(dir string) (map[string]int, error) {
	there, err := manifests(dir, "")
	if err != nil {
		return nil, err
	}
	runs := make(map[string]int)
	for _, m := range there {
		runs[m.Metadata.Labels[pods.LabelRun]]++
	}
	return runs, nil
}
