package live

import (
	"context"
	"errors"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// A reference reads the cgroup files of all that runs. The collector behind it
// knows what it was opened with, so it opens one more for what came since.
type reference struct {
	open   Open
	source bench.Source
	sets   []bench.Collector
	// covered are the containers that a set reads, tries how often one could not be
	// found.
	covered map[string]bool
	tries   map[string]int
}

// mostTries is how often a container's cgroup is looked for: it may not be there
// yet, or not any more.
const mostTries = 3

func newReference(open Open, source bench.Source) *reference {
	return &reference{open: open, source: source, covered: make(map[string]bool), tries: make(map[string]int)}
}

// cover opens what a listing has and no set reads yet: all at once, or, where one
// of them keeps the others back, pod by pod.
func (r *reference) cover(ctx context.Context, l *agreement.Listing) {
	if r.open == nil {
		return
	}
	var missing []bench.Pod
	for _, pod := range pods(l) {
		var ids []string
		for _, id := range pod.Containers {
			if !r.covered[id] && r.tries[id] < mostTries {
				ids = append(ids, id)
			}
		}
		if len(ids) > 0 {
			missing = append(missing, bench.Pod{ID: pod.ID, Containers: ids})
		}
	}
	if len(missing) == 0 || r.add(ctx, missing) {
		return
	}
	for _, pod := range missing {
		if !r.add(ctx, []bench.Pod{pod}) {
			for _, id := range pod.Containers {
				r.tries[id]++
			}
		}
	}
}

// add opens a set and says whether that went well.
func (r *reference) add(ctx context.Context, pods []bench.Pod) bool {
	source := r.source
	source.Pods = pods
	c, err := r.open(ctx, source)
	if err != nil {
		return false // what has no cgroup here has no reference
	}
	r.sets = append(r.sets, c)
	for _, pod := range pods {
		for _, id := range pod.Containers {
			r.covered[id] = true
		}
	}
	return true
}

// read reads all sets; nil where there are none. A set that cannot be read is left
// out: what it had has no reference then.
func (r *reference) read(ctx context.Context) agreement.Direct {
	if len(r.sets) == 0 {
		return nil
	}
	all := new(bench.Batch)
	for _, set := range r.sets {
		b := new(bench.Batch)
		if err := set.Collect(ctx, b); err != nil {
			continue
		}
		offset := int32(len(all.Entities))
		all.Entities = append(all.Entities, b.Entities...)
		for _, sample := range b.Samples {
			sample.Entity += offset
			all.Samples = append(all.Samples, sample)
		}
	}
	return all
}

func (r *reference) close() error {
	var errs []error
	for _, set := range r.sets {
		errs = append(errs, set.Close())
	}
	r.sets = nil
	return errors.Join(errs...)
}
