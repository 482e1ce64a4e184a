#!/bin/sh
# What every change must pass. staticcheck is pinned in go.mod; golangci-lint in
# a module of its own, so that its dependencies are not the project's.
set -eu
cd "$(dirname "$0")/.."
go=${GO:-go}
unformatted=$(gofmt -l $(git ls-files '*.go'))
if [ -n "$unformatted" ]; then
	echo "gofmt would change:" >&2
	echo "$unformatted" >&2
	exit 1
fi
$go vet ./...
$go vet -tags node ./...
$go tool staticcheck ./...
# What works on records and in memory must build where there is no Linux.
for os in darwin windows; do
	GOOS=$os CGO_ENABLED=0 $go build -o /dev/null ./...
done
# The first time this builds the linter, which takes minutes.
$go tool -modfile=scripts/lint/go.mod golangci-lint run ./...
