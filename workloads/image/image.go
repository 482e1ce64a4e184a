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
	"os"
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
	layer, err := archive(binary)
	if err != nil {
		return nil, fmt.Errorf("make image layer: %w", err)
	}
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
	config.Config = v1.Config{
		Entrypoint: []string{program},
		Cmd:        []string{"pause"},
		WorkingDir: WorkingDir,
	}
	img, err = mutate.ConfigFile(img, config)
	if err != nil {
		return nil, fmt.Errorf("set config of image: %w", err)
	}
	return img, nil
}

// epoch is the one time in the image.
var epoch = time.Unix(0, 0).UTC()

// archive is the layer: the program and its working directory.
func archive(binary []byte) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeDir, Name: WorkingDir[1:] + "/", Mode: 0o755},
		{Typeflag: tar.TypeReg, Name: program[1:], Mode: 0o755, Size: int64(len(binary))},
	} {
		h.ModTime, h.Format = epoch, tar.FormatPAX
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(binary); err != nil {
				return nil, err
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// FromFile makes an image of the static Linux executable at path. The platform is
// the one it was built for. A dynamic executable is refused: the image has no
// loader, and the runtime would only say "no such file".
func FromFile(path string) (v1.Image, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read program of the image: %w", err)
	}
	p, err := platformOf(binary)
	if err != nil {
		return nil, fmt.Errorf("program of the image, %s: %w", path, err)
	}
	return New(binary, p)
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
