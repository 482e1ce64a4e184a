#!/bin/sh
# One night's measurement for CI: doctor, run, compare with the reference, trend over
# the nights, artifacts.
#
#   scripts/nightly.sh            as root, on Linux; about twelve minutes with the preset "quick"
#
#   PRESET     what to run (default quick)
#   RUNTIME    runtime of the private node (default containerd)
#   ENDPOINT   measure this CRI endpoint instead of a private node
#   STATE      a folder that lasts from night to night (default .nightly): STATE/nights
#              holds the records of the last 60, STATE/reference is a copy of the one that
#              nights are held against
#   ARTIFACTS  what CI publishes (default artifacts)
#
# The status is that of the first step that failed: 30 where the node is unfit,
# 20 where something regressed against the reference or over the nights, 0 otherwise. An
# inconclusive comparison does not fail: JUnit has it as skipped. The reference moves only
# where the new run is shown to be the same, so that a slide that no night shows by itself
# is found in the end. A night that cannot stand in one series with those before, because
# the node or the plan is another, fails with status 2: begin with a new STATE.
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
mkdir -p "$STATE/nights"
run=$STATE/nights/$(ls "$tonight")
mv "$tonight"/* "$STATE/nights"
rm -rf "$ARTIFACTS/run"
cp -R "$run" "$ARTIFACTS/run"
$bench report --out "$ARTIFACTS" "$run"

# Names of runs begin with the time: the oldest go first.
ls "$STATE/nights" | head -n -60 | while read -r old; do rm -r "$STATE/nights/$old"; done

if [ -d "$STATE/reference" ]; then
	$bench compare --out "$ARTIFACTS" --fail-on regressed,inconclusive "$STATE/reference" "$run" || status=$?
fi
if [ "$(ls "$STATE/nights" | wc -l)" -gt 1 ]; then
	over=0
	$bench trend --out "$ARTIFACTS" --fail-on regressed "$STATE/nights"/* || over=$?
fi
case $status in
0) rm -rf "$STATE/reference" && cp -R "$run" "$STATE/reference" ;;
10) status=0 && echo "not settled: the next night is held against the same reference" ;;
esac
[ "$status" != 0 ] || status=${over:-0}
exit "$status"
