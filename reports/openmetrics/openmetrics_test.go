package openmetrics

import (
	"bytes"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/origin"
	"cri-stats-bench/reports/reporttest"
)

func TestReport(t *testing.T) { reporttest.RunData(t, Write, "om", check) }

// A reading is one series as it was read back.
type reading struct {
	labels map[string]string
	value  float64
}

// sampleLine is a sample with or without timestamp and no exemplar, labelPair one of its labels
// (ABNF of OpenMetrics 1.0).
var (
	sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"(?:,|\}))*))? ([-+0-9.e]+)(?: [-+0-9.e]+)?$`)
	labelPair  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)
)

// read reads an exposition, and holds the rules that parsers may be lax about:
// metadata before samples, once, in order; the unit at the end of the name; families
// that do not interleave; no series twice; nothing after the end.
func read(t testing.TB, out []byte) map[string][]reading {
	t.Helper()
	body, ended := strings.CutSuffix(string(out), "# EOF\n")
	if !ended {
		t.Fatalf("the end is %q", out[max(0, len(out)-20):])
	}
	families, seen := make(map[string][]reading), make(map[string]bool)
	name, last := "", ""
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		words := strings.SplitN(line, " ", 4)
		if words[0] != "#" {
			parts := sampleLine.FindStringSubmatch(line)
			if parts == nil || parts[1] != name || strings.HasSuffix(parts[2], ",") {
				t.Fatalf("no sample of the family %s: %.500q", name, line)
			}
			if key := parts[1] + parts[2]; seen[key] {
				t.Errorf("twice: %.300s", key)
			} else {
				seen[key] = true
			}
			families[name] = append(families[name], readSample(t, parts[2], parts[3]))
			last = ""
			continue
		}
		if len(words) != 4 || words[1] != "HELP" && words[2] != name {
			t.Fatalf("no metadata of the family %s: %s", name, line)
		}
		switch words[1] + " after " + last {
		case "HELP after ":
			if name = words[2]; families[name] != nil {
				t.Errorf("a second time: %s", line)
			}
		case "TYPE after HELP":
			if words[3] != "gauge" {
				t.Errorf("no gauge: %s", line)
			}
		case "UNIT after TYPE":
			if !strings.HasSuffix(name, "_"+words[3]) {
				t.Errorf("not at the end of the name: %s", line)
			}
		default:
			t.Errorf("%s after %q", words[1], last)
		}
		last = words[1]
	}
	return families
}

func readSample(t testing.TB, labels, value string) reading {
	t.Helper()
	out := reading{labels: make(map[string]string)}
	for _, pair := range labelPair.FindAllStringSubmatch(labels, -1) {
		if _, twice := out.labels[pair[1]]; twice || pair[2] == "" {
			t.Errorf("the label %s is empty or stands twice: %.300s", pair[1], labels)
		}
		out.labels[pair[1]] = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n").Replace(pair[2])
	}
	var err error
	if out.value, err = strconv.ParseFloat(value, 64); err != nil {
		t.Error(err)
	}
	return out
}

// check holds that every estimate of the report is there with its interval, and
// that every series has the mark.
func check(t *testing.T, r *analysis.Report, out []byte) {
	t.Helper()
	families := read(t, out)
	want := 0
	for i := range r.Cells {
		for _, a := range r.Cells[i].Arms {
			for _, c := range append([]analysis.Cost{a.Total}, a.Components...) {
				if !c.CPU.Absent() {
					want++
					if c.CPU.Interval != nil {
						want += 2
					}
				}
			}
		}
	}
	if got := len(families[prefix+"cpu_cores"]); got != want {
		t.Errorf("%d series of CPU, want %d", got, want)
	}
	if r.Simulated() && families[prefix+"verdict"] != nil {
		t.Error("a simulated run has a verdict")
	}
	for name, series := range families {
		for _, s := range series {
			if marked := r.Simulated() || len(r.Host.NotForPublication) > 0; (s.labels["mark"] != "") != marked {
				t.Fatalf("%s has the mark %q", name, s.labels["mark"])
			}
		}
	}
}

