package across

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"cri-stats-bench/bench/runs"
	"cri-stats-bench/reports/junit/testsuite"
)

// TestWriteJUnit holds the cases against the verdicts that they tell of.
func TestWriteJUnit(t *testing.T) {
	write := func(c *runs.Comparison) testsuite.File {
		t.Helper()
		var out bytes.Buffer
		if err := WriteJUnit(&out, c); err != nil {
			t.Fatal(err)
		}
		var f testsuite.File
		if err := xml.Unmarshal(out.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		return f
	}
	c := trouble(t)
	regressed := 1 // the comparison as a whole
	for _, e := range c.Endpoints {
		if e.Verdict == runs.Regressed {
			regressed++
		}
	}
	for _, f := range c.Faults {
		if f.Verdict == runs.Regressed {
			regressed++
		}
	}
	f := write(c)
	if f.Failures != regressed || regressed < 3 || f.Skipped == 0 || f.Skipped+f.Failures >= f.Tests {
		t.Errorf("%d failures of %d cases, %d skipped; %d regressed", f.Failures, f.Tests, f.Skipped, regressed)
	}
	if c := f.Suites[0].Cases[0]; c.Name != "comparison" || c.Failure == nil {
		t.Errorf("the first case is %+v", c)
	}

	f = write(compared(t, runOf(t, "old", 1, simulated), runOf(t, "new", 2, simulated)))
	if f.Skipped != f.Tests || !strings.Contains(f.Suites[0].Cases[0].Skipped.Text, "SIMULATED") {
		t.Errorf("of %d simulated cases %d are skipped", f.Tests, f.Skipped)
	}
	if err := WriteJUnit(io.Discard, &runs.Comparison{}); err != nil {
		t.Error(err)
	}
}
