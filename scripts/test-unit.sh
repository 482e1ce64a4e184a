#!/bin/sh
# Unit tests, with the race detector where cgo is there for it.
set -eu
cd "$(dirname "$0")/.."
go=${GO:-go}
race=-race
# The race detector makes each program sleep for a second at its end, agents included.
export GORACE=atexit_sleep_ms=0
if [ "$($go env CGO_ENABLED)" != 1 ]; then
	race=
	echo "left out: the race detector (needs cgo and a C compiler)"
fi
# shellcheck disable=SC2086 # race is one flag or none
$go test $race ./...
if [ -n "$race" ]; then
	# The race detector slows the simulations down so much that they make few
	# experiments under it and check no figure: here are all of them.
	$go test ./bench/stat ./bench/analysis ./bench/trend
fi
# The manifests are decoded by the API's own types, which the harness has no other use for.
(cd scripts/kubernetes && $go test ./...)
