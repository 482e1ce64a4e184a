# How build.sh builds containerd. The version is in go.mod.
# shellcheck shell=sh disable=SC2034
module=github.com/containerd/containerd/v2
packages="$module/cmd/containerd $module/cmd/containerd-shim-runc-v2"
cgo=0
# Snapshotters of other filesystems want headers of their own; overlayfs is what is measured.
tags="no_btrfs no_zfs no_devmapper"
version_variable=$module/version.Version
duration="3 minutes on two cores"
