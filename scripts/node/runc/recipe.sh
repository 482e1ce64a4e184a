# How build.sh builds runc. The version is in go.mod; runc carries it inside.
# shellcheck shell=sh disable=SC2034
module=github.com/opencontainers/runc
packages="$module"
# nsexec, the part before Go's runtime, is C; so is libseccomp, without which
# pods with the runtime's default seccomp profile do not start.
cgo=1
tags="seccomp"
needs="cc libseccomp"
version_variable=""
duration="half a minute on two cores"
