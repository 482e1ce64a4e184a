#!/bin/sh
# What a run survives, on a private node: kills and interrupts at a hundred random moments each,
# a runtime that stands still, a disk that fills, two runs at once. Root, Linux; about an hour.
#
#   KILLS, INTERRUPTS   how often (default 100)
set -eu
cd "$(dirname "$0")/.."
if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
	echo "left out: the faults (need Linux and root)"
	exit 0
fi
make build node-binaries
bin/cri-stats-bench node down
exec "${GO:-go}" test -p 1 -count 1 -v -tags node -timeout 150m -run '^TestFaults' ./cmd/cri-stats-bench \
	-args -kills "${KILLS:-100}" -interrupts "${INTERRUPTS:-100}"
