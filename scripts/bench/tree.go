package main

import (
	"context"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

const (
	treeSize  = 1_000_000
	treeBatch = 500
)

// runTree measures a server with a million znodes of 100 bytes, and its restart.
func runTree(ctx context.Context, b *bench) error {
	for _, k := range b.only {
		name := "tree-" + k.name
		s, err := b.startServer(ctx, k, name)
		if err != nil {
			return err
		}
		start := time.Now()
		if err := growTree(s.addr); err != nil {
			s.stop()
			return err
		}
		b.report.add(k, figure{name: "1 M znodes, created by multis of 500", unit: "s", goal: "15 s"}, time.Since(start).Seconds())
		full, err := s.resident()
		s.stop()
		if err != nil {
			return err
		}
		b.report.add(k, figure{name: "resident, 1 M znodes", unit: "MB", goal: "350 MB"}, full)
		for range b.rounds {
			start := time.Now()
			s, err := b.startServer(ctx, k, name)
			if err != nil {
				return err
			}
			b.report.add(k, figure{name: "start with 1 M znodes", unit: "s", goal: "1.5 s"}, time.Since(start).Seconds())
			loaded, err := s.resident()
			s.stop()
			if err != nil {
				return err
			}
			b.report.add(k, figure{name: "resident, started with 1 M znodes", unit: "MB", goal: "350 MB"}, loaded)
		}
	}
	return nil
}

// growTree creates 1,000 parents with 999 children each.
func growTree(addr string) error {
	c, err := dial(addr)
	if err != nil {
		return err
	}
	defer c.close()
	return c.pump(treeSize/treeBatch, 4, func(c *conn, batch int) {
		m := &zkproto.MultiRequest{Ops: make([]zkproto.MultiOp, treeBatch)}
		for i := range m.Ops {
			n := batch*treeBatch + i
			path := fmt.Sprintf("/t%04d", n/1000)
			if n%1000 > 0 {
				path += fmt.Sprintf("/node%03d", n%1000)
			}
			m.Ops[i] = zkproto.MultiOp{Op: zkproto.OpCreate, Req: &zkproto.CreateRequest{Path: path, Data: payload, ACL: zkproto.OpenACL()}}
		}
		c.request(zkproto.OpMulti, m)
	})
}
