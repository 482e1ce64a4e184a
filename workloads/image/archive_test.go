package image_test

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"cri-stats-bench/workloads/image"
)

// What is written is an OCI image layout that another reader finds the same image in, and
// the same bytes each time.
func TestWriteArchive(t *testing.T) {
	img := newImage(t, "binary", amd64)
	var out, again bytes.Buffer
	if err := errors.Join(image.WriteArchive(&out, "localhost/x:1", img), image.WriteArchive(&again, "localhost/x:1", img)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Error("the same image makes other bytes")
	}
	dir := t.TempDir()
	for files := tar.NewReader(&out); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, filepath.FromSlash(h.Name))
		data, err := io.ReadAll(files)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("%d images, %v", len(manifest.Manifests), err)
	}
	only := manifest.Manifests[0]
	if only.Digest.String() != digest(t, img) || only.Annotations["org.opencontainers.image.ref.name"] != "localhost/x:1" {
		t.Errorf("the archive has %s, %v", only.Digest, only.Annotations)
	}
}

// The harness's image has both programs, of one platform, and runs the harness.
func TestHarness(t *testing.T) {
	static := func(machine elf.Machine) string {
		name := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(name, executable(t, machine, binary.LittleEndian, elf.PT_LOAD), 0o755); err != nil {
			t.Fatal(err)
		}
		return name
	}
	img, err := image.Harness(static(elf.EM_X86_64), static(elf.EM_X86_64))
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil || config.Architecture != "amd64" || len(config.Config.Entrypoint) != 1 || config.Config.Entrypoint[0] != "/cri-stats-bench" {
		t.Errorf("config %+v, %v", config, err)
	}
	files := filesOf(t, img)
	if !files["cri-stats-bench"] || !files["podload"] {
		t.Errorf("files %v", files)
	}
	if _, err := image.Harness(static(elf.EM_X86_64), static(elf.EM_AARCH64)); err == nil {
		t.Error("programs of two platforms make an image")
	}
}

func filesOf(t *testing.T, img v1.Image) map[string]bool {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]bool)
	for _, layer := range layers {
		for _, name := range namesOf(t, layer) {
			files[name] = true
		}
	}
	return files
}

// namesOf returns the names of what a layer holds, in its order.
func namesOf(t *testing.T, layer v1.Layer) []string {
	t.Helper()
	r, err := layer.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
}
