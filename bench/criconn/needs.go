package criconn

// needs names the first releases that really answer a method. Sources:
// containerd's and CRI-O's trees at the named tags. ListPodSandboxMetrics is a
// stub in containerd before 2.2 and in CRI-O before 1.31; Stream* came with
// KEP-5825 (containerd 2.4.0-beta.0, commit 47c7085d2).
var needs = map[string]string{
	"Version":                      "any CRI v1 runtime (containerd 1.6 or later, CRI-O 1.23 or later)",
	"ContainerStats":               "any CRI v1 runtime (containerd 1.6 or later, CRI-O 1.23 or later)",
	"ListContainerStats":           "any CRI v1 runtime (containerd 1.6 or later, CRI-O 1.23 or later)",
	"PodSandboxStats":              "containerd 1.6 or later, CRI-O 1.23 or later",
	"ListPodSandboxStats":          "containerd 1.6 or later, CRI-O 1.23 or later",
	"RuntimeConfig":                "containerd 2.0 or later, CRI-O 1.28 or later",
	"ListMetricDescriptors":        "containerd 2.2 or later, CRI-O 1.31 or later",
	"ListPodSandboxMetrics":        "containerd 2.2 or later, CRI-O 1.31 or later",
	"StreamContainerStats":         "containerd 2.4 or later, CRI-O 1.36 or later",
	"StreamPodSandboxStats":        "containerd 2.4 or later, CRI-O 1.36 or later",
	"StreamPodSandboxMetrics":      "containerd 2.4 or later, CRI-O 1.36 or later",
	"StreamPodSandboxes":           "containerd 2.4 or later, CRI-O 1.36 or later",
	"v1alpha2 ListContainerStats":  "containerd before 2.0, CRI-O before 1.26",
	"v1alpha2 ListPodSandboxStats": "containerd 1.6 or 1.7, CRI-O 1.23 to 1.25",
	"StreamContainers":             "containerd 2.4 or later, CRI-O 1.36 or later",
}

// Needs says which releases serve a method of the runtime service, for an
// *bench.UnsupportedError. It is empty for a method that the table does not have.
func Needs(method string) string { return needs[method] }
