package agreement

import (
	"fmt"
	"strings"
)

// A Kind is what is wrong with a source.
type Kind string

// The kinds. The table in doc.go has the rule and the false-alarm rate of each.
const (
	CallFails   Kind = "call fails"           // an answer does not come
	OnePodFails Kind = "one pod fails all"    // what is wrong with one pod keeps the others back
	BreaksOff   Kind = "answer breaks off"    // part of an answer comes, then an error
	Missing     Kind = "missing"              // pods or containers that ran all the time
	Extra       Kind = "extra"                // ones that were never there
	Misnamed    Kind = "wrong identity"       // another name or label than the listings have
	Twice       Kind = "twice"                // ones that are in an answer more than once
	Ambiguous   Kind = "ambiguous"            // one name and one set of labels with several values
	Absent      Kind = "absent"               // a field or name that is never there
	Partly      Kind = "partly absent"        // one that some pods or containers have and others do not
	Zero        Kind = "zero"                 // 0 where the kernel counts more
	Frozen      Kind = "frozen"               // the same value again and again while the kernel counts on
	Stale       Kind = "stale"                // older than it may be, and its timestamp says so
	Dishonest   Kind = "dishonest timestamp"  // held at another time than its timestamp says
	Backwards   Kind = "goes back"            // a counter that falls while its subject lives
	WrongUnit   Kind = "wrong unit"           // a power of 1000 off
	Double      Kind = "counted twice"        // twice what the kernel counts
	Wrong       Kind = "wrong value"          // outside of what the kernel counted before and after
	WrongRate   Kind = "wrong rate"           // not that of the counter over any time it can be of
	PodSum      Kind = "pod is not its parts" // not its containers and pause
	Coarse      Kind = "coarse"               // steps far larger than the kernel's
	Skewed      Kind = "skewed"               // instants inside one answer lie far apart
	Late        Kind = "late"                 // a step of memory is seen later than the age allows
	RateLimited Kind = "rate-limited"         // answers wait for leave to read
	Disagrees   Kind = "disagrees"            // off on average over many containers
	NotJudged   Kind = "not judged"           // no value could be held against anything
)

// Severity says what a finding means.
type Severity string

// The two severities. A defect makes numbers unusable or leaves out what is
// there. A limit is something that a reader of right numbers must know.
const (
	Defect Severity = "defect"
	Limit  Severity = "limit"
)

// A Finding is one thing that is wrong with one source.
type Finding struct {
	Source   string   `json:"source"`
	Kind     Kind     `json:"kind"`
	Severity Severity `json:"severity"`
	// Level says whether it is about pods or containers, Answers where it is about
	// neither.
	Level Level `json:"level"`
	// Quantities are names of metrics; empty where it is about whole answers.
	Quantities []string `json:"quantities,omitempty"`
	// Subjects are ids of the pods or containers that it was found at, Judged how
	// many it could have been.
	Subjects []string `json:"subjects,omitempty"`
	Judged   int      `json:"judged,omitempty"`
	// Evidence is one clause with figures.
	Evidence string `json:"evidence"`
}

// A Level is what values are about.
type Level string

// The levels.
const (
	Answers    Level = "answer"
	Pods       Level = "pod"
	Containers Level = "container"
)

// String is a line for a person.
func (f Finding) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s: %s", f.Severity, f.Source, f.Kind)
	if len(f.Quantities) > 0 {
		fmt.Fprintf(&out, ": %s", list(f.Quantities, mostNamed))
	}
	if f.Judged > 0 {
		fmt.Fprintf(&out, ", %d of %d %ss", len(f.Subjects), f.Judged, f.Level)
	}
	fmt.Fprintf(&out, ": %s", f.Evidence)
	return out.String()
}

// mostNamed is how many names a line has.
const mostNamed = 4

// list joins names and counts those that are too many.
func list(names []string, most int) string {
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// short is as much of an id as crictl shows.
func short(id string) string {
	const length = 13
	if len(id) > length {
		return id[:length]
	}
	return id
}

// Kinds are all kinds, in the order of the rules.
func Kinds() []Kind {
	return []Kind{
		CallFails, OnePodFails, BreaksOff, Missing, Extra, Misnamed, Twice, Ambiguous, Absent, Partly, Zero, Frozen, Stale, Dishonest,
		Backwards, WrongUnit, Double, Wrong, WrongRate, PodSum, Coarse, Skewed, Late, RateLimited, Disagrees, NotJudged,
	}
}
