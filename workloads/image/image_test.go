package image_test

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"cri-stats-bench/workloads/image"
)

var amd64 = v1.Platform{OS: "linux", Architecture: "amd64"}

func newImage(t testing.TB, binary string, p v1.Platform) v1.Image {
	t.Helper()
	img, err := image.New([]byte(binary), p)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digest(t testing.TB, img v1.Image) string {
	t.Helper()
	h, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// The image with many files is the other one with a layer more, the same each time.
func TestWithFiles(t *testing.T) {
	base := newImage(t, "binary", amd64)
	img, err := image.WithFiles(base, 3)
	if err != nil {
		t.Fatal(err)
	}
	again, err := image.WithFiles(base, 3)
	if err != nil || digest(t, img) != digest(t, again) || digest(t, img) == digest(t, base) {
		t.Errorf("digests %s and %s of %s, %v", digest(t, img), digest(t, again), digest(t, base), err)
	}
	if err := validate.Image(img, validate.Fast); err != nil {
		t.Error(err)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 2 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	if diff := cmp.Diff([]string{"files/", "files/000000", "files/000001", "files/000002"}, namesOf(t, layers[1])); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestNewIsDeterministic(t *testing.T) {
	a := digest(t, newImage(t, "binary", amd64))
	// This is no more than a reminder: whoever changes the image changes what
	// every node pulls, and old and new results are of different images.
	if want := "sha256:e75a57592aa7a0f31b90bb4768439a60fc050f3e07a81531b88fb9e33a8490a1"; a != want {
		t.Errorf("digest %s, want %s", a, want)
	}
	if b := digest(t, newImage(t, "binary", amd64)); b != a {
		t.Errorf("same binary, digests %s and %s", a, b)
	}
	if b := digest(t, newImage(t, "other binary", amd64)); b == a {
		t.Errorf("other binary, same digest %s", a)
	}
	if b := digest(t, newImage(t, "binary", v1.Platform{OS: "linux", Architecture: "arm64"})); b == a {
		t.Errorf("other platform, same digest %s", a)
	}
}

func TestNew(t *testing.T) {
	img := newImage(t, "binary", amd64)
	if err := validate.Image(img, validate.Fast); err != nil { // the full one wants gzip
		t.Error(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{Entrypoint: []string{"/podload"}, Cmd: []string{"pause"}, WorkingDir: image.WorkingDir}
	if diff := cmp.Diff(want, config.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if config.OS != "linux" || config.Architecture != "amd64" {
		t.Errorf("platform %s/%s", config.OS, config.Architecture)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v, want one", len(layers), err)
	}
	if h, err := layers[0].Digest(); err != nil || len(config.RootFS.DiffIDs) != 1 || config.RootFS.DiffIDs[0] != h {
		t.Errorf("config names layers %v, the layer is %v, %v", config.RootFS.DiffIDs, h, err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		files[h.FileInfo().Mode().String()+" "+h.Name] = string(content)
	}
	if diff := cmp.Diff(map[string]string{"drwxr-xr-x data/": "", "-rwxr-xr-x podload": "binary"}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(binary string, p v1.Platform, want string) {
		t.Helper()
		if _, err := image.New([]byte(binary), p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%q, %v): %v, want an error with %q", binary, p, err, want)
		}
	}
	f("", amd64, "binary is empty")
	f("binary", v1.Platform{OS: "linux"}, "lacks")
	f("binary", v1.Platform{Architecture: "amd64"}, "lacks")
}

// executable makes the header of an ELF executable, with one segment.
func executable(t *testing.T, machine elf.Machine, order binary.ByteOrder, segment elf.ProgType) []byte {
	t.Helper()
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	if order == binary.ByteOrder(binary.BigEndian) {
		header.Ident[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	header.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	var out bytes.Buffer
	for _, part := range []any{header, elf.Prog64{Type: uint32(segment)}} {
		if err := binary.Write(&out, order, part); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestFromFile(t *testing.T) {
	dir := t.TempDir()
	f := func(content []byte, want, wantErr string) {
		t.Helper()
		path := filepath.Join(dir, "program")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		img, err := image.FromFile(path)
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one with %q and the path", err, wantErr)
			}
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		config, err := img.ConfigFile()
		if err != nil || config.Platform().String() != want {
			t.Errorf("platform %v, %v, want %s", config.Platform(), err, want)
		}
	}
	little, big := binary.ByteOrder(binary.LittleEndian), binary.ByteOrder(binary.BigEndian)
	f(executable(t, elf.EM_X86_64, little, elf.PT_LOAD), "linux/amd64", "")
	f(executable(t, elf.EM_AARCH64, little, elf.PT_LOAD), "linux/arm64", "")
	f(executable(t, elf.EM_PPC64, little, elf.PT_LOAD), "linux/ppc64le", "")
	f(executable(t, elf.EM_S390, big, elf.PT_LOAD), "linux/s390x", "")
	f(executable(t, elf.EM_RISCV, little, elf.PT_LOAD), "linux/riscv64", "")
	f(executable(t, elf.EM_X86_64, little, elf.PT_INTERP), "", "CGO_ENABLED=0")
	f(executable(t, elf.EM_SPARC, big, elf.PT_LOAD), "", "none that Kubernetes runs on")
	f([]byte("#!/bin/sh\n"), "", "not an ELF executable")
	f(nil, "", "not an ELF executable")

	if _, err := image.FromFile(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}
