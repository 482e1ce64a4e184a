#!/bin/sh
# Builds the pinned containerd with a known cost planted: 1 ms of CPU time in each call of
# a shim's Stats, counted in /debug/vars as "planted". What "cri-stats-bench ab" finds of it
# is held against that.
#
#   planted.sh DIR        writes DIR/containerd; DIR is made
#
# The source is that of the pinned version, copied and changed in one function.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "usage: ${0##*/} DIR" >&2; exit 1; }
mkdir -p "$1"
out=$(cd "$1" && pwd)

module='' tags='' version_variable=''
# shellcheck source-path=SCRIPTDIR source=containerd/recipe.sh
. "$here/containerd/recipe.sh"
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cp "$here"/containerd/go.mod "$here"/containerd/go.sum "$work"
cd "$work"
export GOWORK=off
go mod download "$module"
source=$(go list -m -f '{{.Dir}}' "$module")
version=$(go list -m -f '{{.Version}}' "$module")
cp -R "$source" containerd
chmod -R u+w containerd

shim=containerd/core/runtime/v2
sed -i 's/^func (s \*shimTask) Stats(.*$/&\n\tplanted()/' "$shim/shim.go"
grep -q '^	planted()$' "$shim/shim.go" || { echo "${0##*/}: no (*shimTask).Stats in $shim/shim.go of $version" >&2; exit 1; }
cat >"$shim/planted.go" <<'EOF'
package v2

import (
	"expvar"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

var plantedCalls = expvar.NewInt("planted")

// planted burns 1 ms of CPU time, by the clock of its thread.
func planted() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	plantedCalls.Add(1)
	clock := func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
			panic(err)
		}
		return time.Duration(ts.Nano())
	}
	for start := clock(); clock()-start < time.Millisecond; {
	}
}
EOF
go mod edit -replace "$module=./containerd"
CGO_ENABLED=0 go build -mod=mod -trimpath -buildvcs=false -tags "$tags" \
	-ldflags "-s -w -X $version_variable=$version-planted" -o "$out/containerd" "$module/cmd/containerd"
echo "${0##*/}: containerd $version with 1 ms of CPU time in each call of a shim's Stats is in $out" >&2
