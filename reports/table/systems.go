package table

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// A way is what one call of a known collector is.
type way struct {
	// call is what the agent does for one call; short is the same in a few words.
	call, short string
	// runtime is what the runtime does for it, "" where it is not called.
	runtime string
}

// ways are the collectors that this program comes with. It is knowledge about
// them, not about the run; another collector has no row.
func ways() map[string]way {
	cri := func(method string) way {
		return way{"calls " + method + " over gRPC and decodes the answer", "calls " + method, "answers " + method}
	}
	const hosts = "hosts cAdvisor, which reads the cgroup files "
	cache := func(clock string) way {
		return way{hosts + clock + "; a call reads its cache", "cAdvisor reads the files", ""}
	}
	return map[string]way{
		"idle":                       {"wakes up and reads nothing: the floor", "reads nothing", ""},
		"cgroup":                     {"reads four or five files per container and pod itself: the floor of any reader", "reads the files", ""},
		"cri-version":                cri("Version"),
		"cri-container-stats":        cri("ListContainerStats"),
		"cri-pod-stats":              cri("ListPodSandboxStats"),
		"cri-pod-metrics":            cri("ListPodSandboxMetrics"),
		"cri-stream-container-stats": cri("StreamContainerStats"),
		"cri-stream-pod-stats":       cri("StreamPodSandboxStats"),
		"cri-stream-pod-metrics":     cri("StreamPodSandboxMetrics"),
		bench.ControlCollector: {
			fmt.Sprintf("calls ListPodSandboxStats, then burns %v of CPU time and waits %v", bench.ControlCPU, bench.ControlDelay),
			"calls ListPodSandboxStats, burns a known cost", "answers ListPodSandboxStats",
		},
		"cadvisor":          cache("every 10 to 15 s as in a kubelet"),
		"cadvisor-1s":       cache("every second"),
		"cadvisor-metrics":  {hosts + "every 10 to 15 s as in a kubelet; a call writes its cache as Prometheus text", "cAdvisor reads the files", ""},
		"cadvisor-ondemand": {hosts + "when it is asked", "cAdvisor reads the files", ""},
		"kubelet-summary":   {"gets the kubelet's /stats/summary, as monitoring agents do", "gets /stats/summary", ""},
		"kubelet-resource":  {"gets the kubelet's /metrics/resource, as metrics-server does", "gets /metrics/resource", ""},
		"kubelet-cadvisor":  {"gets the kubelet's /metrics/cadvisor, as Prometheus does", "gets /metrics/cadvisor", ""},
	}
}

// systems says what was compared: versions, configs, arms, and who works in each.
func systems(r *analysis.Report) Section {
	s := Section{ID: "systems", Heading: "Systems compared", Background: true, Facts: versions(r)}
	if len(r.Arms) > 0 {
		s.Tables = []Table{arms(r)}
	}
	if cell := shown(r); cell != nil {
		if s.Paths = paths(r, cell); len(s.Paths) > 0 {
			s.Lines = []string{"Who spends CPU time where, at " + cell.Cell.String() + ". What a part takes though nobody calls it, it takes for itself."}
		}
	}
	if listings := configs(r); len(listings) > 0 {
		s.Sections = []Section{{ID: "configs", Heading: "Configs as they were", Listings: listings, Reference: true}}
	}
	return s
}

// shown is the cell that a report shows where it shows one: the primary, else the
// last; nil without cells.
func shown(r *analysis.Report) *analysis.Cell {
	if cell := r.PrimaryCell(); cell != nil || len(r.Cells) == 0 {
		return cell
	}
	return &r.Cells[len(r.Cells)-1]
}

// arms is what each arm does, and how often.
func arms(r *analysis.Report) Table {
	t := Table{Caption: "Arms", Header: []string{"arm", "call every\ns", "window\ns", "what one call is"}, Prose: true}
	known := ways()
	for _, a := range r.Arms {
		var calls []string
		for _, c := range a.Collectors {
			text := known[c].call
			switch {
			case text == "":
				text = "one read of the collector " + format.Shorten(c, 60)
			case len(a.Collectors) > 1:
				text = format.Shorten(c, 60) + " " + text
			}
			calls = append(calls, text)
		}
		t.Rows = append(t.Rows, Row{
			plain(a.Name), plain(format.Count(a.Trials.Interval.Seconds())), plain(format.Count(a.Trials.Window.Seconds())), plain(strings.Join(calls, "; at the same time ")),
		})
	}
	return t
}

