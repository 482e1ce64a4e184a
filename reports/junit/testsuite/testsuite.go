// Package testsuite writes suites of test cases in JUnit's format: what Prow's lens
// and TestGrid read of it (testgrid, metadata/junit), with the attributes and the
// order of elements that its other readers want.
//
// Packages that have results to tell fill in the cases. This one gives no verdict: a
// case passes unless it is told otherwise.
package testsuite

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"cri-stats-bench/reports/format"
)

// A File is all of it.
type File struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"` // seconds
	Suites   []*Suite `xml:"testsuite"`
}

// A Suite is one group of cases. Its counts are filled in by Write.
type Suite struct {
	Name       string      `xml:"name,attr"`
	Tests      int         `xml:"tests,attr"`
	Failures   int         `xml:"failures,attr"`
	Errors     int         `xml:"errors,attr"`
	Skipped    int         `xml:"skipped,attr"`
	Time       string      `xml:"time,attr"`
	Timestamp  string      `xml:"timestamp,attr,omitempty"`
	Properties *Properties `xml:"properties"`
	Cases      []*Case     `xml:"testcase"`
}

// Properties say where results come from; of a case, what was measured.
type Properties struct {
	List []Property `xml:"property"`
}

// A Property is a name and its value.
type Property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// A Case is a testcase. Without a failure or a skipped element it passed.
type Case struct {
	Name       string      `xml:"name,attr"`
	ClassName  string      `xml:"classname,attr"`
	Time       string      `xml:"time,attr"`
	Properties *Properties `xml:"properties"`
	Skipped    *Outcome    `xml:"skipped"`
	Failure    *Outcome    `xml:"failure"`
	Output     *Output     `xml:"system-out"`
}

// An Outcome has its message twice: TestGrid reads the text, other programs read the
// attribute.
type Outcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// An Output is what a case has to say though it passed.
type Output struct {
	Text string `xml:",chardata"`
}

// Message makes a text fit for an outcome: characters that XML cannot hold become
// visible escapes, and TestGrid cuts what is longer than 10,000.
func Message(s string) string { return format.Shorten(format.Plain(s), 5000) }

// Fail makes the case a failure of some kind.
func (c *Case) Fail(kind, why string) {
	why = Message(why)
	c.Failure = &Outcome{Message: why, Type: kind, Text: why}
}

// Skip says that the case cannot be told.
func (c *Case) Skip(why string) {
	why = Message(why)
	c.Skipped = &Outcome{Message: why, Text: why}
}

// Say adds what is worth to be read though the case passed.
func (c *Case) Say(what string) {
	if what != "" {
		c.Output = &Output{Message(what)}
	}
}

// Put adds a property. TestGrid makes a metric of one whose value is a number.
func (c *Case) Put(name, value string) {
	if c.Properties == nil {
		c.Properties = new(Properties)
	}
	c.Properties.List = append(c.Properties.List, Property{name, value})
}

// Number adds a property that is a number.
func (c *Case) Number(name string, v float64) { c.Put(name, strconv.FormatFloat(v, 'g', -1, 64)) }

// Add appends a case. Names are unique in a file: TestGrid takes two of one name
// for one test that is flaky.
func (s *Suite) Add(name string) *Case {
	unique := name
	for n := 2; slices.ContainsFunc(s.Cases, func(c *Case) bool { return c.Name == unique }); n++ {
		unique = fmt.Sprintf("%s (%d)", name, n)
	}
	c := &Case{Name: unique, ClassName: s.Name, Time: "0"}
	s.Cases = append(s.Cases, c)
	return c
}

// count fills in what the attributes of a suite say of its cases.
func (s *Suite) count() {
	s.Tests, s.Failures, s.Skipped = len(s.Cases), 0, 0
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
}

// Write writes suites as one file. elapsed is how long all of it took.
func Write(w io.Writer, name string, elapsed time.Duration, suites ...*Suite) error {
	all := File{Name: name, Time: strconv.FormatFloat(elapsed.Seconds(), 'f', 3, 64), Suites: suites}
	for _, s := range suites {
		s.count()
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Skipped += s.Skipped
	}
	out := bufio.NewWriter(w)
	fmt.Fprint(out, xml.Header)
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	fmt.Fprintln(out)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	return nil
}
