#!/bin/sh
# Sees to what building runc needs beside Go: a C compiler, pkg-config and the
# headers of libseccomp. As root on Debian and Ubuntu it installs what is
# missing; elsewhere it says which command does, and fails.
set -eu

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

missing() {
	lack=
	command -v "${CC:-cc}" >/dev/null || lack="$lack C-compiler"
	if ! command -v pkg-config >/dev/null; then
		lack="$lack pkg-config"
	elif pkg-config --exists libseccomp; then
		return 0
	fi
	lack="$lack libseccomp-headers"
}

lack=
missing
[ -n "$lack" ] || exit 0

apt="gcc libc6-dev pkg-config libseccomp-dev"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	say "missing:$lack; installing $apt"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # a list of words
	install() { apt-get install -y --no-install-recommends $apt; }
	# The lists of packages may be there already, and then updating costs minutes for nothing.
	install >/dev/null 2>&1 || { apt-get update && install; } >&2
	missing
	[ -n "$lack" ] || exit 0
	say "still missing after the installation:$lack"
	exit 1
fi

say "missing:$lack. As root, one of these installs it:"
cat >&2 <<END
  apt-get install $apt
  dnf install gcc glibc-devel pkgconf-pkg-config libseccomp-devel
  apk add gcc musl-dev linux-headers pkgconf libseccomp-dev
  zypper install gcc glibc-devel pkg-config libseccomp-devel
END
exit 1
