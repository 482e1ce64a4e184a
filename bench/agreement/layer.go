package agreement

import (
	"fmt"
	"math"

	"cri-stats-bench/bench"
)

// A Layer is what a container has written, by the files themselves: the bytes that they
// take on disk, and how many files and folders they are.
type Layer struct {
	Container     string
	Bytes, Inodes float64
}

// How far a runtime's account of a layer may be off: it is made anew from time to time,
// and whether folders count, and how much of a block, is the runtime's to say.
const (
	layerSpread = 0.25
	layerFloor  = 1 << 20 // bytes
	layerFiles  = 32
)

// checkLayers holds the last answers about writable layers against their files. A source
// with a clock of its own walks them when it pleases (cAdvisor once a minute), and what was
// written since is not its fault.
func (s *subject) checkLayers() {
	if s.source.OwnClock {
		return
	}
	for _, l := range s.Layers {
		for _, of := range []struct {
			metric      *bench.Metric
			have, floor float64
		}{{bench.FSUsage, l.Bytes, layerFloor}, {bench.FSInodesUsed, l.Inodes, layerFiles}} {
			all := s.of(of.metric, Containers)
			var mine *track
			for _, t := range all {
				if t.key.container != l.Container {
					continue
				}
				if mine != nil {
					mine = nil // of several devices none is the layer for sure
					break
				}
				mine = t
			}
			if mine == nil {
				continue
			}
			s.judgeOff(mine)
			v := mine.last().value
			if off := math.Abs(v - of.have); off > of.floor+layerSpread*of.have {
				s.hit(mine, Wrong, off/(1+of.have), fmt.Sprintf("%s of container %s is %s where the files of its layer make %s",
					of.metric.Name, short(l.Container), quantity(of.metric, v), quantity(of.metric, of.have)))
			}
		}
	}
}
