package table

import (
	"fmt"
	"strconv"
	"strings"

	"cri-stats-bench/bench/analysis"
	"cri-stats-bench/reports/format"
)

// trials says how the trials of each arm went.
func trials(r *analysis.Report) Table {
	t := Table{
		Caption: "trials of all cells",
		Header:  []string{"arm", "interval\ns", "window\ns", "tried", "used", "void", "void because of (trials): the first, or unsupported"},
		Prose:   true,
	}
	for _, a := range r.Arms {
		t.Rows = append(t.Rows, tally(a))
	}
	return t
}

// tally is the row of an arm's trials.
func tally(a analysis.Arm) Row {
	c := a.Trials
	void := c.Tried - c.Used
	var why []string
	for _, v := range c.Void {
		text := fmt.Sprintf("%s (%d)", v.Reason, v.Trials)
		if v.Example != "" {
			text += ": " + format.Shorten(v.Example, 80)
		}
		why = append(why, text)
	}
	switch {
	case a.Unsupported != "":
		void = 0
		why = append(why, "unsupported: "+a.Unsupported)
	case void > 0 && len(why) == 0:
		why = append(why, "repeated")
	}
	return Row{
		Plain(a.Name), Plain(format.Count(c.Interval.Seconds())), Plain(format.Count(c.Window.Seconds())),
		Plain(strconv.Itoa(c.Tried)), Plain(strconv.Itoa(c.Used)), Plain(strconv.Itoa(void)), Plain(strings.Join(why, "; ")),
	}
}
