package zkclient

import (
	"context"
	"errors"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
)

// errFoundWriter ends the connection to a read-only server for a better one.
var errFoundWriter = errors.New("another server takes writes")

// How long findWriter waits between two questions: doubling from the first to the second.
// Source: ClientCnxn.SendThread.minPingRwTimeout and maxPingRwTimeout.
const (
	minFindWriter = 100 * time.Millisecond
	maxFindWriter = time.Minute
)

// findWriter asks one server after the other whether it takes writes, and makes the first that
// does the next to connect to. It returns errFoundWriter then, and nil when ctx has ended.
func (c *Client) findWriter(ctx context.Context) error {
	for i, wait := c.next, minFindWriter; ; i, wait = i+1, min(2*wait, maxFindWriter) {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		at := i % len(c.hosts)
		ask, cancel := context.WithTimeout(ctx, time.Second)
		answer, err := flw.Isro(ask, c.hosts[at], c.cfg.Dialer)
		cancel()
		if err == nil && answer == "rw" {
			c.next = at // run reads it after it has waited for us
			return errFoundWriter
		}
	}
}
