package image

import (
	"context"
	"fmt"

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

// Remove makes the runtime remove an image. It is no error if it is not there.
func Remove(ctx context.Context, client runtimev1.ImageServiceClient, ref string) error {
	_, err := client.RemoveImage(ctx, &runtimev1.RemoveImageRequest{Image: &runtimev1.ImageSpec{Image: ref}})
	if err != nil {
		return fmt.Errorf("remove image %s: %w", ref, err)
	}
	return nil
}
