package record

import (
	"time"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/agreement"
)

// A Check is what was found of the answers of some collectors in one cell, outside
// of all windows.
type Check struct {
	Cell bench.Cell `json:"cell"`
	// State is the treatment that was in force; empty where nothing is treated.
	State string `json:"state,omitempty"`
	// Collectors are those that were to be checked.
	Collectors []string      `json:"collectors"`
	Start      time.Time     `json:"start"`
	Length     time.Duration `json:"length"`
	// Report is nil where the check could not be made, and Err says why.
	Report *agreement.Report `json:"report,omitempty"`
	Err    string            `json:"error,omitempty"`
}
