// Package runs says what several runs tell together: whether a new run is worse than
// an old one ([Compare]), and what runs of one plan on several nodes say of nodes in
// general ([Join]).
//
//	record -> analysis -> Report \
//	record -> analysis -> Report -> runs -> Comparison, Nodes -> reports/across
//
// Package analysis stands before it and knows one run; package stat has the methods.
// It refuses to set against each other what did not measure the same: simulated and
// real runs never, other machines and other plans only if it is told to. What one run
// alone has is listed and not dropped.
//
// # A new run against an old one
//
// Rounds of two runs have nothing in common, so nothing is paired. The observation is
// the trial, whose agents live as long as it: its mean cost, its median latency. On
// their logarithms Welch's t gives the ratio of geometric means, new over old, with a
// 90 % interval [L, U].
//
//	Regressed     L > 1+m       m is the margin
//	Improved      U < 1/(1+m)
//	Same          1/(1+m) < L and U < 1+m
//	Inconclusive  none of these, with the rounds that would settle it
//
// Primary endpoints are CPU and PSS totals and the median latency of every arm that
// reads containers, in every cell. Regressed and Improved are adjusted by Holm over
// all of them and over all faults, so that any alarm of a comparison at all is false
// in at most 5 % of cases, whatever is true up to the margin. Same is not adjusted: a
// run is the same only if every endpoint is (intersection-union test).
//
// The road not taken: Regressed where the ratio is shown to be above 1 and its
// estimate is above 1+m. It finds a little more, and cries wolf. In simulations
// (TestRates: five arms at two densities, 18 endpoints, 3 % from trial to trial):
//
//	                                             m    rounds   Regressed   other rule
//	nothing changed, 2,000 pairs                2 %     10      0.0005       0.04
//	every endpoint just at the margin           2 %     10      0.05         0.70
//	the node drifts by 1 % from run to run      2 %     10      0.01         0.19
//	the node drifts by 2 % from run to run      5 %     10      0.01         0.22
//	one arm is 10 % worse                       2 %     10      1.00         1.00
//	one arm is 10 % worse                       5 %     10      0.99         1.00
//	one arm is 10 % worse                       5 %     20      1.00         1.00
//	the same, and the node drifts by 2 %        5 %     20      0.87         0.98
//
// The third and the fourth line are why. A node is not the same from night to night,
// and two runs cannot tell by how much: that is no part of the interval. The margin is
// what has to hold it; how wide it must be, two runs of the same software show.
//
// # The node
//
// What the arms idle and cgroup cost their own agents, and how long cgroup takes, has
// no part of a runtime in it ([Floor]). Where one of these moved by more than the
// margin, the node, its kernel or the harness changed: that is a warning, and a loss
// in CPU time or latency then counts only if it is beyond the margin also over the
// floor's, as a difference of differences with the errors of all four. Memory does not
// go with the speed of a node.
//
// Beside it stands, among what is exploratory, the ratio of each arm to the baseline in
// the same rounds, new over old: what the node does to both arms is not in it, what
// the baseline does is.
//
// # Faults
//
// An arm that is no longer supported, or no call of which is answered, has regressed
// whatever it costs. Whether calls fail, or containers are missing, in more trials
// than before is Fisher's exact test.
//
// # Several nodes
//
// Each node has its own ratios to the baseline, from its own rounds. They are pooled
// with the node as a random effect ([stat.RandomEffects]): the interval is about nodes
// in general, of which these are a sample. Runs of one node are one node, their
// spread enters what is known of it. Runtimes, and minor versions of one, are kept
// apart. A node alone has its own numbers.
//
// # Sentences of the KEP
//
// A run of a kubelet speaks to those sentences of KEP-2371 that are about its runtime.
// Runs on two runtimes speak to all of them, each runtime for itself ([KEPVerdict]):
// which mode the gate off is goes with the runtime and is no difference of plans; which
// mode the gate on is does not, and two runs that differ in it are not joined. Another
// version of the kubelet is a warning.
//
// The parts of a sentence are ratios, counts and names, so nothing is pooled: a
// sentence is said of nodes in general only as the weakest of what is said of each.
// That every node passes is the stricter claim, and what the KEP asks for; it holds of
// these nodes, however many there are.
package runs
