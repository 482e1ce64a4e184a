package image

import (
	"context"
	"fmt"
	"slices"
	"strings"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Pull makes the runtime pull an image.
func Pull(ctx context.Context, client runtimev1.ImageServiceClient, ref string) error {
	_, err := client.PullImage(ctx, &runtimev1.PullImageRequest{
		Image: &runtimev1.ImageSpec{Image: ref, UserSpecifiedImage: ref},
	})
	if err != nil {
		return fmt.Errorf("pull %s: %w", ref, err)
	}
	return nil
}

// Has says whether the runtime has the image of a reference with a digest, under
// whatever name.
func Has(ctx context.Context, client runtimev1.ImageServiceClient, ref string) (bool, error) {
	_, digest, found := strings.Cut(ref, "@")
	if !found {
		return false, fmt.Errorf("look for image %s: the reference has no digest", ref)
	}
	list, err := client.ListImages(ctx, &runtimev1.ListImagesRequest{})
	if err != nil {
		return false, fmt.Errorf("list images: %w", err)
	}
	return slices.ContainsFunc(list.GetImages(), func(img *runtimev1.Image) bool {
		return slices.ContainsFunc(img.GetRepoDigests(), func(d string) bool { return strings.HasSuffix(d, "@"+digest) })
	}), nil
}

// Remove makes the runtime remove an image, with all names that it has there. It is
// no error if it is not there.
func Remove(ctx context.Context, client runtimev1.ImageServiceClient, ref string) error {
	_, err := client.RemoveImage(ctx, &runtimev1.RemoveImageRequest{Image: &runtimev1.ImageSpec{Image: ref}})
	if err != nil {
		return fmt.Errorf("remove image %s: %w", ref, err)
	}
	return nil
}
