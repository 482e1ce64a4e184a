package plan

import "slices"

// A Hypothesis is a statement about a runtime that is known from reading code or from
// reports, and that records can confirm or refute. The rule is in package hypothesis.
type Hypothesis struct {
	ID string
	// Claim is the statement, Predicts what it lets one see.
	Claim    string
	Predicts string
	// Preset puts it to the test, on Runtime; without one, Needs says what is wanting.
	Preset  string
	Runtime string
	Needs   string
}

// hypotheses are those that the field has been asking about.
var hypotheses = []Hypothesis{
	{ID: "h1", Claim: "containerd lets ListPodSandboxMetrics read 10 pods a second", Predicts: "a call takes (pods - 10)/10 s after a pause, pods/10 s without",
		Preset: "h1", Runtime: "containerd"},
	{ID: "h2", Claim: "containerd's own collector, once a second, is most of what runtime and shims use when nobody asks", Predicts: "CPU falls by more than half when it collects every 10 s",
		Preset: "h2", Runtime: "containerd"},
	{ID: "h3", Claim: "ListPodSandboxStats bursts into a goroutine for each pod", Predicts: "threads and the run queue grow with pods",
		Needs: "counts of threads inside a call, which no collector takes yet"},
	{ID: "h4", Claim: "CRI-O makes stats of all pods under one lock", Predicts: "of k clients that ask at once the last waits k times as long as one alone",
		Preset: "h4", Runtime: "crio"},
	{ID: "h5", Claim: "CRI-O walks all files of containers for its disk metrics", Predicts: "calls take longer the more files an image has",
		Needs: "CRI-O 1.35 or later, and images with many files"},
	{ID: "h6", Claim: "CRI-O's ListContainerStats stands still where it collects by itself", Predicts: "values never change with a collection period above 0",
		Preset: "h6", Runtime: "crio"},
	{ID: "h7", Claim: "CPU counters of ListPodSandboxMetrics are whole seconds", Predicts: "all values are integers",
		Preset: "h7", Runtime: "containerd"},
	{ID: "h8", Claim: "with the gate on, a kubelet of 1.36 or before costs more than with it off", Predicts: "CPU of kubelet and runtime is higher",
		Needs: "a kubelet of 1.36 or before (preset kep on it)"},
	{ID: "h9", Claim: "nested cgroups cost cAdvisor and not the runtime", Predicts: "cAdvisor's CPU grows with the cgroups inside of containers",
		Needs: "pods with nested cgroups"},
	{ID: "h10", Claim: "a container that goes while it is read breaks whole answers, or drops others from them", Predicts: "calls fail, or answers lack pods that stay",
		Preset: "churn", Runtime: "containerd"},
}

// Hypotheses returns what can be put to the test, and what could with more than there is.
func Hypotheses() []Hypothesis { return slices.Clone(hypotheses) }

// HypothesisOf returns the one of that name; false if there is none.
func HypothesisOf(id string) (Hypothesis, bool) {
	i := slices.IndexFunc(hypotheses, func(h Hypothesis) bool { return h.ID == id })
	if i < 0 {
		return Hypothesis{}, false
	}
	return hypotheses[i], true
}

// testable are the names of those that records can decide.
func testable() []string {
	var out []string
	for _, h := range hypotheses {
		if h.Preset != "" {
			out = append(out, h.ID)
		}
	}
	return out
}
