package fakecri

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	mountpoint = "/var/lib/fakecri"
	imageBytes = 3 << 20
)

// imageService keeps references of images that were "pulled"; it fetches nothing.
type imageService struct {
	runtimev1.UnimplementedImageServiceServer
	*Server
}

// imageID derives the id of an image from its reference.
func imageID(ref string) string {
	if strings.HasPrefix(ref, "sha256:") {
		return ref
	}
	sum := sha256.Sum256([]byte(ref))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// image finds an image by reference or id. The caller holds the lock.
func (s *state) image(ref string) *runtimev1.Image {
	if img, ok := s.images[ref]; ok {
		return img
	}
	for _, img := range s.images {
		if img.GetId() == ref {
			return img
		}
	}
	return nil
}

func (s *imageService) PullImage(_ context.Context, r *runtimev1.PullImageRequest) (*runtimev1.PullImageResponse, error) {
	ref := r.GetImage().GetImage()
	if ref == "" {
		return nil, status.Error(codes.InvalidArgument, "image has no reference")
	}
	img := &runtimev1.Image{Id: imageID(ref), Size: imageBytes, Spec: r.GetImage()}
	if strings.Contains(ref, "@") {
		img.RepoDigests = []string{ref}
	} else {
		img.RepoTags = []string{ref}
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.images[ref] = img
	return &runtimev1.PullImageResponse{ImageRef: img.GetId()}, nil
}

func (s *imageService) ImageStatus(_ context.Context, r *runtimev1.ImageStatusRequest) (*runtimev1.ImageStatusResponse, error) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return &runtimev1.ImageStatusResponse{Image: s.state.image(r.GetImage().GetImage())}, nil
}

func (s *imageService) ListImages(_ context.Context, r *runtimev1.ListImagesRequest) (*runtimev1.ListImagesResponse, error) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	var images []*runtimev1.Image
	if ref := r.GetFilter().GetImage().GetImage(); ref != "" {
		if img := s.state.image(ref); img != nil {
			images = append(images, img)
		}
		return &runtimev1.ListImagesResponse{Images: images}, nil
	}
	for _, img := range s.state.images {
		images = append(images, img)
	}
	slices.SortFunc(images, func(a, b *runtimev1.Image) int { return strings.Compare(a.GetId(), b.GetId()) })
	return &runtimev1.ListImagesResponse{Images: images}, nil
}

func (s *imageService) RemoveImage(_ context.Context, r *runtimev1.RemoveImageRequest) (*runtimev1.RemoveImageResponse, error) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if img := s.state.image(r.GetImage().GetImage()); img != nil {
		delete(s.state.images, img.GetSpec().GetImage())
	}
	return &runtimev1.RemoveImageResponse{}, nil
}

func (s *imageService) ImageFsInfo(context.Context, *runtimev1.ImageFsInfoRequest) (*runtimev1.ImageFsInfoResponse, error) {
	s.state.mu.Lock()
	n := uint64(len(s.state.images))
	s.state.mu.Unlock()
	usage := func() []*runtimev1.FilesystemUsage {
		return []*runtimev1.FilesystemUsage{{
			Timestamp:  s.state.now().UnixNano(),
			FsId:       &runtimev1.FilesystemIdentifier{Mountpoint: mountpoint},
			UsedBytes:  &runtimev1.UInt64Value{Value: n * imageBytes},
			InodesUsed: &runtimev1.UInt64Value{Value: 10 * n},
		}}
	}
	return &runtimev1.ImageFsInfoResponse{ImageFilesystems: usage(), ContainerFilesystems: usage()}, nil
}
