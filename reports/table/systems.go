package table

import (
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// systems says what was compared: versions, configs, and what each arm does.
func systems(r *analysis.Report) Section {
	s := Section{ID: "systems", Heading: "Systems compared", Background: true, Facts: versions(r)}
	if len(r.Arms) > 0 {
		s.Tables = []Table{arms(r)}
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
	for _, a := range r.Arms {
		var all []string
		for _, c := range a.Collectors {
			text := format.Shorten(oneLine(r.Host.Collector(c).Call), 200)
			switch {
			case text == "":
				text = "one read of the collector " + format.Shorten(c, 60)
			case len(a.Collectors) > 1:
				text = format.Shorten(c, 60) + " " + text
			}
			all = append(all, text)
		}
		t.Rows = append(t.Rows, Row{
			Plain(a.Name), Plain(format.Count(a.Trials.Interval.Seconds())), Plain(format.Count(a.Trials.Window.Seconds())), Plain(strings.Join(all, "; at the same time ")),
		})
	}
	return t
}

// versions are those of everything that is measured.
func versions(r *analysis.Report) []Fact {
	out := []Fact{{"runtime", runtimeName(r)}}
	for _, f := range r.Host.Facts {
		label := ""
		switch {
		case f.Name == "runtime.api_version":
			label = "CRI API"
		case f.Name == "runtime.cgroup_driver":
			label = "cgroup driver"
		case f.Name == "runtime.daemon.config.sha256":
			label = "runtime's config, SHA-256"
		case strings.HasPrefix(f.Name, "runtime.managed.programs.") && strings.HasSuffix(f.Name, ".version"):
			label = "program"
		case strings.HasPrefix(f.Name, "embeds."):
			label = "module " + format.Shorten(strings.TrimPrefix(f.Name, "embeds."), 60)
		case strings.HasPrefix(f.Name, "kubelet.") && strings.HasSuffix(f.Name, "version"):
			label = "kubelet"
		}
		if label != "" && len(out) < mostFacts {
			out = append(out, Fact{label, format.Shorten(f.Value, factWidth)})
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
