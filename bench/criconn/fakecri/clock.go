package fakecri

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A Clock is synthetic time: it goes on when somebody sleeps, and a little
// whenever somebody looks, as if reading took time. Minutes of a simulated node
// pass in milliseconds with it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
	rng *rand.Rand
}

// meanLook is how long a look at the clock takes on average.
const meanLook = 200 * time.Microsecond

// NewClock makes a clock that stands at start; the seed decides how long looks
// take.
func NewClock(start time.Time, seed uint64) *Clock {
	return &Clock{now: start, rng: rand.New(rand.NewPCG(seed, 0))}
}

// Now is the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Duration(c.rng.ExpFloat64() * float64(meanLook)))
	return c.now
}

// Sleep sets the clock forward and does not wait.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.now = c.now.Add(max(0, d))
	return nil
}