// paths draws each arm of a cell whose parts were metered: agent, runtime, shims.
func paths(r *analysis.Report, cell *analysis.Cell) []Path {
	var out []Path
	for i := range cell.Arms {
		a := &cell.Arms[i]
		if a.Total.CPU.Absent() {
			continue
		}
		p := Path{Name: a.Arm}
		for _, part := range r.Parts {
			e := a.Component(part).CPU
			if e.Absent() {
				continue
			}
			hop := Hop{Who: who(r, part), Cost: format.Millicores.Number(e.Value) + " " + format.Millicores.Name}
			hop.Does, hop.Apart = does(r, part, a)
			if a.Total.CPU.Value > 0 {
				hop.Share = e.Value / a.Total.CPU.Value
			}
			p.Hops = append(p.Hops, hop)
		}
		if len(p.Hops) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// who names a part as this run has it.
func who(r *analysis.Report, part bench.Component) string {
	if part == bench.ComponentRuntime {
		return cmp.Or(format.Shorten(r.Host.Runtime.Name, 40), string(part))
	}
	return string(part)
}

// does says what a part has to do with a call of the arm, and whether it stands
// apart from it. Of collectors that are not known it says nothing.
func does(r *analysis.Report, part bench.Component, a *analysis.ArmResult) (string, bool) {
	if slices.Contains(r.Parts, bench.ComponentKubelet) {
		return map[bench.Component]string{
			bench.ComponentKubelet: "reads stats on its own clock, and for whoever asks it",
			bench.ComponentRuntime: "answers the kubelet",
			bench.ComponentShims:   "answer the runtime, if it asks them",
		}[part], false
	}
	known := ways()
	var calls, answers []string
	for _, c := range a.Collectors {
		w, ok := known[c.Collector]
		if !ok {
			return "", false
		}
		calls = append(calls, w.short)
		if w.runtime != "" {
			answers = append(answers, w.runtime)
		}
	}
	switch part {
	case bench.ComponentAgent:
		return strings.Join(calls, ", beside it "), false
	case bench.ComponentRuntime:
		return cmp.Or(strings.Join(answers, ", "), "not called"), len(answers) == 0
	case bench.ComponentShims:
		if len(answers) > 0 {
			return "answer the runtime, if it asks them", false
		}
		return "not called", true
	}
	return "", false
}

// versions are those of everything that is measured.
func versions(r *analysis.Report) []Fact {
	out := []Fact{{"runtime", runtimeName(r)}}
	for _, f := range r.Host.Facts {
		switch {
		case f.Name == "runtime.api_version":
			out = append(out, Fact{"CRI API", format.Shorten(f.Value, factWidth)})
		case f.Name == "runtime.cgroup_driver":
			out = append(out, Fact{"cgroup driver", format.Shorten(f.Value, factWidth)})
		case f.Name == "runtime.daemon.config.sha256":
			out = append(out, Fact{"runtime's config, SHA-256", format.Shorten(f.Value, factWidth)})
		case strings.HasPrefix(f.Name, "runtime.managed.programs.") && strings.HasSuffix(f.Name, ".version"):
			out = append(out, Fact{"program", format.Shorten(f.Value, factWidth)})
		case strings.HasPrefix(f.Name, "embeds."):
			out = append(out, Fact{"module " + format.Shorten(strings.TrimPrefix(f.Name, "embeds."), 60), format.Shorten(f.Value, factWidth)})
		case strings.HasPrefix(f.Name, "kubelet.") && strings.HasSuffix(f.Name, "version"):
			out = append(out, Fact{"kubelet", format.Shorten(f.Value, factWidth)})
		}
		if len(out) == mostFacts {
			break
		}
	}
	return out
}

// longest is how much of a config a report shows.
const longest = 64 << 10

// configs are the facts of more than one line, whole.
func configs(r *analysis.Report) []Listing {
	var out []Listing
	for _, f := range r.Host.Facts {
		if isText(f) {
			text := f.Value
			if len(text) > longest {
				text = strings.ToValidUTF8(text[:longest], "") + "\n… the rest is in host.json"
			}
			out = append(out, Listing{Caption: format.Shorten(f.Name, 60), Text: text})
		}
	}
	return out
}

// isText says that a fact is a text of several lines, as a config is.
func isText(f analysis.Fact) bool { return strings.Count(f.Value, "\n") > 2 }
