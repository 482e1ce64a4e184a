#!/bin/sh
# Makes a release of the commit that is checked out: static programs for each platform in an
# archive, with licences and completions, the harness as an image, and checksums. The same
# commit makes the same bytes.
#
#   release.sh           needs a checkout without changes
#
#   OUT   where to (default out/release)
set -eu
cd "$(dirname "$0")/.."
OUT=${OUT:-out/release}
[ -z "$(git status --porcelain)" ] || { echo "there are changes that are not committed: a release is of a commit" >&2; exit 1; }
version=$(git describe --tags --always)
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
rm -rf "$OUT" && mkdir -p "$OUT"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# licences collects those of the modules that are in the programs.
licences() {
	go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/... | sort -u | while read -r path version dir; do
		for file in "$dir"/LICEN[CS]E* "$dir"/COPYING*; do
			[ -f "$file" ] || continue
			mkdir -p "$1/licences/$path"
			cp "$file" "$1/licences/$path/${file##*/}"
		done
		[ -d "$1/licences/$path" ] || { echo "$path $version has no licence" >&2; exit 1; }
		echo "$path $version" >>"$1/licences/MODULES"
	done
}

for arch in amd64 arm64; do
	name=cri-stats-bench-$version-linux-$arch
	dir=$work/$name
	mkdir -p "$dir/completions"
	# The commit goes into the programs whatever the environment says: records name it.
	for program in cri-stats-bench podload; do
		CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -buildvcs=true -ldflags '-s -w' -o "$dir/$program" "./cmd/$program"
	done
	cp LICENSE README.md "$dir"
	GOOS=linux GOARCH=$arch licences "$dir"
	for shell in bash zsh fish; do
		go run ./cmd/cri-stats-bench completion "$shell" >"$dir/completions/cri-stats-bench.$shell"
	done
	chmod -R u=rwX,go=rX "$dir"
	tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=ustar -cf - "$name" | gzip -n -9 >"$OUT/$name.tar.gz"
done
here=$(go env GOARCH)
# The image is of the platform that can be run here.
"$work/cri-stats-bench-$version-linux-$here/cri-stats-bench" image save --name "localhost/cri-stats-bench:$version" "$work/image.tar"
gzip -n -9 <"$work/image.tar" >"$OUT/cri-stats-bench-$version-linux-$here.image.tar.gz"
(cd "$OUT" && sha256sum -- *.gz >SHA256SUMS)
cat "$OUT/SHA256SUMS"
