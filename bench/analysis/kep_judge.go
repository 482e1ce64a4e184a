package analysis

import (
	"errors"
	"fmt"
	"slices"

	"cri-stats-bench/bench"
	"cri-stats-bench/bench/plan"
	"cri-stats-bench/bench/stat"
)

// A gatePair is one arm with the gate on against the one with the gate off that does
// the same otherwise.
type gatePair struct {
	on, off  *group
	from, to Mode
	load     Load
}

// kubelet makes the part of the report that is about a kubelet.
func (b *builder) kubelet() error {
	if b.input.Plan.Experiment != plan.Kubelet {
		return nil
	}
	b.report.Kubelet = &KubeletReport{Modes: b.modes}
	b.modeNotes()
	var gatePairs []gatePair
	for _, c := range b.cells {
		gatePairs = append(gatePairs, b.gatePairs(c)...)
		b.endpointsScraped(c)
		b.operations(c)
		b.accounts(c)
	}
	return b.verdicts(gatePairs)
}

// modeNotes says what the modes of the arms are, and what one of them is taken for
// by mistake.
func (b *builder) modeNotes() {
	for _, a := range b.arms {
		mode, ok := b.modes[a.Name]
		if !ok {
			b.runNote(NoteMode, fmt.Sprintf("the mode of arm %s cannot be told from the runtime, its state and the kubelet's version", a.Name))
			continue
		}
		b.runNote(NoteMode, fmt.Sprintf("%s: mode %s", a.Name, mode))
		if mode == ModeC {
			b.runNote(NoteMode, fmt.Sprintf("%s: before kubelet 1.37 the gate does not stop cAdvisor's housekeeping of containers: what it costs is still paid, and no sentence of the KEP is about this mode", a.Name))
		}
	}
}

// gatePairs finds the pairs of arms in a cell that differ in their treatment alone.
func (b *builder) gatePairs(c *cellGroup) []gatePair {
	var out []gatePair
	for _, on := range c.order {
		if on.arm.Treatment != bench.GateOn || b.again[on.arm.Name] != "" {
			continue
		}
		i := slices.IndexFunc(c.order, func(off *group) bool {
			return off.arm.Treatment == bench.GateOff && b.again[off.arm.Name] == "" && sameCalls(off.arm, on.arm) && off.alike(on)
		})
		if i < 0 {
			continue
		}
		d := gatePair{on: on, off: c.order[i], from: b.modes[c.order[i].arm.Name], to: b.modes[on.arm.Name], load: Unscraped}
		if slices.ContainsFunc(on.collectors, b.scrapes) {
			d.load = Scraped
		}
		out = append(out, d)
	}
	return out
}

// verdicts decides each sentence in each gatePair.
func (b *builder) verdicts(gatePairs []gatePair) error {
	var all []*KEPVerdict
	for _, s := range sentences() {
		var lines []*KEPVerdict
		for i := range gatePairs {
			d := &gatePairs[i]
			if d.to != ModeD || s.from != "" && d.from != s.from || d.on.empty() || d.off.empty() {
				continue
			}
			parts, err := s.parts(b, d)
			if err != nil {
				return fmt.Errorf("%s of %s in %s: %w", s.ID, d.on.arm.Name, d.on.cell.cell, err)
			}
			if len(parts) > 0 {
				lines = append(lines, b.kepLine(s, d, parts))
			}
		}
		if lines == nil {
			lines = []*KEPVerdict{{Sentence: s, Result: NotApplicable, Why: b.whyNot(s, gatePairs)}}
		}
		all = append(all, lines...)
	}
	if err := adjustParts(all); err != nil {
		return err
	}
	for _, v := range all {
		b.conclude(v)
		b.report.Kubelet.Verdicts = append(b.report.Kubelet.Verdicts, *v)
	}
	return nil
}

// kepLine is a verdict that is to be concluded.
func (b *builder) kepLine(s KEPSentence, d *gatePair, parts []KEPPart) *KEPVerdict {
	cell := d.on.cell.cell
	v := &KEPVerdict{
		Sentence: s, Cell: &cell, Load: d.load, Arm: d.on.arm.Name, Against: d.off.arm.Name, From: d.from, To: d.to, Parts: parts,
		Primary: b.report.Primary != nil && cell == *b.report.Primary && d.load == Scraped,
	}
	v.NotCovered = notCovered(v, d.on.arm.Window)
	return v
}

