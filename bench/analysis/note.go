package analysis

import (
	"slices"
	"strings"

	"cri-stats-bench/bench"
)

// A NoteKind says what a note is about.
type NoteKind string

// The kinds of notes.
const (
	NoteFewTrials    NoteKind = "few-trials"    // too few trials or pairs for an interval
	NoteFewCalls     NoteKind = "few-calls"     // too few calls for a quantile or its interval
	NoteNoSpread     NoteKind = "no-spread"     // all values are equal
	NoteFailedCalls  NoteKind = "failed-calls"  // calls that gave no answer
	NoteAbsent       NoteKind = "absent"        // not observed in some trials or in none
	NoteNotMetered   NoteKind = "not-metered"   // a component the total lacks
	NotePairs        NoteKind = "pairs"         // rounds that gave no pair
	NoteNoTrials     NoteKind = "no-trials"     // an arm of which nothing can be used
	NoteUnsupported  NoteKind = "unsupported"   // an arm that the node cannot run
	NoteTrial        NoteKind = "trial-warning" // what a trial's own warnings say
	NoteAnswer       NoteKind = "answer"        // what a last answer's warnings say
	NoteJoint        NoteKind = "joint"         // costs of collectors that ran together
	NoteRepeated     NoteKind = "repeated"      // usable trials that a later attempt stands in for
	NoteCorrelated   NoteKind = "correlated"    // units that are not independent of each other
	NoteMissing      NoteKind = "missing"       // containers that answers lack
	NotePartial      NoteKind = "partial"       // answers that lack what ran all along
	NoteInfluence    NoteKind = "influence"     // one round that decides the mean
	NoteTwoDensities NoteKind = "two-densities" // a slope that no third density checks
	NoteWindows      NoteKind = "windows"       // arms with unequal windows, which are not compared
	NotePooled       NoteKind = "pooled"        // a spread that is that of all arms with the same windows
	NoteNotFinite    NoteKind = "not-finite"    // values beyond what can be calculated with
	NoteItself       NoteKind = "itself"        // two treatments that are the same
	NoteSelfCheck    NoteKind = "self-check"    // an arm that differs from itself
	NoteIncomplete   NoteKind = "incomplete"    // an arm that reads fewer containers than run
	NoteLate         NoteKind = "late"          // calls that waited for the ones before them
	NoteNotRun       NoteKind = "not-run"       // a cell without any trial
	NoteDamage       NoteKind = "damage"        // records that could not be read
	NoteUnfinished   NoteKind = "unfinished"    // a run that did not come to its end
	NotePlan         NoteKind = "plan"          // what the plan itself warns of
	NoteMode         NoteKind = "mode"          // who makes the stats of pods in an arm
	NoteUntrue       NoteKind = "untrue"        // answers that no verdict may rest on
	NoteUnchecked    NoteKind = "unchecked"     // answers that nobody has checked
)

// A Note is a footnote: a warning as data. Equal ones are one note, with every
// place that it holds for.
type Note struct {
	Kind NoteKind `json:"kind"`
	Text string   `json:"text"`
	// Varies is set where the figures in the text differ from trial to trial; Text
	// is then the first of them.
	Varies bool `json:"varies,omitempty"`
	// Places is empty where the note is a rule and the place goes without saying.
	Places []Place `json:"places,omitempty"`
}

// A Place is where a note holds: an arm in a cell, and in how many of how many
// trials; Of is 0 where that is not the point.
type Place struct {
	Arm    string     `json:"arm"`
	Cell   bench.Cell `json:"cell"`
	Trials int        `json:"trials"`
	Of     int        `json:"of"`
}

// notebook collects notes without doubles, in order of first use.
type notebook struct {
	notes []Note
	index map[noteKey]int
}

type noteKey struct {
	kind NoteKind
	text string
}

func newNotebook() *notebook { return &notebook{index: make(map[noteKey]int)} }

// rule notes something that holds wherever it is referred to.
func (b *notebook) rule(kind NoteKind, text string) int {
	return b.add(noteKey{kind, text}, text)
}

// at notes something about a place; to say it twice changes nothing.
func (b *notebook) at(kind NoteKind, text string, p Place) int {
	id := b.add(noteKey{kind, text}, text)
	if b.placeOf(id, p) < 0 {
		b.notes[id].Places = append(b.notes[id].Places, p)
	}
	return id
}

// count is at for one trial more, and for texts that are the same but for
// figures and ids.
func (b *notebook) count(kind NoteKind, text string, p Place) int {
	id := b.add(noteKey{kind, pattern(text)}, text)
	note := &b.notes[id]
	note.Varies = note.Varies || note.Text != text
	if i := b.placeOf(id, p); i >= 0 {
		note.Places[i].Trials++
	} else {
		p.Trials = 1
		note.Places = append(note.Places, p)
	}
	return id
}

func (b *notebook) placeOf(id int, p Place) int {
	return slices.IndexFunc(b.notes[id].Places, func(q Place) bool { return q.Arm == p.Arm && q.Cell == p.Cell })
}

func (b *notebook) add(key noteKey, text string) int {
	id, ok := b.index[key]
	if !ok {
		id = len(b.notes)
		b.notes = append(b.notes, Note{Kind: key.kind, Text: text})
		b.index[key] = id
	}
	return id
}

// idLength is from how many hexadecimal digits on a word is taken for an id.
const idLength = 12

// pattern replaces numbers and ids in a text by "#".
func pattern(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		switch {
		case hexRun(text[i:]) >= idLength:
			out.WriteByte('#')
			i += hexRun(text[i:])
		case digit(text[i]):
			out.WriteByte('#')
			for i < len(text) && (digit(text[i]) || text[i] == '.' && i+1 < len(text) && digit(text[i+1])) {
				i++
			}
		default:
			out.WriteByte(text[i])
			i++
		}
	}
	return out.String()
}

func hexRun(s string) int {
	n := 0
	for n < len(s) && (digit(s[n]) || 'a' <= s[n] && s[n] <= 'f') {
		n++
	}
	return n
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// addID adds a note to a list of notes that has each once.
func addID(ids []int, id int) []int {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(slices.Clip(ids), id) // lists are shared between estimates
}
