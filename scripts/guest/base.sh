#!/bin/sh
# Makes what the guest is built on: this distribution with systemd and its kernel, of its own
# packages, in a cache. What decides what is in it is in the name of the folder, which is
# printed:
#
#   base.sh      $CRI_STATS_BENCH_CACHE/guest/SUITE-ARCH-KEY/{root.tar,vmlinuz,initrd.img}
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. /etc/os-release
arch=$(dpkg --print-architecture)
case $ID in
debian) kernel=linux-image-$arch ;;
ubuntu) kernel=linux-image-virtual ;;
*)
	echo "${0##*/}: the guest is made of Debian's or Ubuntu's packages, this is $ID" >&2
	exit 1
	;;
esac
packages=$kernel,systemd-sysv,dbus,udev,kmod,procps,iproute2,ca-certificates,conmon,crun,libseccomp2
cache=${CRI_STATS_BENCH_CACHE:-${XDG_CACHE_HOME:-${HOME:?set it, or CRI_STATS_BENCH_CACHE}/.cache}/cri-stats-bench}/guest
base=$cache/$VERSION_CODENAME-$arch-$({ cat "$0"; echo "$packages"; } | cksum | cut -d ' ' -f 1)
if [ ! -d "$base" ]; then
	"$here/../node/deps.sh" mmdebstrap
	echo "${0##*/}: building the guest's base of $ID $VERSION_CODENAME: about three minutes, once" >&2
	mkdir -p "$cache"
	new=$(mktemp -d "$cache/.new-XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' HUP INT TERM
	# From where this machine has its own packages.
	from=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $VERSION_CODENAME" | head -1)
	mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --components=main,universe \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		"$VERSION_CODENAME" "$new/root" "$from" >&2
	cp "$new"/root/boot/vmlinuz-* "$new/vmlinuz"
	cp "$new"/root/boot/initrd.img-* "$new/initrd.img"
	rm -rf "$new"/root/boot/* "$new"/root/var/cache/apt/* "$new"/root/var/lib/apt/lists/*
	tar -C "$new/root" --numeric-owner --xattrs -cf "$new/root.tar" .
	rm -rf "$new/root"
	chmod 755 "$new"
	mv "$new" "$base"
fi
echo "$base"
