package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
)

// Every series that the dashboard asks for is one that a run serves or a report has: a panel
// that is empty for ever looks like a night without a change.
func TestDashboard(t *testing.T) {
	known := make(map[string]bool)
	learn := func(text string) {
		for _, m := range regexp.MustCompile(`(?m)^(cri_stats_bench_\w+)[ {]`).FindAllStringSubmatch(text, -1) {
			known[m[1]] = true
		}
	}
	for _, run := range []string{"precise", "kep-containerd", "quiet"} {
		code, out, errs := invoke("report", "--format", "openmetrics", "testdata/records/"+run)
		if code != exitDone {
			t.Fatalf("report: status %d, %s", code, errs)
		}
		learn(out)
	}
	m, err := serveMetrics(t.Context(), "127.0.0.1:0", &plan.Plan{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.close(); err != nil {
			t.Error(err)
		}
	})
	m.observe(bench.Progress{Phase: bench.PhaseDone, Trial: &bench.Trial{}})
	answer, err := http.Get("http://" + m.server.Addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.Body.Close() != nil {
		t.Fatal(err)
	}
	learn(string(text))

	data, err := os.ReadFile("../../scripts/nightly/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		UID    string
		Panels []struct {
			Type, Title, Description string
			ID                       int
			Targets                  []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, p := range dashboard.Panels {
		if p.ID == 0 || p.Title == "" || p.Type != "row" && (p.Description == "" || len(p.Targets) == 0) {
			t.Errorf("panel %d, %q, says too little", p.ID, p.Title)
		}
		for _, target := range p.Targets {
			names := regexp.MustCompile(`cri_stats_bench_\w+`).FindAllString(target.Expr, -1)
			if len(names) == 0 {
				t.Errorf("%s asks for %q", p.Title, target.Expr)
			}
			for _, name := range names {
				asked++
				if !known[name] {
					t.Errorf("%s asks for %s, which nobody has", p.Title, name)
				}
			}
		}
	}
	if asked < 10 || !strings.HasPrefix(dashboard.UID, "cri-stats-bench") {
		t.Errorf("the dashboard %q asks for %d series", dashboard.UID, asked)
	}
}
