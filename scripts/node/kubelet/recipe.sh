# How build.sh builds the kubelet. The version is in go.mod.
# shellcheck shell=sh disable=SC2034
module=k8s.io/kubernetes
packages="$module/cmd/kubelet"
# As the release is built (hack/lib/golang.sh): the kubelet is not among its static
# programs, and these are its tags.
cgo=1
tags="selinux notest grpcnotrace"
needs="cc"
version_variable=k8s.io/component-base/version.gitVersion
duration="10 minutes on two cores"
