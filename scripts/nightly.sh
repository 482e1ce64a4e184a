#!/bin/sh
# One night's measurement for CI: doctor, run, compare with the last good run,
# artifacts.
#
#   scripts/nightly.sh            as root, on Linux; about twelve minutes with the preset "quick"
#
#   PRESET     what to run (default quick)
#   RUNTIME    runtime of the private node (default containerd)
#   ENDPOINT   measure this CRI endpoint instead of a private node
#   STATE      a folder that lasts from night to night: STATE/last-good holds the
#              records of the last run that did not regress (default .nightly)
#   ARTIFACTS  what CI publishes (default artifacts)
#
# The status is that of the first step that failed: 30 where the node is unfit,
# 20 where something regressed, 0 otherwise. An inconclusive comparison does not
# fail: JUnit has it as skipped.
set -eu
cd "$(dirname "$0")/.."
PRESET=${PRESET:-quick} RUNTIME=${RUNTIME:-containerd} ENDPOINT=${ENDPOINT:-}
STATE=${STATE:-.nightly} ARTIFACTS=${ARTIFACTS:-artifacts}
bench=bin/cri-stats-bench

make build
if [ -z "$ENDPOINT" ]; then
	case $RUNTIME in
	containerd) make node-binaries ;;
	*) make "node-$RUNTIME" ;;
	esac
fi
mkdir -p "$ARTIFACTS" "$STATE"
export CONTAINER_RUNTIME_ENDPOINT="$ENDPOINT"

# Not through a pipe, which would have the status of its last command.
status=0
$bench doctor >"$ARTIFACTS/doctor.txt" || status=$?
cat "$ARTIFACTS/doctor.txt"
[ "$status" = 0 ] || exit "$status"

# A folder of its own, so that the one run in it is tonight's.
tonight=$(mktemp -d "$STATE/run.XXXXXX")
trap 'rm -rf "$tonight"' EXIT
$bench run --preset "$PRESET" --runtime "$RUNTIME" --out "$tonight" >"$ARTIFACTS/report.txt"
run=$(echo "$tonight"/*)
cp -R "$run" "$ARTIFACTS/run"
$bench report --out "$ARTIFACTS" "$run"

if [ -d "$STATE/last-good" ]; then
	$bench compare --out "$ARTIFACTS" --fail-on regressed "$STATE/last-good" "$run"
fi
# Not reached where something regressed: the next night is held against the same
# good run, so that a slow slide is found as well.
rm -rf "$STATE/last-good"
mv "$run" "$STATE/last-good"
