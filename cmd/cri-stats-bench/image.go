package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"cri-stats-bench/bench/criconn"
	"cri-stats-bench/workloads/image"
)

func newImage() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "image",
		Short: "Write the harness as an image, serve the image that pods run, or let a runtime pull one",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newImageSave(), newImageServe(), newImagePull())
	return cmd
}

func newImageSave() *cobra.Command {
	var podload, name string
	cmd := &cobra.Command{
		Use:   "save FILE",
		Short: "Write this program and podload as an OCI archive, for a Job of Kubernetes",
		Example: indent(`
cri-stats-bench image save cri-stats-bench.tar
ctr -n k8s.io images import cri-stats-bench.tar`),
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			img, err := harnessImage(podload)
			if err != nil {
				return err
			}
			return writeFile(args[0], func(w io.Writer) error { return image.WriteArchive(w, name, img) })
		},
	}
	cmd.Flags().StringVar(&podload, "podload", "", "the program that pods run (default: podload beside this program)")
	cmd.Flags().StringVar(&name, "name", "localhost/cri-stats-bench:latest", "what the image is called")
	return cmd
}

// harnessName is what the harness's own image is called.
const harnessName = "cri-stats-bench"

// harnessImage is this program's own image.
func harnessImage(podload string) (v1.Image, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if podload == "" {
		podload = filepath.Join(filepath.Dir(exe), "podload")
	}
	img, err := image.Harness(exe, podload)
	if err != nil {
		return nil, usage("%w (make build builds both)", err)
	}
	return img, nil
}

func newImageServe() *cobra.Command {
	var podload, address string
	var harness bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the image that pods run on loopback until interrupted",
		Long: `serve prints the reference of the image that pods run, which is a pause image as
well, and serves it on loopback until it is interrupted. A node without the internet can
take its sandbox image from there. With --harness it also serves the one that image save
writes, and prints its reference in a second line.`,
		Example: indent(`
cri-stats-bench image serve --address 127.0.0.1:5000`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveImage(cmd.Context(), cmd.OutOrStdout(), podload, address, harness)
		},
	}
	cmd.Flags().StringVar(&podload, "podload", "", "the program that pods run (default: podload beside this program)")
	cmd.Flags().BoolVar(&harness, "harness", false, "serve the harness's own image, too")
	cmd.Flags().StringVar(&address, "address", "127.0.0.1:0", "where to serve it: on loopback")
	return cmd
}

func newImagePull() *cobra.Command {
	var f endpointFlags
	cmd := &cobra.Command{
		Use:   "pull REF",
		Short: "Let a runtime pull an image, as crictl does: its sandbox image must be there before a run",
		Example: indent(`
cri-stats-bench image pull registry.k8s.io/pause:3.10.1 -r unix:///run/crio/crio.sock`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if f.existing() == "" {
				return usage("give the --runtime-endpoint of the runtime that is to pull")
			}
			conn, err := criconn.Dial(cmd.Context(), f.existing())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, conn.Close()) }()
			return image.Pull(cmd.Context(), conn.Images, args[0])
		},
	}
	cmd.Flags().StringVarP(&f.endpoint, "runtime-endpoint", "r", "", "CRI endpoint of the runtime (default $CONTAINER_RUNTIME_ENDPOINT)")
	return cmd
}

func serveImage(ctx context.Context, w io.Writer, podload, address string, harness bool) (err error) {
	img, err := podloadImage(podload)
	if err != nil {
		return err
	}
	served := map[string]v1.Image{imageName: img}
	if harness {
		if served[harnessName], err = harnessImage(podload); err != nil {
			return err
		}
	}
	registry, err := image.ServeOn(ctx, address, served)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, registry.Close()) }()
	for _, name := range []string{imageName, harnessName} {
		if ref := registry.Ref(name); ref != "" {
			if _, err := fmt.Fprintln(w, ref); err != nil {
				return err
			}
		}
	}
	<-ctx.Done()
	return nil
}
