package plan

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// Names are the names that a plan may use, from the catalog of the program. A
// nil list accepts every name: so reads who only wants to know what was planned,
// perhaps with a newer program.
type Names struct {
	// Collectors, also for which of them have a clock of their own.
	Collectors []bench.CollectorSpec
	Profiles   []string
	Treatments []string
}

// maxSize is twenty times what any plan needs. The parser takes time by the square of it:
// seconds for this much, five minutes for a megabyte of keys.
const maxSize = 64 << 10

// Experiments that a plan may name.
var experiments = []string{API, Kubelet}

// Decode reads a plan file, YAML or JSON, and fills in every default. name
// stands in front of each message and, without its extension, for a plan's name
// where the file has none. The error joins one *Error for each thing that is
// wrong.
func Decode(name string, data []byte, names Names) (*Plan, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("read plan %s: larger than %d bytes", name, maxSize)
	}
	start := &token.Position{Line: 1, Column: 1}
	r := &reader{file: name, at: map[string]*token.Position{"": start}}
	body := r.parse(data)
	if body == nil {
		return nil, join(r.errs)
	}
	if _, ok := body.(ast.MapNode); !ok {
		r.errorf(position(body), "a plan must be a mapping of keys to values, is %s", kind(body))
		return nil, join(r.errs)
	}
	r.at[""] = position(body)

	p := defaults(name)
	given := r.plan(body, p, names)
	if len(names.Profiles) > 0 && p.Name != "" && !planName.MatchString(p.Name) { // of a plan that is to be run
		r.errorf(r.where("name"), "plan %q: a name has at most 40 letters, digits and . _ - and begins and ends with a letter or a digit: the run's folder and the label of its pods are named so", p.Name)
	}
	r.resolve(p, given, names)
	if len(r.errs) > 0 {
		return nil, join(r.errs)
	}
	p.Warnings = joined(r.warnings)
	return p, nil
}

// parse returns the body of the one document, nil after an error.
func (r *reader) parse(data []byte) ast.Node {
	if line, column, err := depth(data); err != nil {
		r.errorf(&token.Position{Line: line, Column: column}, "%v", err)
		return nil
	}
	// Keys that stand twice are allowed here, and found with all else by mapping.
	f, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			r.errorf(syntax.GetToken().Position, "%s", syntax.GetMessage())
		} else {
			r.errorf(r.at[""], "%v", err)
		}
		return nil
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		r.errorf(r.at[""], "the plan is empty")
		return nil
	}
	if len(f.Docs) > 1 {
		at := r.at[""]
		if second := f.Docs[1]; second.Start != nil {
			at = second.Start.Position
		}
		r.errorf(at, "%d documents in one file, a plan is one", len(f.Docs))
		return nil
	}
	return f.Docs[0].Body
}

// defaults are what holds where a file says nothing. Where each is from: interval
// is the kubelet's eviction period, the longest window and the warm-up are those
// that cAdvisor's housekeeping at the kubelet's settings asks for (bench/DESIGN.md).
func defaults(file string) *Plan {
	base := filepath.Base(file)
	return &Plan{
		Name:             strings.TrimSuffix(base, filepath.Ext(base)),
		Experiment:       API,
		Mode:             Turns,
		ContainersPerPod: []int{1},
		Profiles:         []string{"idle"},
		Sweep:            Up,
		Interval:         10 * time.Second,
		Window:           120 * time.Second,
		WarmUp:           40 * time.Second,
		Timeout:          30 * time.Second,
		Margin:           0.02,
		Guards:           bench.Limits{Steal: 0.005, Foreign: 0.05, Harness: 0.01, Lateness: 0.1},
		Truth:            agreement.Required,
		Retries:          2,
		Settle:           10 * time.Second,
		Active:           Active{CPU: 0.01, Memory: 16 << 20},
	}
}

// A givenArm is an arm as the file has it. What it does not say is zero, and the
// reader has no place for it.
type givenArm struct {
	arm  bench.Arm
	path string
}

