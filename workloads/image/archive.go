package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// WriteArchive writes an image under a name as an archive that `ctr images import`, `podman
// load` and `skopeo` take: an OCI image layout in a tar (opencontainers/image-spec,
// image-layout.md). The same image makes the same bytes.
func WriteArchive(w io.Writer, name string, img v1.Image) (err error) {
	dir, err := os.MkdirTemp("", "cri-stats-bench-image-*")
	if err != nil {
		return fmt.Errorf("write image %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	to, err := layout.Write(dir, empty.Index)
	if err == nil {
		err = to.AppendImage(img, layout.WithAnnotations(map[string]string{
			"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name,
		}))
	}
	if err == nil {
		err = tarOf(w, dir)
	}
	if err != nil {
		return fmt.Errorf("write image %s: %w", name, err)
	}
	return nil
}

// tarOf writes the files of a folder in the order of their names.
func tarOf(w io.Writer, dir string) error {
	out := tar.NewWriter(w)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(name), Mode: 0o644, Size: int64(len(data)), ModTime: epoch, Format: tar.FormatPAX}
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		_, err = out.Write(data)
		return err
	})
	return errors.Join(err, out.Close())
}