// Prometheus' own parser of OpenMetrics reads it too. It takes seconds for a hundred
// lines and an hour for long ones, so it gets the first series of each family of a
// run with short names.
func TestPrometheusReads(t *testing.T) {
	var out bytes.Buffer
	if err := Write(&out, small()); err != nil {
		t.Fatal(err)
	}
	var few strings.Builder
	series := 0
	for line := range strings.Lines(out.String()) {
		if series++; strings.HasPrefix(line, "#") {
			series = 0
		}
		if series <= 1 {
			few.WriteString(line)
		}
	}
	decoder := expfmt.NewDecoder(strings.NewReader(few.String()), expfmt.NewFormat(expfmt.TypeOpenMetrics))
	got := make(map[string]int)
	for {
		var f dto.MetricFamily
		err := decoder.Decode(&f)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got[f.GetName()] = len(f.GetMetric())
	}
	want := make(map[string]int)
	for name := range read(t, out.Bytes()) {
		want[name] = 1
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("families (-want +got):\n%s", diff)
	}
}

// small is a report of one arm in one cell, whose answers were checked.
func small() *analysis.Report {
	frozen := agreement.Finding{Kind: agreement.Frozen, Severity: agreement.Defect}
	return &analysis.Report{
		Experiment: "api",
		Checks: []analysis.Check{
			{
				Cell: bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: "idle"}, State: bench.GateOn, Collector: "c",
				Source:   &agreement.SourceReport{Age: &agreement.Spread{N: 3, P50: 0.5, P95: 0.75, Max: 1}, Fresh: &agreement.Share{Of: 4, Value: 0.25}},
				Findings: []agreement.Finding{frozen, frozen, {Severity: agreement.Limit}}, Broken: []agreement.Finding{frozen},
			},
			{Collector: "gone", Why: "it is gone"},
		},
		Arms: []analysis.Arm{{Name: "a", Trials: analysis.Tally{Tried: 3, Used: 2, Void: []analysis.VoidCount{{Reason: bench.VoidSteal, Trials: 1}}}}},
		Cells: []analysis.Cell{{
			Cell: bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: `i"d\le`},
			Arms: []analysis.ArmResult{{
				Arm: "a",
				Total: analysis.Cost{Component: analysis.Total, CPU: analysis.Estimate{Value: 0.25, N: 2, Interval: &analysis.Interval{Lo: 0.125, Hi: 0.5}},
					PSS: analysis.Estimate{Value: math.Inf(1), N: 1}},
			}},
			Pairings: []analysis.Pairing{{
				Of: "a", To: "b",
				Judgements: []analysis.Judgement{{
					Series: analysis.TotalOf(analysis.PSS), Class: analysis.Primary,
					Verdict: analysis.Better, Ratio: analysis.Estimate{Value: 1e-7, N: 2},
				}},
			}},
		}},
	}
}

