package cadvisor

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/cadvisor/lib/manager"
)

// A stuck manager does not stop until it is let go.
type stuck struct {
	manager.Manager
	letGo chan struct{}
}

func (s *stuck) Stop() error {
	<-s.letGo
	return nil
}

// Whoever closes a collector must not wait for a cAdvisor that never stops.
func TestCloseOfStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &stuck{letGo: make(chan struct{})}
		c := &subject{manager: m}
		begin := time.Now()
		if err := c.Close(); err != nil || time.Since(begin) != stopTimeout {
			t.Errorf("closed after %v, want %v; %v", time.Since(begin), stopTimeout, err)
		}
		close(m.letGo)
	})
}
