package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// read decodes each document of a manifest by the API's own types, strictly: a field that is
// misspelt is an error, as with `kubectl apply --validate=strict`.
func read(t *testing.T, file string) []any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	var all []any
	for _, document := range bytes.Split(data, []byte("\n---\n")) {
		var of struct{ Kind string }
		if err := yaml.Unmarshal(document, &of); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		object, ok := map[string]any{
			"Job": &batchv1.Job{}, "Namespace": &corev1.Namespace{}, "ServiceAccount": &corev1.ServiceAccount{},
			"ClusterRole": &rbacv1.ClusterRole{}, "ClusterRoleBinding": &rbacv1.ClusterRoleBinding{},
		}[of.Kind]
		if !ok {
			t.Fatalf("%s has a %q", file, of.Kind)
		}
		if err := yaml.UnmarshalStrict(document, object); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		all = append(all, object)
	}
	return all
}

func podOf(t *testing.T, file string) corev1.PodSpec {
	t.Helper()
	all := read(t, file)
	job, ok := all[0].(*batchv1.Job)
	if len(all) != 1 || !ok {
		t.Fatalf("%s is no job", file)
	}
	return job.Spec.Template.Spec
}

// Every file that kustomize is to take is there, and is what the API takes.
func TestManifests(t *testing.T) {
	var k struct{ Resources []string }
	data, err := os.ReadFile("../kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &k); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		name := filepath.Base(file)
		if name == "kustomization.yaml" || name == "plan.yaml" {
			continue
		}
		n++
		read(t, name)
		if name != "fleet.yaml" && !slices.Contains(k.Resources, name) {
			t.Errorf("%s is not in kustomization.yaml", name)
		}
	}
	if n != len(k.Resources)+1 {
		t.Errorf("%d manifests, %d resources and the fleet", n, len(k.Resources))
	}
}

// The pods of one node and of a fleet need the same, and no more than is said: each
// capability with its reason beside it.
func TestLeastPrivilege(t *testing.T) {
	job, fleet := podOf(t, "job.yaml"), podOf(t, "fleet.yaml")
	for _, p := range []*corev1.PodSpec{&job, &fleet} {
		p.NodeSelector, p.Affinity = nil, nil
	}
	if !reflect.DeepEqual(job, fleet) {
		t.Error("the pods of job.yaml and fleet.yaml differ in more than where they run")
	}
	c := job.Containers[0]
	s := c.SecurityContext
	if s.Privileged != nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !reflect.DeepEqual(s.Capabilities.Drop, []corev1.Capability{"ALL"}) {
		t.Errorf("security context %+v", s)
	}
	text, err := os.ReadFile("../job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, capability := range s.Capabilities.Add {
		if !strings.Contains(string(text), "- "+string(capability)+" # ") {
			t.Errorf("job.yaml does not say why it needs %s", capability)
		}
	}
	for _, m := range c.VolumeMounts {
		if !slices.ContainsFunc(job.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name }) {
			t.Errorf("there is no volume %s", m.Name)
		}
	}
}

// As a static pod it refers to nothing of an API server, and else is the same.
func TestStatic(t *testing.T) {
	data, err := os.ReadFile("../job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := write(&out, bytes.NewReader(data), "127.0.0.1:5000/cri-stats-bench:x", []string{"run", "--plan", "/results/plan.yaml"}); err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err := yaml.UnmarshalStrict(out.Bytes(), &pod); err != nil {
		t.Fatal(err)
	}
	c := pod.Spec.Containers[0]
	if pod.Spec.ServiceAccountName != "" || len(pod.Spec.NodeSelector) > 0 || c.Image != "127.0.0.1:5000/cri-stats-bench:x" || len(c.Args) != 3 || !pod.Spec.HostPID || !pod.Spec.HostNetwork {
		t.Errorf("the static pod is\n%s", out.String())
	}
	for _, v := range pod.Spec.Volumes {
		if v.HostPath == nil && v.EmptyDir == nil {
			t.Errorf("volume %s is an API server's", v.Name)
		}
	}
	if err := write(&out, strings.NewReader("kind: Job\nspce: {}\n"), "x", nil); err == nil {
		t.Error("a misspelt job is taken")
	}
}
