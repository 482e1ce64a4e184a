package agreement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// The account of a writable layer must be that of its files, but for what is rounded and
// what is not counted yet.
func TestLayers(t *testing.T) {
	const files, bytes = 500, 500 * 4096
	f := func(what string, said, inodes float64, want ...agreement.Kind) {
		t.Helper()
		s := scene{change: func(in *agreement.Input) {
			in.Layers = []agreement.Layer{{Container: containerID(2), Bytes: bytes, Inodes: files}}
			for call := range in.Observations {
				answer := in.Observations[call].Answer
				for e, entity := range answer.Entities {
					if entity.Container == containerID(2) {
						at := in.Observations[call].Start.UnixNano()
						answer.Add(bench.FSUsage, int32(e), said, at)
						answer.Add(bench.FSInodesUsed, int32(e), inodes, at)
					}
				}
			}
		}}
		if diff := cmp.Diff(want, kinds(s.check(t), agreement.Defect)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	f("right", bytes, files)
	f("without the folders", bytes-8*4096, files-8)
	f("a GiB too much", bytes+1<<30, files, agreement.Wrong)
	f("twice the files", bytes, 2*files, agreement.Wrong)
	f("nothing", 0, 0, agreement.Wrong)
}
