package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// reviewed are the densities that reviewers of the KEPs asked for; the last one is
// the kubelet's default limit.
func reviewed() []int { return []int{10, 35, 90, kubeletPods} }

// workload says what ran on the node and was read, and how often.
func workload(r *analysis.Report) Section {
	s := Section{ID: "workload", Heading: "Workload", Background: true}
	if len(r.Cells) == 0 {
		s.Lines = []string{"No cell was run."}
		return s
	}
	_, pods := densities(r)
	containers := distinct(r, func(c bench.Cell) int { return c.ContainersPerPod })
	s.Facts = []Fact{
		{"pods on the node", join(pods)},
		{"containers in each, beside the sandbox", join(containers)},
		{"what containers do", strings.Join(profiles(r), ", ") + " (" + strings.Join(does(r), "; ") + ")"},
	}
	if text := scaled(r); text != "" {
		s.Facts = append(s.Facts, Fact{"how the pods came", text})
	}
	if i := intervals(r); i != "" {
		s.Facts = append(s.Facts, Fact{"arms read every", i + " (a kubelet's eviction manager: 10s, metrics-server: 15s, Prometheus: 30s to 60s)"})
	}
	var missing []int
	for _, p := range reviewed() {
		if !slices.Contains(pods, p) {
			missing = append(missing, p)
		}
	}
	text := "SIG Node asked for 10, 35, 90 and 110 pods, the kubelet's default limit; this run has them all."
	if len(missing) > 0 {
		text = fmt.Sprintf("SIG Node asked for 10, 35, 90 and 110 pods, the kubelet's default limit; this run lacks %s.", join(missing))
	}
	s.Lines = []string{
		text,
		"All containers are of one small image, made for this: density is the axis, and nothing else differs between pods of one profile.",
	}
	return s
}

// does says what containers of the profiles do; one of a later program says nothing.
func does(r *analysis.Report) []string {
	says := map[string]string{
		"idle":                 "idle sleep",
		"active":               "active burn a set share of a CPU and touch memory",
		"files":                "files have written 10,000 files",
		bench.ProfileExited:    "exited have three containers beside them that ended",
		bench.ProfileNested:    "nested have ten cgroups inside of their own",
		bench.ProfileNetworked: "networked have network namespaces of their own, where all others are in the node's",
		bench.ProfileImage:     "image-files have 10,000 files in their image",
		bench.ProfileChurn:     "of churn half are replaced one after another",
	}
	var out []string
	for _, profile := range profiles(r) {
		if text := says[profile]; text != "" {
			out = append(out, text)
		}
	}
	return out
}

// scaled says how long it took to bring the node to its densities.
func scaled(r *analysis.Report) string {
	var texts []string
	for i := range r.Cells {
		for _, s := range r.Cells[i].Scaled {
			n := max(s.To-s.From, s.From-s.To)
			if n == 0 {
				continue
			}
			texts = append(texts, fmt.Sprintf("from %d to %d in %s s (%s s a pod)", s.From, s.To, format.One.Number(s.Took.Seconds()), format.One.Number(s.Took.Seconds()/float64(n))))
		}
	}
	return strings.Join(few(texts), ", ")
}

func join(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ", ")
}
