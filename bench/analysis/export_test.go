package analysis

// Decide is Analyze without the numbers of rounds that would settle a verdict, which
// take most of the time of a small run.
func (in Input) Decide() (*Report, error) {
	b, err := in.builder()
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{b.observe, b.decide} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b.finish(), nil
}
