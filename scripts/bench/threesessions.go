package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

const (
	idleSessions = 2000
	idleTimeout  = 12 * time.Second
	pingEvery    = idleTimeout / 3
	idleFor      = 10 * time.Second
)

// runThreeSessions measures servers with many sessions that do nothing but ping: their
// memory and their processor time, beside that of servers with no session.
func runThreeSessions(ctx context.Context, b *bench) error {
	return b.threes(ctx, "three-sessions", func(e *ensemble) error {
		none, err := e.load(ctx, nil)
		if err != nil {
			return err
		}
		b.report.add(e.kind, figure{name: "three nodes, no session: CPU of all", unit: "ms/s", goal: "-"}, none)
		conns, err := e.openSessions()
		defer func() {
			for _, c := range conns {
				if c != nil {
					c.close()
				}
			}
		}()
		if err != nil {
			return err
		}
		busy, err := e.load(ctx, conns)
		if err != nil {
			return err
		}
		b.report.add(e.kind, figure{name: "three nodes, 2,000 sessions, 500 pings/s: CPU of all", unit: "ms/s", goal: "1/3"}, busy)
		mb, err := e.resident()
		if err != nil {
			return err
		}
		b.report.add(e.kind, figure{name: "three nodes, 2,000 sessions: resident each", unit: "MB", goal: "1/3"}, mb)
		return nil
	})
}

// openSessions opens the sessions, several at a time: the first must not expire before the
// last is open.
func (e *ensemble) openSessions() ([]*conn, error) {
	const atATime = 16
	conns, errs := make([]*conn, idleSessions), make([]error, atATime)
	var wg sync.WaitGroup
	for w := range atATime {
		wg.Go(func() {
			for i := w; i < idleSessions && errs[w] == nil; i += atATime {
				conns[i], errs[w] = dialSession(e.addrs()[i%nodes], idleTimeout, 64)
			}
		})
	}
	wg.Wait()
	return conns, errors.Join(errs...)
}

// load lets each connection ping as a client does, evenly spread, and returns the
// processor time of the servers in ms a second.
func (e *ensemble) load(ctx context.Context, conns []*conn) (float64, error) {
	before, err := e.cpu()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	turn := time.NewTicker(10 * time.Millisecond)
	defer turn.Stop()
	for sent := 0; time.Since(start) < idleFor; {
		select {
		case <-turn.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		for due := int(time.Since(start) * time.Duration(len(conns)) / pingEvery); sent < due; sent++ {
			if err := conns[sent%len(conns)].ping(); err != nil {
				return 0, fmt.Errorf("ping of session %d: %w", sent%len(conns), err)
			}
		}
	}
	after, err := e.cpu()
	return milliseconds(after-before) / time.Since(start).Seconds(), err
}

func (c *conn) ping() error {
	c.frame(func(b []byte) []byte {
		return zkproto.RequestHeader{Xid: zkproto.XidPing, Op: zkproto.OpPing}.AppendTo(b)
	})
	if err := c.flush(); err != nil {
		return err
	}
	return c.reply()
}
