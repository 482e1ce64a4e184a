package plan

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"cri-stats-bench/bench"
)

// A Treatment is a build or a configuration of the runtime.
type Treatment struct {
	Name string `json:"name"`
	// Programs is a folder with programs that take the place of the runtime's own, or a
	// version that scripts/node/build.sh has built ("v2.4.2"); empty for its own.
	Programs string `json:"programs,omitempty"`
	// Config is TOML that is laid over the runtime's configuration.
	Config string `json:"config,omitempty"`
	// Env are variables of the daemon's environment, NAME=VALUE.
	Env []string `json:"env,omitempty"`
}

// version is what builds are called by.
var version = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+[-.A-Za-z0-9]*$`)

// Version says whether the programs are named by their version.
func (t *Treatment) Version() bool { return version.MatchString(t.Programs) }

// treatment reads {name: new, programs: /root/build, config: "...", env: [GOGC=50]}, or a
// bare name for the runtime as it is.
func (r *reader) treatment(n ast.Node, path string) Treatment {
	var t Treatment
	name := func(n ast.Node, path string) {
		r.text(&t.Name)(n, path)
		if t.Name != "" && !armName.MatchString(t.Name) {
			r.errorf(position(n), "treatment %q: a name has letters, digits and . _ + - only", t.Name)
		}
	}
	if n.Type() == ast.StringType {
		name(n, path)
		return t
	}
	r.mapping(n, path, []field{
		{"name", name},
		{"programs", func(n ast.Node, path string) {
			r.text(&t.Programs)(n, path)
			if t.Programs != "" && !t.Version() && !filepath.IsAbs(t.Programs) {
				r.errorf(position(n), "%s must be an absolute path of a folder or a version like v2.4.2, is %q", path, t.Programs)
			}
		}},
		{"config", r.text(&t.Config)},
		{"env", r.list(func(n ast.Node, path string) {
			var s string
			r.text(&s)(n, path)
			if name, _, ok := strings.Cut(s, "="); s != "" && (!ok || name == "") {
				r.errorf(position(n), "%s must be like NAME=VALUE, is %q", path, s)
			}
			t.Env = append(t.Env, s)
		})},
	})
	if !r.has(path + ".name") {
		r.errorf(position(n), "%s has no name", path)
	}
	return t
}

// resolveTreatments lets each arm run under each treatment of the runtime, unless it names
// one, and looks for treatments that are not there.
func (r *reader) resolveTreatments(p *Plan, given []givenArm, names Names) {
	known := names.Treatments
	if p.Experiment == Kubelet {
		if len(p.Treatments) > 0 {
			r.errorf(r.where("treatments"), "treatments: experiment %s restarts the kubelet, and has the gate as its treatment: those of the runtime are for experiment: %s", Kubelet, API)
		}
	} else {
		known = make([]string, len(p.Treatments))
		for i, t := range p.Treatments {
			known[i] = t.Name
		}
		if i := duplicate(known); i >= 0 && known[i] != "" {
			r.errorf(r.where(fmt.Sprintf("treatments[%d]", i)), "treatment %q stands twice", known[i])
		}
	}
	for _, g := range given {
		t, at := g.arm.Treatment, r.where(g.path+".treatment")
		switch {
		case t == "" || known == nil || slices.Contains(known, t):
		case len(known) == 0:
			r.errorf(at, "arm %q: the plan has nothing to treat: this key is for experiment: %s, and for plans with treatments", g.arm.Name, Kubelet)
		default:
			r.errorf(at, "unknown treatment %q%s", t, suggest(t, known))
		}
	}
	if p.Experiment == Kubelet || len(p.Treatments) == 0 {
		return
	}
	if p.Mode == Parallel {
		r.errorf(r.where("mode"), "mode: a runtime is one build at a time, and arms take turns under each")
		return
	}
	r.underEach(p)
}

// underEach makes of each arm without a treatment one for each of the runtime's, and
// compares them with the first, if the plan does not say what to compare.
func (r *reader) underEach(p *Plan) {
	var arms []bench.Arm
	var compared []Comparison
	for _, a := range p.Arms {
		if a.Treatment != "" {
			arms = append(arms, a)
			continue
		}
		for i, t := range p.Treatments {
			under := a
			under.Name, under.Treatment = a.Name+"."+t.Name, t.Name
			arms = append(arms, under)
			if i > 0 && a.Name != p.Idle && !slices.Contains(a.Collectors, bench.IdleCollector) {
				compared = append(compared, Comparison{Of: under.Name, To: a.Name + "." + p.Treatments[0].Name, Says: a.Name + " under " + p.Treatments[0].Name})
			}
		}
	}
	p.Arms = arms
	if !r.has("comparisons") {
		p.Comparisons = compared
	}
}
