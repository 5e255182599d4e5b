package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

const (
	loadConns  = 6
	loadWindow = 64
)

var payload = bytes.Repeat([]byte("x"), 100)

// operation is one kind of request of the load.
type operation struct {
	name  string
	goal  string
	total int
	next  func(session int) func(c *conn, i int)
}

var operations = []operation{
	{"get", "12x", 300_000, func(int) func(*conn, int) {
		req := &zkproto.PathWatchRequest{Path: "/bench/n"}
		return func(c *conn, _ int) { c.request(zkproto.OpGetData, req) }
	}},
	{"set", "4x", 200_000, func(int) func(*conn, int) {
		req := &zkproto.SetDataRequest{Path: "/bench/n", Data: payload, Version: -1}
		return func(c *conn, _ int) { c.request(zkproto.OpSetData, req) }
	}},
	{"create", "3x", 150_000, func(session int) func(*conn, int) {
		req := &zkproto.CreateRequest{Data: payload, ACL: zkproto.OpenACL()}
		return func(c *conn, i int) {
			req.Path = fmt.Sprintf("/bench/c%d-%07d", session, i)
			c.request(zkproto.OpCreate, req)
		}
	}},
}

// runLoad measures pipelined requests, and the server's memory before and after them.
func runLoad(ctx context.Context, b *bench) error {
	return b.sides(ctx, func(s *server, _ int) error {
		idle, err := s.resident()
		if err != nil {
			return err
		}
		b.report.add(s.kind, figure{name: "resident, idle", unit: "MB", goal: "1/4"}, idle)
		if err := prepareLoad(s.addr); err != nil {
			return err
		}
		for _, op := range operations {
			rate, err := measure([]string{s.addr}, op)
			if err != nil {
				return fmt.Errorf("%s: %w", op.name, err)
			}
			b.report.add(s.kind, figure{name: "pipelined " + op.name, unit: "/s", goal: op.goal, more: true}, rate)
		}
		after, err := s.resident()
		if err != nil {
			return err
		}
		b.report.add(s.kind, figure{name: "resident, after the load", unit: "MB", goal: "1/6"}, after)
		return nil
	})
}

func prepareLoad(addr string) error {
	c, err := dial(addr)
	if err != nil {
		return err
	}
	defer c.close()
	return c.pump(2, 1, func(c *conn, i int) {
		path := []string{"/bench", "/bench/n"}[i]
		c.request(zkproto.OpCreate, &zkproto.CreateRequest{Path: path, Data: payload, ACL: zkproto.OpenACL()})
	})
}

// measure runs an operation from all connections at a time, spread over the servers, and
// returns requests a second.
func measure(addrs []string, op operation) (float64, error) {
	conns := make([]*conn, loadConns)
	for i := range conns {
		c, err := dial(addrs[i%len(addrs)])
		if err != nil {
			return 0, err
		}
		defer c.close()
		if err := c.sync(); err != nil {
			return 0, err
		}
		conns[i] = c
	}
	errs := make([]error, loadConns)
	n := op.total / loadConns
	var wg sync.WaitGroup
	start := time.Now()
	for i, c := range conns {
		wg.Go(func() { errs[i] = c.pump(n, loadWindow, op.next(i)) })
	}
	wg.Wait()
	return float64(n*loadConns) / time.Since(start).Seconds(), errors.Join(errs...)
}
