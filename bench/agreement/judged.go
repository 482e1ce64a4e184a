package agreement

import "fmt"

// checkJudged finds that what every reader needs was held against nothing: a rule that has
// judged nothing has not been kept. So it is where no value of a container that ran came in
// any answer, where containers are said to have begun too late to be due, where no cgroup
// file could be read, and on a node without containers. What is wrong with such a quantity
// or with whole answers has a name already.
func (s *subject) checkJudged() {
	for _, f := range s.source.Form.Fields {
		if !f.Required || f.Level != Containers || s.held(f.Metric) > 0 || s.accounted(f.Metric) {
			continue
		}
		s.found = append(s.found, hit{
			kind: NotJudged, severity: Defect, level: Containers, metric: f.Metric,
			evidence: fmt.Sprintf("in %d answers there was no value of a container that the kernel's own could be held against", len(s.answers)),
		})
	}
}

// held counts the containers whose values of a metric were held against the kernel's.
func (s *subject) held(metric string) int {
	n := 0
	for _, t := range s.tracks {
		if t.metric.Name != metric || t.key.level() != Containers {
			continue
		}
		for i := range t.readings {
			if t.readings[i].bracketed {
				n++
				break
			}
		}
	}
	return n
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