// One exposition in whole.
func TestWrite(t *testing.T) {
	r := small()
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	const scope = `experiment="api",arm="a",pods="35",containers_per_pod="1",profile="i\"d\\le"`
	const checked = `experiment="api",collector="c",treatment="gate-on",pods="35",containers_per_pod="1",profile="idle"`
	want := `# HELP cri_stats_bench_run_info Where the numbers come from; always 1.
# TYPE cri_stats_bench_run_info gauge
cri_stats_bench_run_info{experiment="api",seed="0"} 1.0
# HELP cri_stats_bench_trials Trials of an arm: tried, and used of them.
# TYPE cri_stats_bench_trials gauge
cri_stats_bench_trials{arm="a",state="tried"} 3.0
cri_stats_bench_trials{arm="a",state="used"} 2.0
# HELP cri_stats_bench_void_trials Trials of an arm that broke a guard, by its rule.
# TYPE cri_stats_bench_void_trials gauge
cri_stats_bench_void_trials{arm="a",reason="steal"} 1.0
# HELP cri_stats_bench_cpu_cores Mean CPU time over the time of the window.
# TYPE cri_stats_bench_cpu_cores gauge
# UNIT cri_stats_bench_cpu_cores cores
cri_stats_bench_cpu_cores{` + scope + `,component="total"} 0.25
cri_stats_bench_cpu_cores{` + scope + `,component="total",bound="lo"} 0.125
cri_stats_bench_cpu_cores{` + scope + `,component="total",bound="hi"} 0.5
# HELP cri_stats_bench_verdict_ratio The ratio of two arms that a verdict rests on, with the interval of verdicts.
# TYPE cri_stats_bench_verdict_ratio gauge
# UNIT cri_stats_bench_verdict_ratio ratio
cri_stats_bench_verdict_ratio{` + scope + `,against="b",metric="pss_bytes",component="total",class="primary"} 1e-07
# HELP cri_stats_bench_verdict The verdict on an endpoint; always 1.
# TYPE cri_stats_bench_verdict gauge
cri_stats_bench_verdict{` + scope + `,against="b",metric="pss_bytes",component="total",class="primary",verdict="Better"} 1.0
# HELP cri_stats_bench_answer_age_seconds Quantiles of the age of values when an answer is there, by the kernel's own count of CPU time or, where counters come in steps too coarse, by timestamps held against it.
# TYPE cri_stats_bench_answer_age_seconds gauge
# UNIT cri_stats_bench_answer_age_seconds seconds
cri_stats_bench_answer_age_seconds{` + checked + `,q="0.5"} 0.5
cri_stats_bench_answer_age_seconds{` + checked + `,q="0.95"} 0.75
# HELP cri_stats_bench_answer_fresh_ratio Share of container samples that are new since the answer before.
# TYPE cri_stats_bench_answer_fresh_ratio gauge
# UNIT cri_stats_bench_answer_fresh_ratio ratio
cri_stats_bench_answer_fresh_ratio{` + checked + `} 0.25
# HELP cri_stats_bench_answer_defects Defects that were found of answers: all, and those that break the plan's rule.
# TYPE cri_stats_bench_answer_defects gauge
cri_stats_bench_answer_defects{` + checked + `,state="all"} 2.0
cri_stats_bench_answer_defects{` + checked + `,state="breaking"} 1.0
# EOF
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("exposition (-want +got):\n%s", diff)
	}
	check(t, r, out.Bytes())
}

// What is said of the KEP is one series each.
func TestSentences(t *testing.T) {
	r := &analysis.Report{Kubelet: &analysis.KubeletReport{Verdicts: []analysis.KEPVerdict{
		{Sentence: analysis.KEPSentence{ID: "reduction"}, Result: analysis.Pass, Cell: &bench.Cell{Pods: 110}, Load: analysis.Scraped, Arm: "on", Against: "off"},
		{Sentence: analysis.KEPSentence{ID: "loss"}, Result: analysis.NotApplicable},
		{Sentence: analysis.KEPSentence{ID: "simulated"}},
	}}}
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]reading{
		{map[string]string{"sentence": "reduction", "result": "PASS", "arm": "on", "against": "off", "pods": "110", "containers_per_pod": "0", "load": "scraped"}, 1},
		{map[string]string{"sentence": "loss", "result": "NOT APPLICABLE"}, 1},
	}, read(t, out.Bytes())[prefix+"kep_verdict"], cmp.AllowUnexported(reading{})); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
}

func FuzzLabel(f *testing.F) {
	f.Add("a\\\"b\n")
	f.Add(reporttest.Hostile)
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		if err := Write(&out, &analysis.Report{Name: s, Arms: []analysis.Arm{{Name: s, Trials: analysis.Tally{Tried: 1}}}}); err != nil {
			t.Fatal(err)
		}
		want := origin.Name(s)
		for _, series := range read(t, out.Bytes())[prefix+"trials"] {
			if series.labels["arm"] != want {
				t.Fatalf("%q became %q", want, series.labels["arm"])
			}
		}
	})
}
