// Package record keeps what was measured: it appends finished trials to a
// directory while a run measures, and reads such a directory back.
//
//	out/<run>/
//	  format.json   {"format":1,"plan_sha256":"…","host_sha256":"…","run":"…","host_identity":"…"}
//	  plan.json     the plan, every default filled in, seed included
//	  host.json     what the node is
//	  trials.jsonl  one line per finished trial:
//	                {"crc32c":"9c3f0a11","trial":{…}}
//	  end.json      why there was no further trial, and how many there are: only of
//	                a run that came to its end
//	  profiles.jsonl, profiles/
//	                of trials that were profiled after all others, and never measured
//	  run.log       what the harness said meanwhile
//
// The checksum (CRC-32 with Castagnoli's polynomial, eight hexadecimal digits)
// is over the run's id and the bytes of the trial's value as they stand in the line, so
// that a line of another run is damage in this one. A line is
// written at once and synced before Append returns, so a harness that is killed
// and a disk that is full lose at most the trial in progress. A reader finds a
// damaged line, names it with its number and leaves it out; whoever asked
// decides what to do then.
//
// The Runner of package bench writes through a [Writer]; package analysis reads
// a [Run]. This package neither aggregates nor judges: what was measured is on
// disk as it was measured. It needs no node and builds on every system.
package record