// plan reads the whole file into p and returns its arms.
func (r *reader) plan(body ast.Node, p *Plan, names Names) []givenArm {
	var pods, containers []int
	var profiles []string
	var arms []givenArm
	r.mapping(body, "", []field{
		{"name", r.text(&p.Name)},
		{"description", r.text(&p.Description)},
		{"experiment", choice(r, &p.Experiment, "experiment", experiments)},
		{"hypothesis", choice(r, &p.Hypothesis, "hypothesis", names.hypotheses())},
		{"seed", r.seed(&p.Seed)},
		{"mode", choice(r, &p.Mode, "mode", []Mode{Turns, Parallel})},
		{"pods", axis(r, &pods, func(v *int) read { return r.number(v, 0, 10_000) })},
		{"containers_per_pod", axis(r, &containers, func(v *int) read { return r.number(v, 1, 100) })},
		{"profiles", axis(r, &profiles, func(v *string) read { return choice(r, v, "profile", names.Profiles) })},
		{"sweep", choice(r, &p.Sweep, "sweep", []Sweep{Up, UpDown})},
		{"rounds", r.rounds(&p.Rounds)},
		{"precision", r.gone("looks (rounds.every) have taken its place")},
		{"slices", r.gone("arms are compared in equal windows, one in each round")},
		{"interval", r.duration(&p.Interval, time.Millisecond)},
		{"window", r.duration(&p.Window, time.Millisecond)},
		{"warm_up", r.duration(&p.WarmUp, 0)},
		{"timeout", r.duration(&p.Timeout, time.Millisecond)},
		{"treatments", r.list(func(n ast.Node, path string) {
			p.Treatments = append(p.Treatments, r.treatment(n, path))
		})},
		{"arms", r.list(func(n ast.Node, path string) {
			arms = append(arms, r.arm(n, path, names))
		})},
		{"sums", r.list(func(n ast.Node, path string) {
			p.Sums = append(p.Sums, r.sum(n, path))
		})},
		{"baseline", r.text(&p.Baseline)},
		{"idle", r.text(&p.Idle)},
		{"comparisons", r.list(func(n ast.Node, path string) {
			p.Comparisons = append(p.Comparisons, r.comparison(n, path))
		})},
		{"also", r.list(func(n ast.Node, path string) {
			p.Also = append(p.Also, r.comparison(n, path))
		})},
		{"margin", r.fraction(&p.Margin, 1)},
		{"guards", r.guards(&p.Guards)},
		{"truth", choice(r, &p.Truth, "rule of truth", append(agreement.Rules(), TruthOff))},
		{"retries", r.number(&p.Retries, 0, 100)},
		{"max_duration", r.duration(&p.MaxDuration, time.Second)},
		{"settle", r.duration(&p.Settle, 0)},
		{"active", r.active(&p.Active)},
		{"churn", r.duration(&p.Churn, 100*time.Millisecond)},
		{"kubelet", r.kubelet(&p.Kubelet)},
	})
	if pods != nil {
		p.Pods = pods
	}
	if containers != nil {
		p.ContainersPerPod = containers
	}
	if profiles != nil {
		p.Profiles = profiles
	}
	return arms
}

// rounds reads {min: 8, max: 24, every: 4}, or one number for the first two.
func (r *reader) rounds(dst *Rounds) read {
	const most = 10_000
	return func(n ast.Node, path string) {
		if n.Type() == ast.IntegerType {
			r.number(&dst.Min, 1, most)(n, path)
			dst.Max = dst.Min
			return
		}
		r.mapping(n, path, []field{
			{"min", r.number(&dst.Min, 1, most)},
			{"max", r.number(&dst.Max, 1, most)},
			{"every", r.number(&dst.Every, 1, most)},
		})
	}
}

// guards reads {steal: 2%, foreign_cpu: 10%, harness_cpu: 1%, lateness: 10%}.
func (r *reader) guards(dst *bench.Limits) read {
	return func(n ast.Node, path string) {
		r.mapping(n, path, []field{
			{"steal", r.fraction(&dst.Steal, 1)},
			{"foreign_cpu", r.fraction(&dst.Foreign, 1)},
			{"harness_cpu", r.fraction(&dst.Harness, 1)},
			{"lateness", r.fraction(&dst.Lateness, 1)},
		})
	}
}

// active reads {cpu: 10m, memory: 16Mi}.
func (r *reader) active(dst *Active) read {
	return func(n ast.Node, path string) {
		r.mapping(n, path, []field{
			{"cpu", r.quantity(func(v float64) { dst.CPU = v }, "0.01 or 10m", coreSuffixes, 0, 1)},
			{"memory", r.quantity(func(v float64) { dst.Memory = int64(v) }, "16Mi", byteSuffixes, 0, 1<<40)},
		})
	}
}

// gone refuses a key that plans had once.
func (r *reader) gone(why string) read {
	return func(n ast.Node, path string) {
		r.errorf(position(n), "%s is no key of a plan any more: %s", path, why)
	}
}

