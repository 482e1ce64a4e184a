package image

import (
	"context"
	"encoding/json"
	"fmt"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// A Pause is the image that a runtime makes pod sandboxes of.
type Pause struct {
	// Ref is its reference as the runtime's configuration has it.
	Ref string
	// There says that the runtime has it, Pinned that the kubelet's collection of garbage
	// may not remove it.
	There, Pinned bool
}

// PauseOf asks a runtime for its sandbox image. ok is false where the runtime does not say
// which it is: containerd does, in the configuration that its status has.
func PauseOf(ctx context.Context, runtime runtimev1.RuntimeServiceClient, images runtimev1.ImageServiceClient) (p Pause, ok bool, err error) {
	status, err := runtime.Status(ctx, &runtimev1.StatusRequest{Verbose: true})
	if err != nil {
		return Pause{}, false, fmt.Errorf("ask for the runtime's status: %w", err)
	}
	if p.Ref = pauseRef(status.GetInfo()["config"]); p.Ref == "" {
		return Pause{}, false, nil
	}
	answer, err := images.ImageStatus(ctx, &runtimev1.ImageStatusRequest{Image: &runtimev1.ImageSpec{Image: p.Ref}})
	if err != nil {
		return Pause{}, false, fmt.Errorf("look for the sandbox image %s: %w", p.Ref, err)
	}
	p.There, p.Pinned = answer.GetImage() != nil, answer.GetImage().GetPinned()
	return p, true, nil
}

// pauseRef finds the sandbox image in a configuration of containerd: "sandboxImage" of
// 1.x, "pinnedImages" of 2.x.
func pauseRef(config string) string {
	var c struct {
		SandboxImage string            `json:"sandboxImage"`
		PinnedImages map[string]string `json:"pinnedImages"`
	}
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return ""
	}
	if c.SandboxImage != "" {
		return c.SandboxImage
	}
	return c.PinnedImages["sandbox"]
}
