package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// writer writes, one write at a time, at whichever server takes it.
type writer struct {
	addrs []string
	conn  *conn
	next  int   // the server to try
	err   error // of the last write
}

// write makes one attempt, at the server that it has, or else at the next one.
func (w *writer) write() bool {
	w.err = w.attempt()
	if w.err != nil {
		w.hangUp()
		w.next++
	}
	return w.err == nil
}

func (w *writer) attempt() error {
	if w.conn == nil {
		c, err := dialSession(w.addrs[w.next%len(w.addrs)], 30*time.Second, 4096)
		if err != nil {
			return err
		}
		w.conn = c
	}
	// An answer that does not come is given up: the server may be one that has lost its leader.
	if err := w.conn.nc.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	return w.conn.pump(1, 1, func(c *conn, _ int) {
		c.request(zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/", Data: payload, Version: -1})
	})
}

func (w *writer) hangUp() {
	if w.conn != nil {
		w.conn.close()
		w.conn = nil
	}
}

const killsARound = 3

// runThreeFailover measures how long no write is acknowledged when the leader is killed.
// A client at each server writes, one write at a time, and tries the next server at once
// when its own is lost.
func runThreeFailover(ctx context.Context, b *bench) error {
	return b.threes(ctx, "three-failover", func(e *ensemble) error {
		for range killsARound {
			gap, err := e.killLeader(ctx)
			if err != nil {
				return err
			}
			b.report.add(e.kind, figure{name: "three nodes: gap in writes, leader killed", unit: "s", goal: "1/3"}, gap.Seconds())
		}
		return nil
	})
}

// killLeader kills the leader under load, starts it again, and returns the longest time
// without an acknowledged write.
func (e *ensemble) killLeader(ctx context.Context) (time.Duration, error) {
	leader, err := e.leader()
	if err != nil {
		return 0, err
	}
	writing, stop := context.WithCancel(ctx)
	defer stop()
	var g gaps
	var clients sync.WaitGroup
	for i := range nodes {
		clients.Go(func() {
			w := &writer{addrs: e.addrs(), next: i}
			defer w.hangUp()
			for writing.Err() == nil {
				if w.write() {
					g.acknowledged(time.Now())
				} else {
					time.Sleep(time.Millisecond) // the processors are the servers'
				}
			}
		})
	}
	defer clients.Wait()
	defer stop()
	if err := g.await(ctx, 300); err != nil {
		return 0, err
	}
	g.reset()
	e.servers[leader].kill()
	if err := g.await(ctx, 300); err != nil {
		return 0, fmt.Errorf("after the leader's end: %w", err)
	}
	longest := g.longest()
	if err := e.launch(ctx, leader); err != nil {
		return 0, err
	}
	return longest, e.servers[leader].await(ctx)
}

// gaps records when writes were acknowledged.
type gaps struct {
	mu    sync.Mutex
	last  time.Time
	worst time.Duration
	count int
}

func (g *gaps) acknowledged(at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.last.IsZero() {
		g.worst = max(g.worst, at.Sub(g.last))
	}
	g.last = at
	g.count++
}

// reset forgets the gaps before now.
func (g *gaps) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.worst, g.count = 0, 0
}

func (g *gaps) longest() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.worst
}

// await waits for so many acknowledged writes.
func (g *gaps) await(ctx context.Context, n int) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		g.mu.Lock()
		count := g.count
		g.mu.Unlock()
		if count >= n || ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.New("writes stay out for a minute")
}
