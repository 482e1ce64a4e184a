package analysis

import (
	"time"

	"cri-stats-bench/bench"
)

// KubeletReport is what a run of the experiment "kubelet" says beyond what every
// run says.
type KubeletReport struct {
	// Modes has those of the arms, by the arms' names.
	Modes map[string]Mode `json:"modes"`
	// Verdicts has one line per sentence of the KEP, cell and load; of a sentence
	// that this run cannot speak to, one line that says why.
	Verdicts []KEPVerdict `json:"verdicts"`
	// Scrapes are the endpoints as scraped, Operations the kubelet's own account of its
	// calls to the runtime, Accounts what components used by each of two roads.
	Scrapes    []Scrape          `json:"scrapes,omitempty"`
	Operations []OperationResult `json:"operations,omitempty"`
	Accounts   []Account         `json:"accounts,omitempty"`
}

// A Result is what is said of a sentence.
type Result string

// The results. Each of PASS and FAIL is said wrongly in at most 5 % of runs.
const (
	Pass          Result = "PASS"
	Fail          Result = "FAIL"
	Unsettled     Result = "INCONCLUSIVE"
	NotApplicable Result = "NOT APPLICABLE"
)

// worse orders results: that of several parts which must all hold is the worst.
func worse(a, b Result) Result {
	rank := map[Result]int{Pass: 1, Unsettled: 2, Fail: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// A Load is what is asked of the kubelet while it is measured.
type Load string

// The loads.
const (
	Scraped   Load = "scraped"   // by agents, at their cadences
	Unscraped Load = "unscraped" // by nobody
)

// A KEPVerdict is what a run says of one sentence of the KEP in one cell.
type KEPVerdict struct {
	Sentence KEPSentence `json:"sentence"`
	// Result is empty in a simulated run.
	Result Result `json:"result,omitempty"`
	// Why says in a sentence what decided, or why the sentence is not applicable.
	Why string `json:"why,omitempty"`
	// The rest is empty where the sentence is not applicable. Primary is set in the
	// report's primary cell under the scraped load: there nothing is adjusted, in the
	// others all are, by Holm.
	Cell    *bench.Cell `json:"cell,omitempty"`
	Load    Load        `json:"load,omitempty"`
	Primary bool        `json:"primary,omitempty"`
	Arm     string      `json:"arm,omitempty"`
	Against string      `json:"against,omitempty"`
	From    Mode        `json:"from,omitempty"`
	To      Mode        `json:"to,omitempty"`
	Parts   []KEPPart   `json:"parts,omitempty"`
	// NotCovered says what the verdict does not speak of.
	NotCovered []string `json:"not_covered,omitempty"`
}

// A KEPPart is one of the things that must hold for a sentence.
type KEPPart struct {
	// Name is "CPU", "memory", "lost scrapes of kubelet-cadvisor".
	Name string `json:"name"`
	// Wants says what must hold: "ratio below 1.02".
	Wants  string `json:"wants"`
	Result Result `json:"result"`
	// Says is the evidence in words where it is no ratio.
	Says string `json:"says,omitempty"`
	// Ratio is that of the gate on to the gate off, with the 90 % interval that
	// decides; absent where the part is none of a ratio.
	Ratio Estimate `json:"ratio"`
	// Detectable is the relative difference that as many rounds find with a power of
	// 80 %, Settles how many rounds would settle the part if the ratio is what was
	// found; 0 where it cannot be told.
	Detectable float64 `json:"detectable,omitempty"`
	Settles    int     `json:"settles,omitempty"`

	limit         float64 // of the ratio
	holds, breaks float64 // p-values of "below the limit" and "above it"
}

// A KEPSentence is a sentence of KEP-2371 that can be measured.
type KEPSentence struct {
	// ID is short and stable, Name what tables call it.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Text is the KEP's own, Where its section (keps/sig-node/2371-cri-pod-container-stats).
	Text  string `json:"text"`
	Where string `json:"where"`

	from  Mode // "" for either way of the gate off
	needs string
	parts func(b *builder, d *gatePair) ([]KEPPart, error)
}

// kepMargin is the "< 2%" of the KEP, whatever the plan's margin is.
const kepMargin = 0.02

// sentences are those of the table in bench/DESIGN.md.
func sentences() []KEPSentence {
	return []KEPSentence{
		{
			ID: "loss-below-2-percent", Name: "loss < 2 % to cAdvisor", Where: "SLIs",
			Text: "Minimal (< 2%) of performance hit between CPU and memory between CRI and kubelet (if previously using cAdvisor stats provider).",
			from: ModeA, needs: "CRI-O", parts: costParts(1 + kepMargin),
		},
		{
			ID: "reduction", Name: "less than partial CRI", Where: "SLIs",
			Text: "Reduction of CPU and memory usage between kubelet and CRI (if previously using CRI stats provider).",
			from: ModeB, needs: "containerd", parts: costParts(1),
		},
		{
			ID: "better-than-both", Name: "better than CRI+cAdvisor", Where: "Graduation criteria, Beta",
			Text: "The CRI stats implementation should perform better than they did with CRI+cAdvisor.",
			from: ModeB, needs: "containerd", parts: performanceParts,
		},
		{
			ID: "same-numbers", Name: "same numbers", Where: "Integration tests; Graduation criteria, GA",
			Text:  "there should be integration tests verifying that information gotten from the two sources is not too different. […] Conformance tests for stats and metrics being present as expected from the new sources",
			parts: sameParts,
		},
	}
}

// notCovered says what no verdict of a run speaks of.
func notCovered(v *KEPVerdict, window time.Duration) []string {
	out := []string{
		"memory over hours: the kubelet was started anew for each trial, and the runtime, which was not, served both arms in turn",
		"what the CRI leaves to the kubelet in either mode: volumes, logs, ephemeral storage",
		"pods with a network of their own: these are in the node's network",
		"windows longer than " + window.String(),
	}
	if v.Load == Unscraped {
		out = append(out, "a kubelet that is scraped")
	}
	if v.Cell.Profile == "idle" {
		out = append(out, "pods that work: these are idle")
	}
	return out
}
