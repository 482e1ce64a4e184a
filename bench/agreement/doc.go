// Package agreement says whether a source of stats tells the truth: is everything
// there, how old is it, does it agree with the kernel. A fast wrong answer must
// never win.
//
// Observations go in, findings come out. Package live makes observations on a node:
// each call to a source stands between two direct readings of the cgroup files,
// which are the reference, and between two listings of what runs. The command
// verify prints the report. Package stat has the statistics.
//
// It reads no node and knows no version of anything: that a runtime's counters come
// in whole seconds, that a call waits for leave or that a name is never there is
// found in what it answered, or not at all. It never repairs a value. What the
// quantities mean on each side is in QUANTITIES.md.
//
// # How it argues
//
// A counter that is read between two direct readings must lie between them: below
// the first it is old, above the second it is wrong, whatever the load did. The
// counter of CPU time is a clock too: a value held when the kernel's counter stood
// there, which bounds its age without a timestamp and without a rate; the
// timestamp is then held against those bounds. One cause has one name: what is
// frozen is not also called stale, see the order of rules in check.go.
//
// # Rules, and how often they are wrong
//
//	kind                  rule                                                               false alarm
//	call fails            a call gave an error and nothing else                              none
//	one pod fails all     the same, and asked one by one most pods answer                    none
//	answer breaks off     a call gave part of an answer, then an error                       none
//	missing               listed before, after and 10 s later, alive in the cgroup files around the
//	                      call; not in the answer                                            none while listings lag less than 10 s
//	extra                 in two answers and in no listing, in whatever state                none
//	wrong identity        another name, namespace, uid, attempt or label than listings before and
//	                      after have                                                        none
//	twice                 more than once in one answer                                       none
//	ambiguous             one name and one set of labels with several values in an answer    none
//	absent                a field of the form that no pod or container ever had              none
//	partly absent         some had it, others did not, all older than 5 s                    none
//	zero                  0 in every answer, and the kernel far above from the first on      none
//	frozen                one value in 3 answers or more over the greatest age allowed,
//	                      while the kernel's counter grew by 5 ms and two steps              none
//	stale                 older than allowed: by bounds, or by its own honest timestamps      none
//	dishonest timestamp   1 s or more outside of the bounds, in half of the answers           none
//	goes back             a counter that fell, by more than 2 µs or half a count              none
//	wrong unit            growth within 60 %, and level within a factor of 3, of a power of
//	                      1000 of the kernel's, in four of five tracks                        needs that ratio by chance
//	counted twice         a counter above the kernel's after the call, 1.6 to 2.4 times;
//	wrong value           any other factor                                                    none
//	  of gauges           more than 5 % and 1 MiB outside of what the kernel had around the
//	                      call, in most of 3 answers or more, while the kernel's own stood    a gauge that swings there and
//	                      still                                                               back between direct readings
//	  of layers           more than a quarter and 1 MiB or 32 files from what the files make         none once a layer is at rest
//	wrong rate            above what the node has; 0 where the kernel's counter moved in every
//	                      stretch of the greatest age allowed, or since a rate that was not 0;
//	                      of one timestamp for all that is a tenth of the interval too early; or
//	                      outside of twice the least
//	                      and greatest pace of twice that age, in most answers               none
//	pod is not its parts  CPU time is that of the containers, which are up to date, and
//	                      below the pod's by the pause container's                            none
//	coarse                every one of 3 different values is a whole number of steps          10^-9 (microseconds, 1 ms)
//	skewed                timestamps 2 s further apart than the call took, in most answers    none
//	late                  a step of memory not in an answer to a call that began later than the
//	                      greatest age allowed                                               none
//	rate-limited          second call 300 ms slower than the first after a rest, third as
//	                      slow as the second within 15 %                                      two stalls of one length
//	not judged            no value of a container's CPU time or working set was held
//	                      against the kernel's, and no other finding says why                none
//	disagrees             the 95 % interval of the bias lies outside of the band              2.5 % at the band's edge
//
// "none" means none as long as the kernel's counters do not fall and the machine's
// clock is not set during the check: these rules compare bounds, not estimates.
// What is measured: of 100 simulated healthy nodes, none had a defect, and of 100
// with each of fourteen planted defects each was named by its name alone
// (live, TestDefects with -seeds=100).
package agreement
