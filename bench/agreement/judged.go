package agreement

import (
	"fmt"
	"slices"
)

// checkJudged finds that what every reader needs was held against nothing: a rule that has
// judged nothing has not been kept. So it is where no value of a container that ran came in
// any answer, where containers are said to have begun too late to be due, where no cgroup
// file could be read, and on a node without containers. What is wrong with such a quantity
// or with whole answers has a name already.
func (s *subject) checkJudged() {
	for _, f := range s.source.Form.Fields {
		if !f.Required || f.Level != Containers || s.bracketed(f.Metric) || s.accounted(f.Metric) {
			continue
		}
		s.found = append(s.found, hit{
			kind: NotJudged, severity: Defect, level: Containers, metric: f.Metric,
			evidence: fmt.Sprintf("in %d answers there was no value of a container that the kernel's own could be held against", len(s.answers)),
		})
	}
}

// bracketed says whether any container has a value of a metric between two of the kernel's.
func (s *subject) bracketed(metric string) bool {
	return slices.ContainsFunc(s.tracks, func(t *track) bool {
		return t.metric.Name == metric && t.key.level() == Containers &&
			slices.ContainsFunc(t.readings, func(r reading) bool { return r.bracketed })
	})
}

// accounted says whether a defect says already why nothing can be held of a metric.
func (s *subject) accounted(metric string) bool {
	for _, h := range s.found {
		if h.severity == Defect && (h.metric == metric || h.metric == "" && h.kind != Extra) {
			return true
		}
	}
	return false
}
