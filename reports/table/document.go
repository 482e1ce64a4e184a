package table

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cri-stats-bench/bench/analysis"
)

// The marks of a document.
const (
	Simulated         = "SIMULATED"           // the run measured no node
	NotForPublication = "NOT FOR PUBLICATION" // host.json says why
)

// New lays out a report in eleven sections, from the answer to what can be looked
// up; a kubelet has one more, and so have profiles.
func New(r *analysis.Report) *Document {
	d := opened(r)
	d.Sections = []Section{
		summary(r), why(r), systems(r), environment(r), workload(r), method(r),
		kep(r), results(r), whoPays(r), truth(r), quality(r), reproduce(r), appendix(r),
	}
	d.close()
	footnotes(r, d, true)
	return d
}

// Short lays out the answer, and as background what it rests on: what is to be read
// first in each of the sections that have numbers.
func Short(r *analysis.Report) *Document {
	d := opened(r)
	d.Sections = []Section{summary(r), kep(r), results(r), truth(r), quality(r)}
	for i := 1; i < len(d.Sections); i++ {
		d.Sections[i].Background = true
		d.Sections[i].foremost()
	}
	d.close()
	footnotes(r, d, false)
	return d
}

// foremost leaves out tables that are not to be read first.
func (s *Section) foremost() {
	s.Tables = slices.DeleteFunc(s.Tables, func(t Table) bool { return t.Aside })
	for i := range s.Sections {
		s.Sections[i].foremost()
	}
}

// opened is a document without sections.
func opened(r *analysis.Report) *Document {
	d := &Document{Title: "cri-stats-bench: " + r.Name}
	var marks []string
	if r.Simulated() {
		marks = append(marks, Simulated)
		d.Why = append(d.Why, "SIMULATED: nothing was measured on a node. The numbers show the form of a report and nothing else.")
	}
	if len(r.Host.NotForPublication) > 0 {
		marks = append(marks, NotForPublication)
		d.Why = append(d.Why, "Not for publication: "+strings.Join(r.Host.NotForPublication, "; ")+".")
	}
	d.Mark = strings.Join(marks, ", ")
	if r.Description != "" {
		d.Lead = append(d.Lead, r.Description)
	}
	d.Lead = append(d.Lead, subject(r))
	return d
}

// close takes out what is empty.
func (d *Document) close() {
	for i := range d.Sections {
		d.Sections[i].tidy()
	}
	d.Sections = filled(d.Sections)
}

// tidy takes out columns and sections in which nothing stands.
func (s *Section) tidy() {
	for i := range s.Tables {
		s.Tables[i].Tidy()
	}
	for i := range s.Sections {
		s.Sections[i].tidy()
	}
	s.Sections = filled(s.Sections)
}

// filled leaves out sections that have nothing but a heading.
func filled(all []Section) []Section {
	var out []Section
	for _, s := range all {
		if !s.empty() {
			out = append(out, s)
		}
	}
	return out
}

func (s *Section) empty() bool {
	return len(s.Lines)+len(s.Numbers)+len(s.Tables)+len(s.Facts)+len(s.Listings)+len(s.Links)+len(s.Sections) == 0
}

// subject is one line on what was read, how often, and when.
func subject(r *analysis.Report) string {
	name := strings.TrimSpace(r.Host.Runtime.Name + " " + r.Host.Runtime.Version)
	if name == "" {
		name = "runtime unknown"
	}
	used, tried := 0, 0
	for _, a := range r.Arms {
		used += a.Trials.Used
		tried += a.Trials.Tried
	}
	line := fmt.Sprintf("%s. %d trials, %d of them used.", name, tried, used)
	if !r.First.IsZero() {
		line += " From " + r.First.UTC().Format(time.DateTime) + " to " + r.Last.UTC().Format(time.DateTime) + " UTC."
	}
	return line
}
