#!/bin/sh
# Fetches the distribution's own containerd, of whatever version that is, and unpacks it into
# the cache beside the pinned one. Nothing is installed: a package that is installed starts a
# daemon, and may replace one.
#
#   $CRI_STATS_BENCH_CACHE/bin/distribution-VERSION-GOARCH/PROGRAM
#   $CRI_STATS_BENCH_CACHE/bin/current-GOARCH/distribution/PROGRAM -> the above
#
# On Debian and Ubuntu, by apt-get, which checks what it fetches.
set -eu

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
	die "unpack the distribution's containerd: only Debian's and Ubuntu's packages are known; elsewhere put containerd and containerd-shim-runc-v2 into the folder distribution of the cache by hand"
cache=${CRI_STATS_BENCH_CACHE:-${XDG_CACHE_HOME:-${HOME:?set it, or CRI_STATS_BENCH_CACHE}/.cache}/cri-stats-bench}
mkdir -p "$cache/bin"
bin=$(cd "$cache/bin" && pwd)
goarch=$(go env GOARCH)
link=$bin/current-$goarch/distribution
if [ ! -x "$link/containerd" ]; then
	new=$(mktemp -d "$bin/.distribution-XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' HUP INT TERM
	fetch() { (cd "$new" && apt-get download containerd >/dev/null 2>&1); }
	fetch || { apt-get update >&2 && fetch; } || die "fetch the distribution's containerd: apt-get download containerd fails"
	version=$(dpkg-deb -f "$new"/*.deb Version | tr -c 'A-Za-z0-9.\n' -)
	dpkg-deb -x "$new"/*.deb "$new/x"
	out=$bin/distribution-$version-$goarch
	mkdir -p "$out" "$bin/current-$goarch"
	mv -f "$new"/x/usr/bin/* "$out"
	ln -sfn "../${out##*/}" "$link"
fi
say "the distribution's containerd: $("$link/containerd" --version)"
