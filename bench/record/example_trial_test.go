package record

import (
	"math/rand/v2"
	"time"

	"cri-stats-bench/bench"
)

// exampleTrial is a trial as a run on a node makes it, with that many calls.
func exampleTrial(r *rand.Rand, round, calls int) *bench.Trial {
	costs := bench.Costs{}
	for _, c := range []bench.Component{bench.ComponentAgent, bench.ComponentRuntime, bench.ComponentShims, bench.ComponentHarness, bench.ComponentPods, bench.ComponentNode} {
		costs[c] = exampleCost(r)
	}
	t := &bench.Trial{
		Slot: bench.Slot{
			Cell:  bench.Cell{Pods: 35, ContainersPerPod: 1, Profile: "idle"},
			Arm:   bench.Arm{Name: "cri-pod-stats", Collectors: []string{"cri-pod-stats"}, Interval: time.Second, Window: time.Duration(calls) * time.Second, WarmUp: time.Second},
			Round: round,
		},
		Start:  time.Date(2026, 9, 21, 8, 0, round, 123456789, time.UTC),
		Length: time.Duration(calls)*time.Second + 1234567,
		Pods:   35, Containers: 35,
		Costs:  costs,
		Guards: bench.Guards{bench.GuardSteal: 0.001, bench.GuardForeign: r.Float64(), bench.GuardHarness: 1e-4, bench.GuardLateness: 1e-5},
	}
	a := bench.AgentReport{Collector: "cri-pod-stats", FirstCall: 71 * time.Millisecond, Cost: exampleCost(r), Warnings: []string{"no \"swap\" <here>"}}
	for i := range calls {
		due := time.Duration(i) * time.Second
		a.Calls = append(a.Calls, bench.Call{
			Due: due, Start: due + time.Duration(r.IntN(1e6)), Service: time.Duration(70e6 + r.IntN(1e7)),
			Bytes: int64(35000 + r.IntN(1000)), Pods: 35, Containers: 35, Samples: 1200,
		})
	}
	if calls > 3 {
		a.Calls[2] = bench.Call{Due: a.Calls[2].Due, Start: a.Calls[2].Start, Service: time.Second, Err: `rpc error: "}],` + "\u2028"}
	}
	t.Agents = []bench.AgentReport{a}
	return t
}

func exampleCost(r *rand.Rand) bench.Cost {
	return bench.Cost{
		bench.CPUSeconds: r.Float64(), bench.CPUClockSeconds: r.Float64(), bench.CPUCgroupSeconds: r.Float64(),
		bench.PSSBytes: float64(r.IntN(1e9)), bench.AnonBytes: float64(r.IntN(1e9)), bench.RSSBytes: float64(r.IntN(1e9)),
		bench.MemoryCgroupBytes: float64(r.IntN(1e9)), bench.ContextSwitches: float64(r.IntN(1e6)), bench.ReadCalls: float64(r.IntN(1e6)), bench.Processes: 4,
	}
}
