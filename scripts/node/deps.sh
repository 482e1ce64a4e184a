#!/bin/sh
# Sees to what a node and its tests need beside Go. As root on Debian and Ubuntu it installs
# what is missing; elsewhere it says which command does, and fails.
#
#   deps.sh NEED...      NEED is cc, libseccomp, make, conmon, chromium, mmdebstrap, qemu or mke2fs
set -eu

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# there says whether a need is met. pinns, the program of CRI-O that is made, is
# linked statically.
there() {
	case $1 in
	cc) command -v "${CC:-cc}" >/dev/null ;;
	libseccomp) command -v pkg-config >/dev/null && pkg-config --exists libseccomp ;;
	qemu) command -v qemu-system-x86_64 >/dev/null ;;
	make | conmon | mmdebstrap | mke2fs) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
	chromium) command -v chromium || command -v chromium-browser || command -v google-chrome || command -v google-chrome-stable ;;
	*)
		say "unknown need $1; there are: cc libseccomp make conmon chromium mmdebstrap qemu mke2fs"
		exit 2
		;;
	esac
}

# packages says what the need is called by apt-get, dnf, apk and zypper.
packages() {
	case $1-$2 in
	cc-apt-get) echo gcc libc6-dev ;;
	cc-apk) echo gcc musl-dev linux-headers ;;
	cc-dnf) echo gcc glibc-devel glibc-static ;;
	cc-zypper) echo gcc glibc-devel glibc-devel-static ;;
	libseccomp-apt-get) echo pkg-config libseccomp-dev ;;
	libseccomp-dnf) echo pkgconf-pkg-config libseccomp-devel ;;
	libseccomp-apk) echo pkgconf libseccomp-dev ;;
	libseccomp-zypper) echo pkg-config libseccomp-devel ;;
	qemu-apt-get) echo qemu-system-x86 ;;
	qemu-*) echo qemu-system-x86_64 ;;
	mke2fs-*) echo e2fsprogs ;;
	*) echo "$1" ;;
	esac
}

all() {
	for need in $lack; do
		packages "$need" "$1"
	done | tr '\n' ' '
}

missing() {
	lack=
	for need in "$@"; do
		there "$need" >/dev/null || lack="$lack $need"
	done
}

missing "$@"
[ -n "$lack" ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	apt=$(all apt-get)
	say "missing:$lack; installing $apt"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # a list of words
	install() { apt-get install -y --no-install-recommends $apt; }
	# The lists of packages may be there already, and then updating costs minutes for nothing.
	install >/dev/null 2>&1 || { apt-get update && install; } >&2
	missing "$@"
	[ -n "$lack" ] || exit 0
	say "still missing after the installation:$lack"
	exit 1
fi

say "missing:$lack. As root, one of these installs it:"
for tool in apt-get dnf apk zypper; do
	verb=install
	[ $tool != apk ] || verb=add
	echo "  $tool $verb $(all $tool)" >&2
done
exit 1
