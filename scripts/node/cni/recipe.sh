# How build.sh builds the CNI plugins of a node whose pods have networks of their own. The
# version is in go.mod.
# shellcheck shell=sh disable=SC2034
module=github.com/containernetworking/plugins
packages="$module/plugins/main/bridge $module/plugins/main/loopback $module/plugins/ipam/host-local"
cgo=0
tags=""
needs=""
version_variable=$module/pkg/utils/buildversion.BuildVersion
duration="half a minute on two cores"
