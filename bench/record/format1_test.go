package record

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cri-stats-bench/bench"
)

// TestFormat1 reads a run that the first version of this package wrote. The
// files are never written anew: what is on somebody's disk cannot be either. A
// field that is added later is absent from them.
func TestFormat1(t *testing.T) {
	r, err := Open("testdata/format1")
	if err != nil {
		t.Fatal(err)
	}
	if r.Format != 1 || len(r.Damage) > 0 {
		t.Errorf("format %d, damage %v", r.Format, r.Damage)
	}
	if diff := cmp.Diff("{\n  \"name\": \"first\",\n  \"seed\": 18446744073709551615\n}\n", string(r.Plan)); diff != "" {
		t.Errorf("plan.json (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("{\n  \"kernel\": \"6.1.0\",\n  \"cpus\": 2,\n  \"load\": 0.5\n}\n", string(r.Host)); diff != "" {
		t.Errorf("host.json (-want +got):\n%s", diff)
	}
	want := manifest{
		Format:       1,
		PlanSHA256:   "f69f7dd6a064c16262fb8d4d18b1a7b8fa2f169503c471fdb72067e4fafdeac6",
		HostSHA256:   "91300f954f9d380a7f5309386ee9dce4a7180b53e74a29f52581b6f72dfe36c3",
		HostIdentity: "6.1.0/2",
	}
	if diff := cmp.Diff(want, r.manifest); diff != "" {
		t.Errorf("format.json (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(format1Trials(), r.Trials); diff != "" {
		t.Errorf("trials.jsonl (-want +got):\n%s", diff)
	}
}

func format1Trials() []bench.Trial {
	cell := bench.Cell{Pods: 35, ContainersPerPod: 3, Profile: "active"}
	return []bench.Trial{
		{
			Slot: bench.Slot{
				Cell:  cell,
				Arm:   bench.Arm{Name: "both", Collectors: []string{"cadvisor", "cri-pod-stats"}, Interval: time.Second, Window: 2 * time.Second, WarmUp: time.Second},
				Sweep: 1, Round: 2, Position: 3, Attempt: 1,
			},
			Start:  time.Date(2026, 9, 21, 8, 30, 15, 123456789, time.UTC),
			Length: 2001234567, Pods: 35, Containers: 105,
			Agents: []bench.AgentReport{
				{
					Collector: "cadvisor", FirstCall: 65 * time.Millisecond,
					Calls: bench.Calls{
						{Due: 0, Start: 51_000, Service: 49_000, Pods: 35, Containers: 105, Samples: 4000},
						{Due: time.Second, Start: time.Second + 48_000, Service: 50_000, Pods: 35, Containers: 105, Samples: 4000},
					},
					Extra: 4,
					Cost:  bench.Cost{bench.CPUSeconds: 0.125, bench.PSSBytes: 31457280},
				},
				{
					Collector: "cri-pod-stats", FirstCall: 90 * time.Millisecond,
					Calls: bench.Calls{
						{Due: 0, Start: -20_000, Service: 73 * time.Millisecond, Bytes: 35123, Pods: 35, Containers: 105, Samples: 1200},
						{Due: time.Second, Start: time.Second + 60_000, Service: 5 * time.Second, Err: "rpc error: code = DeadlineExceeded desc = \"}],\" <late>"},
					},
					Missing: []string{"1f00", "2f00"}, Warnings: []string{"no swap"},
					Cost: bench.Cost{bench.CPUSeconds: 0.0625, bench.PSSBytes: 20971520},
				},
			},
			Costs: bench.Costs{
				bench.ComponentAgent:   {bench.CPUSeconds: 0.1875, bench.PSSBytes: 52428800},
				bench.ComponentRuntime: {bench.CPUSeconds: 0.3, bench.CPUClockSeconds: 0.3, bench.ContextSwitches: 1234, bench.Processes: 1},
			},
			Guards:   bench.Guards{bench.GuardSteal: 0.031, bench.GuardLateness: 0.000051},
			Void:     []bench.Void{{Reason: bench.VoidSteal, Detail: "steal_fraction 0.031, at most 0.02"}},
			Warnings: []string{"cri-pod-stats: 1 of 2 calls failed"},
		},
		{
			Slot: bench.Slot{Cell: cell, Arm: bench.Arm{
				Name: "cri-stream-pod-stats", Collectors: []string{"cri-stream-pod-stats"}, Interval: time.Second, Window: 2 * time.Second,
			}, Sweep: 1, Round: 2, Position: 4},
			Pods: 35, Containers: 105,
			Unsupported: "StreamPodSandboxStats is not supported here (needs containerd 2.4 or later)",
		},
		{
			Slot: bench.Slot{Cell: cell, Arm: bench.Arm{
				Name: "idle", Collectors: []string{"idle"}, Interval: time.Second, Window: 2 * time.Second,
			}, Sweep: 1, Round: 3},
			Start: time.Date(2026, 9, 21, 8, 31, 0, 0, time.UTC), Length: 2 * time.Second, Pods: 35, Containers: 105,
			Agents: []bench.AgentReport{{Collector: "idle", FirstCall: 1000, Calls: bench.Calls{}}},
			Costs:  bench.Costs{bench.ComponentAgent: {bench.CPUSeconds: 0}},
		},
	}
}
