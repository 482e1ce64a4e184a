#!/bin/sh
# Unit tests, with the race detector where cgo is there for it.
set -eu
cd "$(dirname "$0")/.."
go=${GO:-go}
race=-race
if [ "$($go env CGO_ENABLED)" != 1 ]; then
	race=
	echo "left out: the race detector (needs cgo and a C compiler)"
fi
# shellcheck disable=SC2086 # race is one flag or none
exec $go test $race ./...
