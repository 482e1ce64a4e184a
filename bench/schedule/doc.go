// Package schedule puts the trials of a plan in order and says when it is
// enough.
//
//	for each profile and containers per pod        (a change replaces every pod)
//	  for each sweep: densities up, then down      (a change is by difference)
//	    for each round: all arms, shuffled; at its end the void ones again
//
// The order inside a round comes from the plan's seed, the cell, the sweep and the round
// alone, so it is the same in every run of the plan and can be continued after an
// interruption; arms that are not needed any more leave a gap and change nothing. Rounds
// end at the plan's most, at one of its looks once all that it asks of a cell is decided,
// and before a round that would end past the plan's limit of time. A void trial is run
// again at the end of its round.
//
// The Runner of package bench asks a Schedule what is next and tells it how it
// went. A Schedule runs nothing and never sees a result: it looks at whether a
// trial counts and how long it took, and is told at a look which arms are decided. It is for one goroutine.
package schedule
