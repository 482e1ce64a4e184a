#!/bin/sh
# Tests on a real node: a private containerd or CRI-O with real pods, with and
# without a kubelet, started and removed by the tests. They need Linux and root; what is left out is said in one line.
set -eu
cd "$(dirname "$0")/.."
go=${GO:-go}
if [ "$(uname -s)" != Linux ]; then
	echo "left out: the tests on a real node (need Linux; this is $(uname -s))"
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "left out: the tests on a real node (need root: sudo make test-node)"
	exit 0
fi
make build node-binaries node-crio node-kubelet
if command -v apt-get >/dev/null; then
	make node-distribution
else
	echo "left out: the distribution's containerd (needs Debian or Ubuntu)"
fi
# What an earlier run of these tests left that was killed: the private node is theirs.
bin/cri-stats-bench node down
packages=$(git ls-files '*_node_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|')
# One package after the other: each has the node for itself.
# shellcheck disable=SC2086 # one word per package
exec $go test -p 1 -count 1 -tags node -timeout 40m -run '^Test(Node|Faults)' $packages
