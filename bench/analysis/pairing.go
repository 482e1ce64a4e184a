package analysis

// A Pairing is one question: what does it cost to change from one arm to another? Its
// numbers are of windows of equal length after equal warm-ups.
type Pairing struct {
	// Of is the arm that somebody would change to, To the one that is there, Says how
	// the plan calls To, if it does.
	Of   string `json:"of"`
	To   string `json:"to"`
	Says string `json:"says,omitempty"`
	// Headline: the plan asks for it, and the cell is the primary one.
	Headline bool `json:"headline,omitempty"`
	// Planned: the plan asks for it.
	Planned bool `json:"planned,omitempty"`
	// Copies is how many times To stands in a round.
	Copies int `json:"copies"`
	// Judgements have the ratios of CPU and PSS total, and of the median response time
	// of the arm; Comparisons further ratios without a verdict: read calls, components.
	Judgements  []Judgement  `json:"judgements,omitempty"`
	Comparisons []Comparison `json:"comparisons,omitempty"`
	// Together is the verdict on CPU and memory, both of which must hold.
	Together Verdict `json:"together,omitempty"`
	// Withheld says why there is no verdict: nothing was measured, or what was measured
	// may have none.
	Withheld []string `json:"withheld,omitempty"`
}

// Judged returns the judgement of a series, nil if there is none.
func (p *Pairing) Judged(s Series) *Judgement { return judged(p.Judgements, s) }

// Headlines returns the report's answers: the pairings that the plan asks for, in the
// primary cell.
func (r *Report) Headlines() []Pairing {
	var out []Pairing
	for i := range r.Cells {
		for _, p := range r.Cells[i].Pairings {
			if p.Headline {
				out = append(out, p)
			}
		}
	}
	return out
}

// PrimaryCell returns the cell that the headline is about, nil if it was not run.
func (r *Report) PrimaryCell() *Cell {
	for i := range r.Cells {
		if r.Primary != nil && r.Cells[i].Cell == *r.Primary {
			return &r.Cells[i]
		}
	}
	return nil
}

// Pairing returns the comparison of two arms, nil if the cell has none.
func (c *Cell) Pairing(of, to string) *Pairing {
	for i := range c.Pairings {
		if p := &c.Pairings[i]; p.Of == of && p.To == to {
			return p
		}
	}
	return nil
}

// Compared returns the comparison of a series, an absent one if there is none.
func (p *Pairing) Compared(s Series) Comparison {
	for _, c := range p.Comparisons {
		if c.Series == s {
			return c
		}
	}
	return Comparison{Series: s}
}
