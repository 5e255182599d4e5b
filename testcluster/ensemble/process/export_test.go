package process

import (
	"context"
	"time"
)

// AwaitBroker is what the start of a node ends with, once it has served.
func (c *Cluster) AwaitBroker(ctx context.Context, id int, since time.Time) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	n := s.list()[id-1]
	return c.awaitBrokers(ctx, s.list()[id-1:id], []string{n.Addr}, since)
}
