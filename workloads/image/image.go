// Package image makes the OCI image that every pod of a benchmark runs, and
// serves it to the runtime from a registry on loopback, so that a node needs
// neither the internet nor a daemon to build with.
//
// The image holds one static program, cmd/podload, which is the sandboxes' pause
// program as well. Package pods names the image by the reference that a
// [Registry] gives.
//
// It refuses to build the program: whoever runs the benchmark brings the binary
// (see [FromFile]), so that no source tree and no compiler is needed then.
package image

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// WorkingDir is the working directory of the image's program, where it writes
// its files.
const WorkingDir = "/data"

// program is where the binary is in the image.
const program = "/podload"

// New makes an image that runs binary, a static executable for p, with "pause"
// as its arguments if it is given no others. The same binary and platform make
// the same bytes, and so the same digest.
func New(binary []byte, p v1.Platform) (v1.Image, error) {
	if p.OS == "" || p.Architecture == "" {
		return nil, fmt.Errorf("make image: platform %q lacks an OS or an architecture", p.String())
	}
	if len(binary) == 0 {
		return nil, errors.New("make image: the binary is empty")
	}
	layer, err := archive(map[string][]byte{program: binary}, WorkingDir)
	if err != nil {
		return nil, fmt.Errorf("make image layer: %w", err)
	}
	return made(layer, p, v1.Config{Entrypoint: []string{program}, Cmd: []string{"pause"}, WorkingDir: WorkingDir})
}

// harness is where the harness is in its image.
const harness = "/cri-stats-bench"

// Harness makes the image of the harness, for a Job of Kubernetes: its own static program
// and, beside it, the one that pods run. Both must be of one platform.
func Harness(bench, podload string) (v1.Image, error) {
	files := make(map[string][]byte)
	var platforms [2]v1.Platform
	for i, of := range []struct{ in, from string }{{harness, bench}, {program, podload}} {
		var err error
		if files[of.in], platforms[i], err = readProgram(of.from); err != nil {
			return nil, err
		}
	}
	if !platforms[0].Equals(platforms[1]) {
		return nil, fmt.Errorf("make image: %s is for %s, %s for %s", bench, platforms[0].String(), podload, platforms[1].String())
	}
	layer, err := archive(files, "/tmp")
	if err != nil {
		return nil, fmt.Errorf("make image layer: %w", err)
	}
	return made(layer, platforms[0], v1.Config{Entrypoint: []string{harness}})
}

// made is an image of one layer.
func made(layer []byte, p v1.Platform, c v1.Config) (v1.Image, error) {
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	// Note: the layer is not compressed. It travels over loopback only, and its
	// digest then does not hang on a compressor's version.
	img, err := mutate.AppendLayers(base, static.NewLayer(layer, types.OCIUncompressedLayer))
	if err != nil {
		return nil, fmt.Errorf("append layer to image: %w", err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read config of image: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = p.OS, p.Architecture, p.Variant
	config.Created = v1.Time{Time: epoch}
	config.Config = c
	img, err = mutate.ConfigFile(img, config)
	if err != nil {
		return nil, fmt.Errorf("set config of image: %w", err)
	}
	return img, nil
}

// epoch is the one time in the image.
var epoch = time.Unix(0, 0).UTC()

// archive is a layer: an empty folder and, in the order of their names, programs.
func archive(programs map[string][]byte, folder string) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	add := func(h tar.Header, data []byte) error {
		h.ModTime, h.Format, h.Size = epoch, tar.FormatPAX, int64(len(data))
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		_, err := w.Write(data)
		return err
	}
	err := add(tar.Header{Typeflag: tar.TypeDir, Name: folder[1:] + "/", Mode: 0o755}, nil)
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		if err == nil {
			err = add(tar.Header{Typeflag: tar.TypeReg, Name: name[1:], Mode: 0o755}, programs[name])
		}
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// filesDir is where the files of [WithFiles] are.
const filesDir = "files"

// WithFiles returns the image with a layer of so many small files, each of one block on a
// disk.
func WithFiles(img v1.Image, n int) (v1.Image, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	add := func(h tar.Header, data string) error {
		h.ModTime, h.Format, h.Size = epoch, tar.FormatPAX, int64(len(data))
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		_, err := w.Write([]byte(data))
		return err
	}
	err := add(tar.Header{Typeflag: tar.TypeDir, Name: filesDir + "/", Mode: 0o755}, "")
	for i := 0; i < n && err == nil; i++ {
		err = add(tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("%s/%06d", filesDir, i), Mode: 0o644}, "a file\n")
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("make image layer of %d files: %w", n, err)
	}
	img, err = mutate.AppendLayers(img, static.NewLayer(out.Bytes(), types.OCIUncompressedLayer))
	if err != nil {
		return nil, fmt.Errorf("append a layer of %d files: %w", n, err)
	}
	return img, nil
}

// FromFile makes an image of the static Linux executable at path. The platform is
// the one it was built for. A dynamic executable is refused: the image has no
// loader, and the runtime would only say "no such file".
func FromFile(path string) (v1.Image, error) {
	binary, p, err := readProgram(path)
	if err != nil {
		return nil, err
	}
	return New(binary, p)
}

// readProgram reads a static Linux executable and says what it was built for.
func readProgram(path string) ([]byte, v1.Platform, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, v1.Platform{}, fmt.Errorf("read program of the image: %w", err)
	}
	p, err := platformOf(binary)
	if err != nil {
		return nil, v1.Platform{}, fmt.Errorf("program of the image, %s: %w", path, err)
	}
	return binary, p, nil
}

// platformOf reads the header of an ELF executable (elf(5)).
func platformOf(binary []byte) (v1.Platform, error) {
	f, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		return v1.Platform{}, fmt.Errorf("not an ELF executable: %w", err)
	}
	defer func() { _ = f.Close() }() // it is only read
	for _, segment := range f.Progs {
		if segment.Type == elf.PT_INTERP {
			return v1.Platform{}, errors.New("needs a loader: build it with CGO_ENABLED=0")
		}
	}
	switch {
	case f.Machine == elf.EM_X86_64:
		return v1.Platform{OS: "linux", Architecture: "amd64"}, nil
	case f.Machine == elf.EM_AARCH64:
		return v1.Platform{OS: "linux", Architecture: "arm64"}, nil
	case f.Machine == elf.EM_PPC64 && f.ByteOrder.String() == "LittleEndian":
		return v1.Platform{OS: "linux", Architecture: "ppc64le"}, nil
	case f.Machine == elf.EM_S390:
		return v1.Platform{OS: "linux", Architecture: "s390x"}, nil
	case f.Machine == elf.EM_RISCV && f.Class == elf.ELFCLASS64:
		return v1.Platform{OS: "linux", Architecture: "riscv64"}, nil
	}
	return v1.Platform{}, fmt.Errorf("machine %s is none that Kubernetes runs on", f.Machine)
}
