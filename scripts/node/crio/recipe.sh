# How build.sh builds CRI-O, and pinns, which it calls. The version is in go.mod.
# shellcheck shell=sh disable=SC2034
module=github.com/cri-o/cri-o
packages="$module/cmd/crio"
cgo=1
# No storage drivers that want headers of their own, and signatures in Go: images
# are not signed here.
tags="containers_image_openpgp exclude_graphdriver_btrfs btrfs_noversion seccomp"
needs="cc libseccomp make"
version_variable=""
duration="4 minutes on two cores"
more=pinns
# build_more FOLDER puts pinns there. It is C; its Makefile writes beside the
# sources, which are read-only, and into ../bin.
build_more() {
	mkdir "$1/src"
	cp -R "$(go list -m -f '{{.Dir}}' "$module")/pinns" "$1/src"
	chmod -R u+w "$1/src"
	make -C "$1/src/pinns" >&2
	mv "$1/src/bin/pinns" "$1"
	rm -rf "$1/src"
}
