package analysis_test

import (
	"encoding/json"
	"testing"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/bench/record"
)

// A line whose sum is right may still say anything: analysis ends with a report or an error,
// and no number in it is one that JSON does not have.
func FuzzAnalyze(f *testing.F) {
	records, err := record.Open("../../cmd/cri-stats-bench/testdata/records/quiet")
	if err != nil {
		f.Fatal(err)
	}
	for _, i := range []int{0, 7} {
		data, err := json.Marshal(&records.Trials[i])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"length":-1,"agents":[{"calls":null}],"costs":{"runtime":{"cpu_seconds":-1e308}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var trial bench.Trial
		if json.Unmarshal(data, &trial) != nil {
			return
		}
		run := *records
		run.Trials = append([]bench.Trial{trial}, records.Trials...)
		in, err := analysis.NewInput(&run)
		if err != nil {
			return
		}
		report, err := in.Analyze()
		if err != nil {
			return
		}
		if _, err := json.Marshal(report); err != nil {
			t.Error(err)
		}
	})
}
