// Package bench holds the words of the experiment and the Runner that carries
// it out: what a [Cell], an [Arm], a [Trial] is, what a [Collector] and a
// [Workload] must do, and in which order things happen around a window.
//
//	plan.yaml -> plan -> schedule -> Runner -- workload, agent{collector}, meter --> record (trials.jsonl)
//	=========================== below: any machine, any time, same bytes ============================
//	                     record -> analysis{stat} -> reports: text, markdown
//
// Beside it stand the packages that do the work behind its small interfaces
// (agent, meter, node, record, schedule) and the ones that read what it wrote
// (analysis, stat). DESIGN.md in this folder says why the experiment is as it
// is.
//
// The package does no statistics and prints nothing: a number leaves it only as
// part of a Trial.
package bench
