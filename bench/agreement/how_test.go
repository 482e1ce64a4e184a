package agreement

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Every field of every form is checked or says why not, and nothing else is listed.
func TestHow(t *testing.T) {
	listed := make(map[string]bool)
	for _, form := range []*Form{ContainerStats, PodSandboxStats, PodSandboxMetrics, CAdvisorSummary, KubeletSummary, KubeletResource, KubeletCadvisor, CAdvisorMetrics} {
		for _, field := range form.Fields {
			listed[field.Metric] = true
			if How(field.Metric) == "" {
				t.Errorf("%s of %s is neither checked nor left alone for a reason", field.Metric, form.Name)
			}
		}
	}
	for metric := range hows {
		if !listed[metric] {
			t.Errorf("%s is in no form", metric)
		}
	}
}

// notStats are parts of the API's messages that are no values of their own: who it is,
// when it was, what else the kernel tells of pressure and of an interface's name, and
// what only Windows has.
var notStats = []string{
	"attributes", "timestamp", "fs_id", "name", "windows", "containers", "interfaces", "default_interface", "avg10", "avg60", "avg300",
}

// A field that the API gains is in a form, or in the list of what is no value.
func TestFieldsOfTheAPI(t *testing.T) {
	f := func(form *Form, level Level, message protoreflect.MessageDescriptor, prefix string) {
		t.Helper()
		var paths []string
		for _, field := range form.Fields {
			if field.Level == level {
				paths = append(paths, field.Path)
			}
		}
		for _, path := range leaves(message, prefix) {
			if !slices.Contains(paths, path) {
				t.Errorf("%s of %s is in no list", path, form.Name)
			}
		}
	}
	container := (&runtimev1.ContainerStats{}).ProtoReflect().Descriptor()
	f(ContainerStats, Containers, container, "")
	f(PodSandboxStats, Containers, container, "")
	f(PodSandboxStats, Pods, (&runtimev1.LinuxPodSandboxStats{}).ProtoReflect().Descriptor(), "")
}

// leaves are the paths of all values in a message, as forms have them.
func leaves(message protoreflect.MessageDescriptor, prefix string) []string {
	var out []string
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		name := string(field.Name())
		if slices.Contains(notStats, name) && !(name == "interfaces" || name == "default_interface") || strings.HasPrefix(name, "windows") {
			continue
		}
		path := prefix + name
		if name == "interfaces" || name == "default_interface" {
			path = strings.TrimSuffix(prefix, ".") // forms have the interfaces' values without it
		}
		switch of := field.Message(); {
		case of == nil || of.Name() == "UInt64Value":
			out = append(out, strings.TrimSuffix(path, "."))
		case of.Name() == "PsiData":
			out = append(out, strings.ToLower(path))
		case path == strings.TrimSuffix(prefix, "."):
			out = append(out, leaves(of, prefix)...)
		default:
			out = append(out, leaves(of, path+".")...)
		}
	}
	return out
}
