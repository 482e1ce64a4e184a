//go:build !linux

package profile

import (
	"errors"

	"cri-stats-bench/bench"
)

type startedCount struct{}

func countStarted(map[bench.Component][]int) (*startedCount, error) {
	return nil, errors.New("processes that are started are counted on Linux only")
}

func (*startedCount) end() (map[bench.Component]map[string]int, error) { return nil, nil }
