package meter

import "cri-stats-bench/bench"

// Processes returns the ids of the processes that are metered, by component.
func (w *watch) Processes() map[bench.Component][]int {
	out := make(map[bench.Component][]int)
	for _, p := range w.procs {
		out[p.component] = append(out[p.component], p.pid)
	}
	return out
}
