#!/bin/sh
# Builds the pinned programs of a managed node from the module in the folder NAME beside
# this script, into a cache, and skips what is there:
#
#   build.sh NAME        NAME is containerd, runc, cni, crio or kubelet
#
#   $CRI_STATS_BENCH_CACHE/bin/NAME-VERSION-GOARCH-KEY/PROGRAM
#   $CRI_STATS_BENCH_CACHE/bin/current-GOARCH/PROGRAM -> the above
#
# The cache is $XDG_CACHE_HOME/cri-stats-bench or ~/.cache/cri-stats-bench if nothing
# else is said. KEY is a checksum of all that decides what is built. GOFLAGS,
# GOPROXY and the other settings of the go command hold.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

[ $# -eq 1 ] || die "usage: ${0##*/} NAME, one of: $(cd "$here" && echo */)"
name=${1%/}
[ -f "$here/$name/recipe.sh" ] || die "no folder $name with a recipe.sh beside this script; there are: $(cd "$here" && echo */)"
command -v go >/dev/null || die "no go command in PATH: install Go, see the line go in $here/$name/go.mod"

cache=${CRI_STATS_BENCH_CACHE:-${XDG_CACHE_HOME:-${HOME:?set it, or CRI_STATS_BENCH_CACHE}/.cache}/cri-stats-bench}
mkdir -p "$cache/bin"
bin=$(cd "$cache/bin" && pwd)

cd "$here/$name"
module='' packages='' cgo='' tags='' needs='' version_variable='' duration='' more=''
# shellcheck source-path=SCRIPTDIR source=containerd/recipe.sh
. ./recipe.sh
version=$(awk -v m="$module" '$1 == m { print $2 } $1 == "require" && $2 == m { print $3 }' go.mod)
[ -n "$version" ] || die "no version of $module in $here/$name/go.mod"

goarch=$(go env GOARCH)
goversion=$(go env GOVERSION)
key=$({ cat go.mod go.sum recipe.sh; echo "$goversion"; } | cksum | cut -d ' ' -f 1)
out=$bin/$name-$version-$goarch-$key

if [ ! -d "$out" ]; then
	# shellcheck disable=SC2086 # a list of words
	"$here/deps.sh" $needs
	say "building $name $version with $goversion: about $duration the first time"
	new=$(mktemp -d "$bin/.$name-XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' HUP INT TERM
	for package in $packages; do
		program=${package##*/}
		say "go build $package"
		CGO_ENABLED=$cgo GOWORK=off go build -mod=readonly -trimpath -buildvcs=false \
			-tags "$tags" -ldflags "-s -w${version_variable:+ -X $version_variable=$version}" -o "$new/$program" "$package"
	done
	[ -z "$more" ] || build_more "$new"
	chmod 755 "$new"
	mv "$new" "$out"
	# Where another build was faster, mv put the folder inside of its folder.
	rm -rf "${out:?}/${new##*/}"
fi

current=$bin/current-$goarch
mkdir -p "$current"
for package in $packages $more; do
	program=${package##*/}
	# rename(2) over the old link: a program is there at every moment.
	ln -s "../${out##*/}/$program" "$current/.$program.$$"
	mv -f "$current/.$program.$$" "$current/$program"
done
say "$name $version is in $out"
