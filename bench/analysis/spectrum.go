package analysis

import (
	"fmt"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/stat"
)

// A Spectrum is how response time is distributed over all calls of one collector
// of an arm in a cell: quantiles from the fastest calls to the slowest ones.
type Spectrum struct {
	Cell      bench.Cell `json:"cell"`
	Arm       string     `json:"arm"`
	Collector string     `json:"collector"`
	// Calls counts all of them, Failed those without an answer, which rank above
	// every answer: quantiles among them are left out.
	Calls  int             `json:"calls"`
	Failed int             `json:"failed,omitempty"`
	Points []SpectrumPoint `json:"points"`
}

// A SpectrumPoint says that a share P of the calls took at most so many seconds.
// Points have no intervals: those of p50 to p99 are in Latency.
type SpectrumPoint struct {
	P       float64 `json:"p"`
	Seconds float64 `json:"seconds"`
}

// spectrumLevels are the shares that a spectrum has, as far as at least one call
// lies beyond. Three nines are the end: what is beyond takes days to know.
func spectrumLevels() []float64 {
	return []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.965, 0.98, 0.99, 0.995, 0.999}
}

// spectra adds the spectra of all collectors that have answers.
func (b *builder) spectra() error {
	var times []float64
	for _, c := range b.cells {
		for _, g := range c.order {
			for _, collector := range g.collectors {
				s := Spectrum{Cell: c.cell, Arm: g.arm.Name, Collector: collector}
				times = times[:0]
				for _, t := range g.used {
					for i := range t.Agents {
						if a := &t.Agents[i]; a.Collector == collector {
							times = appendTimes(times, a.Calls, bench.Call.Response)
							s.Failed += a.Calls.Failed()
						}
					}
				}
				s.Calls = len(times)
				var err error
				if s.Points, err = spectrumOf(times); err != nil {
					return err
				}
				if len(s.Points) > 0 {
					b.report.Spectra = append(b.report.Spectra, s)
				}
			}
		}
	}
	return nil
}

// measuredFrom is the share from which on a spectrum has values that were measured,
// as the p99 of Latency: interpolation would invent one where calls are few.
const measuredFrom = 0.99

// spectrumOf returns the quantiles of times, in any order, that lie among the
// answers: the same as in Latency where both have them.
func spectrumOf(times []float64) ([]SpectrumPoint, error) {
	levels := spectrumLevels()
	end := slices.IndexFunc(levels, func(p float64) bool { return float64(len(times))*(1-p) < 1 })
	if end >= 0 {
		levels = levels[:end]
	}
	if len(levels) == 0 {
		return nil, nil
	}
	quantiles, err := stat.Quantiles(times, levels...)
	if err != nil {
		return nil, fmt.Errorf("spectrum: %w", err)
	}
	var out []SpectrumPoint
	for i, p := range levels {
		v := quantiles[i]
		if p >= measuredFrom {
			if v, err = stat.NearestRank(times, p); err != nil {
				return nil, fmt.Errorf("spectrum: %w", err)
			}
		}
		if v >= unanswered {
			break
		}
		out = append(out, SpectrumPoint{p, v})
	}
	return out, nil
}
