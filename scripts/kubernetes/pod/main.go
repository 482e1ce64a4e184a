// Command pod writes the pod of job.yaml as a static one, for a kubelet without an API server:
//
//	go run ./pod -image REF ARG... <job.yaml >/etc/kubernetes/manifests/cri-stats-bench.yaml
//
// It leaves out what only an API server can give (the account, the configured plan) and hands
// the harness the arguments.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	image := flag.String("image", "", "the harness's image, by a reference that the runtime can pull")
	flag.Parse()
	if err := write(os.Stdout, os.Stdin, *image, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "pod:", err)
		os.Exit(1)
	}
}

func write(to io.Writer, from io.Reader, image string, args []string) error {
	data, err := io.ReadAll(from)
	if err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	var job batchv1.Job
	if err := yaml.UnmarshalStrict(data, &job); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	if image == "" || len(job.Spec.Template.Spec.Containers) != 1 {
		return errors.New("give -image, and a job of one container")
	}
	data, err = yaml.Marshal(static(job.Spec.Template.Spec, image, args))
	if err == nil {
		_, err = to.Write(data)
	}
	return err
}

// static is the pod as a kubelet takes it from a file.
func static(spec corev1.PodSpec, image string, args []string) *corev1.Pod {
	spec.ServiceAccountName, spec.AutomountServiceAccountToken, spec.NodeSelector = "", nil, nil
	ofCluster := func(name string) bool {
		return slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == name && v.ConfigMap != nil })
	}
	c := &spec.Containers[0]
	c.Image, c.Args = image, args
	c.VolumeMounts = slices.DeleteFunc(slices.Clone(c.VolumeMounts), func(m corev1.VolumeMount) bool { return ofCluster(m.Name) })
	spec.Volumes = slices.DeleteFunc(slices.Clone(spec.Volumes), func(v corev1.Volume) bool { return v.ConfigMap != nil })
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "cri-stats-bench"},
		Spec:       spec,
	}
}
