package bench

import "context"

// A Checker finds out whether what collectors answer is true: complete, fresh, in
// agreement with the kernel (package agreement). Observing that costs the node far
// more than a call does, so the Runner asks for it outside of all windows.
//
// Check observes on the pods that run and keeps what it found. What was checked
// before it passes over, so that the Runner may ask after each block. Its error says
// that the run cannot go on; that a check could not be made is a finding.
type Checker interface {
	Check(ctx context.Context, s Subject) error
}

// A Subject is what is to be checked: collectors that were just measured, in the
// cell and in the state of the node that they were measured in.
type Subject struct {
	Cell Cell
	// State is the treatment that is in force; empty where nothing is treated.
	State string
	Arms  []Arm
	Pods  []Pod
}

// check has an arm checked that was just measured, while its treatment is in force. Of
// an arm that measured nothing there is nothing to be checked.
func (r *Runner) check(ctx context.Context, t *Trial, pods []Pod) error {
	if r.Checker == nil || t.broken() != nil || t.Unsupported != "" {
		return nil
	}
	return r.Checker.Check(ctx, Subject{Cell: t.Cell, State: t.State, Arms: []Arm{t.Arm}, Pods: pods})
}
