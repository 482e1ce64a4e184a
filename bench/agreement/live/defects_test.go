package live_test

import (
	"testing"

	"cri-stats-bench/bench/agreement"
	"cri-stats-bench/bench/criconn/fakecri"
)

// named is what each defect is to be called. The forms that cannot have it must
// have nothing.
var named = map[fakecri.Defect]agreement.Kind{
	fakecri.FrozenFirst:   agreement.Frozen,
	fakecri.Stale30:       agreement.Stale,
	fakecri.Microseconds:  agreement.WrongUnit,
	fakecri.WholeSeconds:  agreement.Coarse,
	fakecri.TenthMissing:  agreement.Missing,
	fakecri.OneTwice:      agreement.Twice,
	fakecri.Renamed:       agreement.Misnamed,
	fakecri.Zeros:         agreement.Zero,
	fakecri.ZeroRate:      agreement.WrongRate,
	fakecri.GoingBack:     agreement.Backwards,
	fakecri.DoubleMemory:  agreement.Double,
	fakecri.NowOnOld:      agreement.Dishonest,
	fakecri.OnePodError:   agreement.OnePodFails,
	fakecri.HalfThenError: agreement.BreaksOff,
}

// TestDefects runs a whole verification of simulated nodes, each with one defect,
// 100 times each.
func TestDefects(t *testing.T) {
	for _, defect := range append([]fakecri.Defect{fakecri.Healthy}, fakecri.Defects()...) {
		t.Run("defect="+string(defect), func(t *testing.T) {
			t.Parallel()
			wrong := 0
			for seed := range uint64(*seeds) {
				n := newNode(t, seed, defect)
				report := n.verify(t, nil)
				if !only(report, defect) {
					wrong++
					for _, f := range report.Findings {
						t.Logf("seed %d: %.250v", seed, f.String())
					}
				}
			}
			if 100*wrong > *seeds {
				t.Errorf("%d of %d runs did not name it, or named something else", wrong, *seeds)
			}
		})
	}
}

// only says whether the report has the defect of that name and no other.
func only(r *agreement.Report, defect fakecri.Defect) bool {
	found := false
	for _, f := range r.Findings {
		if f.Severity != agreement.Defect {
			continue
		}
		if f.Kind != named[defect] {
			return false
		}
		found = true
	}
	return found == (defect != fakecri.Healthy)
}
