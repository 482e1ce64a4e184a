package analysistest

import (
	"fmt"
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/record"
)

// Checked are made-up checks of the collectors of [Example] in a cell: one has a
// defect that no verdict may rest on, one answers from a cache as old as cAdvisor's,
// one in steps of a second, and cAdvisor as it does.
func Checked(cell bench.Cell) []record.Check {
	frozen := Answers("cri-pod-stats", cell, 0.0123, 0.94)
	frozen.Form, frozen.Pods, frozen.PodsDue, frozen.Unreliable = agreement.PodSandboxStats.Name, float64(cell.Pods), float64(cell.Pods), true
	processes := compared(bench.ProcessCount, agreement.Pods, cell, 1.4)
	processes.Against = "cadvisor"
	frozen.Agreement = append(frozen.Agreement,
		compared(bench.CPUUsage, agreement.Pods, cell, 0.93), processes,
		agreement.Comparison{Metric: bench.PageFaults.Name, Level: agreement.Pods, Against: "cgroup", N: 1, Verdict: agreement.Unclear, Why: "fewer than 3 to compare"},
	)
	coarse := Answers("cri-pod-metrics", cell, 0.05, 1)
	coarse.Form, coarse.Age, coarse.Step = agreement.PodSandboxMetrics.Name, nil, 1
	cadvisor := Answers("cadvisor", cell, 10.1, 0.09)
	cadvisor.Form, cadvisor.OwnClock = agreement.CAdvisorSummary.Name, true
	return []record.Check{
		check(cell, []agreement.SourceReport{Answers("cri-container-stats", cell, 9.8, 0.1), frozen, coarse},
			agreement.Finding{
				Source: frozen.Name, Kind: agreement.Absent, Severity: agreement.Defect, Level: agreement.Pods,
				Quantities: []string{bench.MemoryRSS.Name, bench.PageFaults.Name, bench.MajorPageFaults.Name, bench.SwapUsage.Name, bench.ProcessCount.Name},
				Evidence:   "no pod has it",
			},
			agreement.Finding{
				Source: frozen.Name, Kind: agreement.Frozen, Severity: agreement.Defect, Level: agreement.Containers,
				Quantities: []string{bench.CPUUsage.Name}, Subjects: []string{"0123456789abcdef", "123456789abcdef0"}, Judged: cell.Pods,
				Evidence: fmt.Sprintf("%s of container 0123456789abc is 1.25 s in all of 20 answers over 20s while the kernel's grew by 0.%d s", bench.CPUUsage.Name, cell.Pods),
			},
			agreement.Finding{
				Source: coarse.Name, Kind: agreement.Coarse, Severity: agreement.Limit, Level: agreement.Containers, Quantities: []string{bench.CPUUsage.Name},
				Evidence: "all of 41 different values are whole multiples of 1 s; PodSandboxMetrics cannot say it finer",
			}),
		check(cell, []agreement.SourceReport{cadvisor}, agreement.Finding{
			Source: cadvisor.Name, Kind: agreement.Skewed, Severity: agreement.Limit, Level: agreement.Answers,
			Evidence: "timestamps in one answer lie up to 13.2 s apart, in 20 of 20 answers",
		}),
	}
}

// CheckedInTrouble are Checked as a bad day has them: one collector is not served, the
// baseline could not be checked, and an error tries to break out of the page.
func CheckedInTrouble(cell bench.Cell) []record.Check {
	checks := Checked(cell)
	cri := checks[0].Report
	cri.Unsupported = []agreement.Unsupported{{Source: cri.Sources[2].Name, Why: "ListPodSandboxMetrics is not supported here (needs containerd 2.2 or later)"}}
	cri.Sources = cri.Sources[:2]
	cri.Findings[2] = agreement.Finding{
		Source: cri.Sources[1].Name, Kind: agreement.CallFails, Severity: agreement.Defect, Level: agreement.Answers,
		Evidence: "1 of 20 calls, the first because: rpc error: <b>deadline</b> | exceeded\x1b[31m",
	}
	checks[1].Report, checks[1].Err = nil, "check [{cadvisor 1s}]: signal: killed"
	return checks
}

// Clean is a check in which answers have no defect.
func Clean(cell bench.Cell, answers ...agreement.SourceReport) []record.Check {
	return []record.Check{check(cell, answers)}
}

func check(cell bench.Cell, answers []agreement.SourceReport, findings ...agreement.Finding) record.Check {
	c := record.Check{
		Cell: cell, Start: Begin(), Length: 30 * time.Second,
		Report: &agreement.Report{Referenced: true, Sources: answers, Findings: findings},
	}
	for _, a := range answers {
		c.Collectors = append(c.Collectors, a.Name)
	}
	return c
}

// Answers are the figures of a collector whose answers are whole and right: 95 % of
// their values are younger than age, in seconds, and that share of them is new.
func Answers(collector string, cell bench.Cell, age, fresh float64) agreement.SourceReport {
	containers := cell.Pods * cell.ContainersPerPod
	n := 20 * containers
	spread := func(n int, p95 float64) *agreement.Spread {
		return &agreement.Spread{N: n, P50: p95 / 2, P95: p95, Max: 1.5 * p95}
	}
	return agreement.SourceReport{
		Name: collector, Form: agreement.ContainerStats.Name, Calls: 20, Service: spread(20, 0.009),
		Containers: float64(containers), ContainersDue: float64(containers),
		Age: spread(n, age), Clocks: containers, Claimed: spread(n, age), Skew: spread(20, age/10),
		Fresh: &agreement.Share{Of: n, Value: fresh}, Distinct: n, Detection: spread(1, age),
		Fields: []agreement.FieldState{
			{Metric: bench.CPUUsage.Name, Level: agreement.Containers, State: agreement.StatePresent, Of: n, With: n},
			{Metric: bench.SwapUsage.Name, Level: agreement.Containers, State: agreement.StateNotApplicable, Why: "needs swap accounting"},
		},
		Agreement: []agreement.Comparison{
			compared(bench.CPUUsage, agreement.Containers, cell, 1.0004), compared(bench.MemoryWorkingSet, agreement.Containers, cell, 1.004),
		},
	}
}

// compared holds values against the kernel's, of which they are so many times.
func compared(m *bench.Metric, level agreement.Level, cell bench.Cell, ratio float64) agreement.Comparison {
	c := agreement.Comparison{
		Metric: m.Name, Level: level, Against: "cgroup", N: cell.Pods, Bias: ratio, BiasLo: ratio - 0.001, BiasHi: ratio + 0.001,
		Lower: ratio - 0.008, Upper: ratio + 0.008, Band: 0.01, Verdict: agreement.Agrees,
	}
	if c.BiasHi < 1-c.Band || c.BiasLo > 1+c.Band {
		c.Verdict = agreement.Differs
	}
	return c
}
