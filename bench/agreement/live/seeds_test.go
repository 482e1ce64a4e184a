package live_test

import "flag"

// seeds is how many simulated nodes each test verifies. The default keeps the unit
// tests short; the figures in the documentation of package agreement are of 100.
var seeds = flag.Int("seeds", 4, "simulated nodes per test")
