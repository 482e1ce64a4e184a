// Package schedule puts the trials of a plan in order and says when it is
// enough.
//
//	for each profile and containers per pod        (a change replaces every pod)
//	  for each sweep: densities up, then down      (a change is by difference)
//	    for each round: all arms, shuffled; at its end the void ones again
//
// If the plan has slices, a round is one block of slices and the trials that arms
// have of their own, all shuffled; the block is one place among them:
//
//	round:  cadvisor · idle · [ block ] · cri-pod-metrics · cgroup · cri-pod-stats
//	block:  cycle 1: idle cgroup cri-pod-stats · cycle 2: cgroup cri-pod-stats idle · ...
//
// The order inside a round comes from the plan's seed, the cell, the sweep and
// the round alone, so it is the same in every run of the plan and can be
// continued after an interruption. The order inside a cycle comes from these, the
// cycle and the arms that the node supports; it is balanced so that each arm
// follows each other one about equally often. Rounds end at the plan's most, at
// its least once a cell is precise enough, and before a round that would end past
// the plan's limit of time.
//
// A trial of its own that is void is run again at the end of its round. A slice
// is not: the others of its cycle stay as they are, and who compares the arms in
// pairs drops the pairs that lack it. A block is run again as a whole, at the end
// of its round and with the next Attempt, if more than half of its slices are
// void, or if it ended early because an agent broke. What was recorded of it
// stays on disk. So of the slices with the same cell, sweep and round only those
// of the highest Attempt count: no pair may join a slice of one block with a
// slice of another.
//
// The Runner of package bench asks a Schedule what is next and tells it how it
// went. A Schedule runs nothing and never sees a result: it looks at whether a
// trial counts and how long it took. It is for one goroutine.
package schedule
