package table

import (
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// priceList has what one call costs, and whether that times the rate is what is paid.
func priceList(r *analysis.Report) Section {
	s := Section{ID: "prices", Heading: "Price list"}
	for _, t := range []Table{prices(r), priceTests(r)} {
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	return s
}

func prices(r *analysis.Report) Table {
	t := Table{
		Caption: "CPU of one call above the idle arm with the same windows, and what is paid at other cadences if it costs the same there; break-even is where the process of cAdvisor costs as much " + level(r),
		Header:  []string{"collector", "cell", "read\nevery", "ms per call", "ms per\ncontainer"},
	}
	var widest []analysis.PriceAt // a price that is not known has none
	for _, p := range r.Prices {
		if len(p.At) > len(widest) {
			widest = p.At
		}
	}
	for _, at := range widest {
		t.Header = append(t.Header, "mcores\nat "+at.Interval.String())
	}
	t.Header = append(t.Header, "break-\neven, s")
	for _, p := range r.Prices {
		row := Row{
			Plain(p.Collector), Plain(cellName(r, p.Cell)), Plain(p.Interval.String()),
			Measured(format.Milliseconds, p.PerCall), bare(format.Milliseconds, p.PerContainer),
		}
		for i := range widest {
			cell := Plain(format.Absent)
			if i < len(p.At) {
				cell = bare(format.Millicores, p.At[i].Cores)
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, append(row, Measured(format.One, p.BreakEven)))
	}
	return t
}

func priceTests(r *analysis.Report) Table {
	t := Table{
		Caption: "is price times rate what is paid? " + level(r),
		Header:  []string{"arm", "against", "cell", "pays for", "predicted\nmcores", "found\nmcores", "holds"},
	}
	for _, x := range r.PriceTests {
		t.Rows = append(t.Rows, Row{
			Plain(x.Arm), Plain(x.Against), Plain(cellName(r, x.Cell)), Plain(strings.Join(x.Collectors, ", ")),
			Measured(format.Millicores, x.Predicted), Measured(format.Millicores, x.Found), Plain(yes(x.Holds)),
		})
	}
	return t
}