// whyNot says why a sentence has no line.
func (b *builder) whyNot(s KEPSentence, gatePairs []gatePair) string {
	var found []string
	usable := false
	for _, d := range gatePairs {
		usable = usable || d.to == ModeD && (s.from == "" || d.from == s.from)
		if text := fmt.Sprintf("%s -> %s", modeName(d.from), modeName(d.to)); !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	switch {
	case len(found) == 0:
		return "this run has no pair of arms with the gate off and on"
	case usable:
		return "no trial of it counts"
	case s.from == "":
		return fmt.Sprintf("it is about mode D; this run has %v", found)
	}
	return fmt.Sprintf("it is about %s -> D, which needs %s; this run has %v", modeName(s.from), s.needs, found)
}

func modeName(m Mode) string {
	if m == "" {
		return "?"
	}
	return string(m)
}

// ratioPart is a part that holds if a ratio is below a limit.
func (b *builder) ratioPart(name string, limit float64, d *gatePair, s Series) (KEPPart, error) {
	p := KEPPart{Name: name, Wants: fmt.Sprintf("ratio below %g", limit), Result: Unsettled, limit: limit, holds: 1, breaks: 1}
	looks := b.looksOf(d.on, d.off)
	e, err := b.against(d.on, b.standing(d.off), estimand{Ratio, s}, looks[len(looks)-1])
	if err != nil {
		return p, err
	}
	if p.Ratio, err = b.estimateOf(&e, 1-2*b.levels[len(looks)-1]); err != nil {
		return p, err
	}
	if p.Ratio.Interval == nil {
		p.Says = "no interval"
		return p, nil
	}
	var holds, breaks []float64
	for _, rounds := range looks {
		at, err := b.against(d.on, b.standing(d.off), estimand{Ratio, s}, rounds)
		if err != nil {
			return p, err
		}
		below, above, err := at.tails(limit)
		switch {
		case unanswerable(err):
			below, above = 1, 1
		case err != nil:
			return p, err
		}
		holds, breaks = append(holds, below), append(breaks, above)
	}
	p.holds, p.breaks = b.spending.Sequential(holds), b.spending.Sequential(breaks)
	sd, _ := e.sd()
	p.Detectable, p.Settles, err = b.prospects(p.Ratio, sd, limit, min(p.holds, p.breaks) >= alpha)
	return p, err
}

// adjustParts adjusts p-values by Holm. In the lines of secondary cells, those of
// holding and those of breaking each make one family over all lines. In a primary line
// all parts must hold, which needs no adjustment, but any of them breaks it: those of
// breaking are a family.
func adjustParts(all []*KEPVerdict) error {
	holds := func(p *KEPPart) *float64 { return &p.holds }
	breaks := func(p *KEPPart) *float64 { return &p.breaks }
	var secondary []*KEPVerdict
	for _, v := range all {
		if !v.Primary {
			secondary = append(secondary, v)
		} else if err := holm([]*KEPVerdict{v}, breaks); err != nil {
			return err
		}
	}
	return errors.Join(holm(secondary, holds), holm(secondary, breaks))
}

// holm adjusts one p-value of each part of the lines that is about a ratio.
func holm(lines []*KEPVerdict, of func(*KEPPart) *float64) error {
	var at []*float64
	var values []float64
	for _, v := range lines {
		for i := range v.Parts {
			if p := &v.Parts[i]; p.limit > 0 {
				at = append(at, of(p))
				values = append(values, *of(p))
			}
		}
	}
	if len(at) == 0 {
		return nil
	}
	adjusted, err := stat.Holm(values)
	if err != nil {
		return fmt.Errorf("adjust verdicts on sentences: %w", err)
	}
	for i, p := range at {
		*p = adjusted[i]
	}
	return nil
}

// conclude decides a line from its parts, which must all hold.
func (b *builder) conclude(v *KEPVerdict) {
	if v.Cell == nil {
		return
	}
	result := Pass
	for i := range v.Parts {
		p := &v.Parts[i]
		if p.limit > 0 {
			switch {
			case p.holds < alpha:
				p.Result = Pass
			case p.breaks < alpha:
				p.Result = Fail
			}
		}
		if worse(result, p.Result) != result {
			result = p.Result
			v.Why = p.why()
		}
	}
	if b.report.Simulated() {
		for i := range v.Parts {
			v.Parts[i].Result = ""
		}
		v.Why = "simulated: nothing was measured on a node"
		return
	}
	v.Result = result
	if why := b.unsound(); why != "" {
		v.Result, v.Why = Unsettled, why
		for i := range v.Parts {
			v.Parts[i].Result = Unsettled
		}
	}
}

// why says what the part found, for the line that it decided.
func (p *KEPPart) why() string {
	switch {
	case p.Says != "":
		return p.Name + ": " + p.Says
	case p.Result == Fail:
		return fmt.Sprintf("%s: the ratio is above %g", p.Name, p.limit)
	}
	return fmt.Sprintf("%s: the interval holds %g", p.Name, p.limit)
}
