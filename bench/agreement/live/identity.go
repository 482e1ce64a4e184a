package live

import (
	"context"
	"maps"
	"slices"
	"strconv"

	runtimev1 "k8s.io/cri-api/pkg/apis/runtime/v1"

	"cri-stats-bench/bench/agreement"
)

// A person is who a pod or container is, as an answer of the runtime has it: what names it
// by kind of name, and what describes it.
type person struct {
	names               map[string]string
	labels, annotations map[string]string
}

// identities asks the runtime who the pods and containers of its stats are, between two
// listings. Who is not the same in both listings is left out. The normal form of answers
// has ids alone, so this call is made for it.
func (s *session) identities(ctx context.Context) error {
	for _, of := range []struct {
		form   *agreement.Form
		stats  func(context.Context) (map[string]person, error)
		listed func(context.Context) (map[string]person, error)
		level  agreement.Level
	}{
		{agreement.ContainerStats, s.containersInStats, s.containersListed, agreement.Containers},
		{agreement.PodSandboxStats, s.podsInStats, s.podsListed, agreement.Pods},
		{agreement.PodSandboxStats, s.containersOfPodsInStats, s.containersListed, agreement.Containers},
	} {
		i := slices.IndexFunc(s.sources, func(o opened) bool { return o.Form == of.form })
		if i < 0 {
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, s.Timeout)
		before, err := of.listed(bounded)
		said, statsErr := of.stats(bounded)
		after, afterErr := of.listed(bounded)
		cancel()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil || statsErr != nil || afterErr != nil {
			continue // the observations say so, or the listings
		}
		for _, id := range slices.Sorted(maps.Keys(said)) {
			if was, is := before[id], after[id]; was.names != nil && maps.Equal(was.names, is.names) {
				s.compare(s.sources[i].Name, of.level, id, said[id], is)
			}
		}
	}
	return nil
}

// compare notes all that stats and listings say of one pod or container.
func (s *session) compare(source string, level agreement.Level, id string, said, listed person) {
	add := func(kind string, says, lists map[string]string) {
		for _, key := range slices.Sorted(maps.Keys(lists)) {
			v, given := says[key]
			s.input.Identities = append(s.input.Identities, agreement.Identity{
				Source: source, Level: level, ID: id, What: kind + key, Says: v, Listed: lists[key], Given: given,
			})
		}
	}
	add("", said.names, listed.names)
	add("label ", said.labels, listed.labels)
	add("annotation ", said.annotations, listed.annotations)
}

func container(m *runtimev1.ContainerMetadata, labels, annotations map[string]string) person {
	return person{map[string]string{"name": m.GetName(), "attempt": strconv.Itoa(int(m.GetAttempt()))}, labels, annotations}
}

func sandbox(m *runtimev1.PodSandboxMetadata, labels, annotations map[string]string) person {
	return person{map[string]string{
		"name": m.GetName(), "namespace": m.GetNamespace(), "uid": m.GetUid(), "attempt": strconv.Itoa(int(m.GetAttempt())),
	}, labels, annotations}
}

func (s *session) containersInStats(ctx context.Context) (map[string]person, error) {
	answer, err := s.Client.ListContainerStats(ctx, &runtimev1.ListContainerStatsRequest{Filter: &runtimev1.ContainerStatsFilter{}})
	return attributes(answer.GetStats()), err
}

func (s *session) containersOfPodsInStats(ctx context.Context) (map[string]person, error) {
	answer, err := s.Client.ListPodSandboxStats(ctx, &runtimev1.ListPodSandboxStatsRequest{Filter: &runtimev1.PodSandboxStatsFilter{}})
	out := make(map[string]person)
	for _, p := range answer.GetStats() {
		maps.Copy(out, attributes(p.GetLinux().GetContainers()))
	}
	return out, err
}

func attributes(all []*runtimev1.ContainerStats) map[string]person {
	out := make(map[string]person)
	for _, c := range all {
		a := c.GetAttributes()
		out[a.GetId()] = container(a.GetMetadata(), a.GetLabels(), a.GetAnnotations())
	}
	return out
}

func (s *session) containersListed(ctx context.Context) (map[string]person, error) {
	answer, err := s.Client.ListContainers(ctx, &runtimev1.ListContainersRequest{})
	out := make(map[string]person)
	for _, c := range answer.GetContainers() {
		out[c.GetId()] = container(c.GetMetadata(), c.GetLabels(), c.GetAnnotations())
	}
	return out, err
}

func (s *session) podsInStats(ctx context.Context) (map[string]person, error) {
	answer, err := s.Client.ListPodSandboxStats(ctx, &runtimev1.ListPodSandboxStatsRequest{Filter: &runtimev1.PodSandboxStatsFilter{}})
	out := make(map[string]person)
	for _, p := range answer.GetStats() {
		a := p.GetAttributes()
		out[a.GetId()] = sandbox(a.GetMetadata(), a.GetLabels(), a.GetAnnotations())
	}
	return out, err
}

func (s *session) podsListed(ctx context.Context) (map[string]person, error) {
	answer, err := s.Client.ListPodSandbox(ctx, &runtimev1.ListPodSandboxRequest{})
	out := make(map[string]person)
	for _, p := range answer.GetItems() {
		out[p.GetId()] = sandbox(p.GetMetadata(), p.GetLabels(), p.GetAnnotations())
	}
	return out, err
}