// comparison reads {of: cri, to: today, says: "a kubelet of today"}.
func (r *reader) comparison(n ast.Node, path string) Comparison {
	var c Comparison
	if _, ok := n.(ast.MapNode); !ok {
		r.errorf(position(n), "%s must be a mapping like {of: cri, to: today}, is %s", path, kind(n))
		return c
	}
	r.mapping(n, path, []field{{"of", r.text(&c.Of)}, {"to", r.text(&c.To)}, {"says", r.text(&c.Says)}})
	for _, key := range []string{"of", "to"} {
		if !r.has(path + "." + key) {
			r.errorf(position(n), "%s has no %s", path, key)
		}
	}
	return c
}

// planName is what a plan may be called that is to be run: a folder and a label have the
// name in theirs.
var planName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,38}[A-Za-z0-9])?$`)

// armName is what an arm may be called: names are keys in every report's format.
var armName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`)

// arm reads an arm: a bare name, which is one collector or several joined by
// "+", or a mapping.
func (r *reader) arm(n ast.Node, path string, names Names) givenArm {
	g := givenArm{path: path}
	a := &g.arm
	if n.Type() == ast.StringType {
		r.text(&a.Name)(n, path)
		a.Collectors = r.collectors(n, a.Name, names)
		return g
	}
	if _, ok := n.(ast.MapNode); !ok {
		r.errorf(position(n), "%s must be a name or a mapping, is %s", path, kind(n))
		return g
	}
	var intervals ast.Node
	r.mapping(n, path, []field{
		{"name", func(n ast.Node, path string) {
			r.text(&a.Name)(n, path)
			if a.Name != "" && !armName.MatchString(a.Name) {
				r.errorf(position(n), "arm %q: a name has letters, digits and . _ + - only", a.Name)
			}
		}},
		{"collectors", r.list(func(n ast.Node, path string) {
			var s string
			r.text(&s)(n, path)
			a.Collectors = append(a.Collectors, r.collectors(n, s, names)...)
		})},
		{"interval", r.duration(&a.Interval, time.Millisecond)},
		{"window", r.duration(&a.Window, time.Millisecond)},
		{"warm_up", r.duration(&a.WarmUp, 0)},
		// Which collectors there are may stand after it.
		{"intervals", func(n ast.Node, _ string) { intervals = n }},
		{"treatment", r.text(&a.Treatment)},
		{"clients", r.number(&a.Clients, 1, 64)},
		{"slice", r.gone("arms are compared in equal windows, one in each round")},
	})
	switch {
	case a.Name == "" && len(a.Collectors) > 0:
		a.Name = strings.Join(a.Collectors, "+")
	case a.Name == "" && !r.has(path+".name"):
		r.errorf(position(n), "%s has neither a name nor collectors", path)
	case len(a.Collectors) == 0 && !r.has(path+".collectors"):
		a.Collectors = r.collectors(n, a.Name, names)
	}
	if intervals != nil {
		a.Intervals = r.intervals(intervals, path+".intervals", a.Collectors)
	}
	return g
}

// collectors splits "a+b" and checks each name.
func (r *reader) collectors(n ast.Node, joined string, names Names) []string {
	if joined == "" {
		return nil // said already
	}
	list := strings.Split(joined, "+")
	for _, c := range list {
		switch {
		case !armName.MatchString(c):
			r.errorf(position(n), "collector %q of arm %q: a name has letters, digits and . _ - only", c, joined)
		case names.Collectors != nil && !names.has(c):
			r.errorf(position(n), "unknown collector %q%s", c, suggest(c, names.collectorNames()))
		}
	}
	return list
}

// hypotheses are those that a plan may name; nil accepts every name.
func (n Names) hypotheses() []string {
	if n.Collectors == nil {
		return nil
	}
	return testable()
}

func (n Names) has(collector string) bool {
	for i := range n.Collectors {
		if n.Collectors[i].Name == collector {
			return true
		}
	}
	return false
}

// ownClock tells whether work of the collector goes on between calls.
func (n Names) ownClock(collector string) bool {
	for i := range n.Collectors {
		if n.Collectors[i].Name == collector {
			return n.Collectors[i].OwnClock
		}
	}
	return false
}

func (n Names) collectorNames() []string {
	list := make([]string, len(n.Collectors))
	for i := range n.Collectors {
		list[i] = n.Collectors[i].Name
	}
	return list
}
