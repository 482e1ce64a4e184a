#!/bin/sh
# Whether "cri-stats-bench ab" finds what was planted, and nothing where nothing was: the
# pinned containerd against one with 1 ms of CPU time planted in each call of a shim, and
# against itself. For a nightly job; needs root, Linux, half an hour.
#
#   OUT   folder for records and reports (default out/ab)
#
# Its status is 1 where the planted cost is not shown to be dearer, or where a build differs
# from itself.
set -eu
cd "$(dirname "$0")/../.."
OUT=${OUT:-out/ab}
make build node-binaries
scripts/node/planted.sh "$OUT/planted"
export CONTAINER_RUNTIME_ENDPOINT=

status=0
bin/cri-stats-bench ab --new "$OUT/planted" --out "$OUT" --fail-on inferior || status=$?
if [ "$status" != 20 ]; then
	echo "the planted cost was not found: status $status" >&2
	exit 1
fi
status=0
bin/cri-stats-bench ab --out "$OUT" --fail-on inferior || status=$?
if [ "$status" != 0 ]; then
	echo "a build differs from itself: status $status" >&2
	exit 1
fi
echo "found what was planted, and nothing else"
