package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// runThreeStart measures the time from the start of three processes to the first write
// that is acknowledged.
func runThreeStart(ctx context.Context, b *bench) error {
	return b.turns(func(k kind, round int) error {
		start := time.Now()
		e, err := b.launchThree(ctx, k, fmt.Sprintf("three-start-%s-%d", k.name, round))
		if err != nil {
			return err
		}
		defer e.end()
		w := &writer{addrs: e.addrs()}
		defer w.hangUp()
		for !w.write() {
			if ctx.Err() != nil || time.Since(start) > time.Minute {
				return fmt.Errorf("no write in %v: %w", time.Since(start), w.err)
			}
			time.Sleep(2 * time.Millisecond) // between two knocks
		}
		b.report.add(k, figure{name: "three nodes: start to first write", unit: "s", goal: "1/8"}, time.Since(start).Seconds())
		return nil
	})
}

// threeOperations are those of one server, in all a million.
var threeOperations = []struct {
	operation
	total int
	goal  string
}{
	{operations[0], 600_000, "8x"}, {operations[1], 200_000, "3x"}, {operations[2], 200_000, "3x"},
}

// runThreeLoad measures pipelined requests at all servers, and their memory before and
// after a million of them.
func runThreeLoad(ctx context.Context, b *bench) error {
	return b.threes(ctx, "three-load", func(e *ensemble) error {
		idle, err := e.resident()
		if err != nil {
			return err
		}
		b.report.add(e.kind, figure{name: "three nodes: resident each, idle", unit: "MB", goal: "1/3"}, idle)
		if err := prepareLoad(e.addrs()[0]); err != nil {
			return err
		}
		for _, op := range threeOperations {
			op.operation.total = op.total
			rate, err := measure(e.addrs(), op.operation)
			if err != nil {
				return fmt.Errorf("%s: %w", op.name, err)
			}
			b.report.add(e.kind, figure{name: "three nodes: pipelined " + op.name, unit: "/s", goal: op.goal, more: true}, rate)
		}
		after, err := e.resident()
		if err != nil {
			return err
		}
		b.report.add(e.kind, figure{name: "three nodes: resident each, after 1 M requests", unit: "MB", goal: "1/6"}, after)
		return nil
	})
}

const (
	oneByOne  = 3000
	warmUp    = 1000 // writes that are not counted: a JVM compiles first
	fsyncs    = 500
	entrySize = 200 // bytes that a logged write has, about
)

// runThreeWrite measures one client at the leader that waits for each write, and what
// fdatasync alone takes on the same disk.
func runThreeWrite(ctx context.Context, b *bench) error {
	return b.threes(ctx, "three-write", func(e *ensemble) error {
		leader, err := e.leader()
		if err != nil {
			return err
		}
		addr := e.addrs()[leader]
		if err := prepareLoad(addr); err != nil {
			return err
		}
		c, err := dial(addr)
		if err != nil {
			return err
		}
		defer c.close()
		req := &zkproto.SetDataRequest{Path: "/bench/n", Data: payload, Version: -1}
		took := make([]float64, 0, oneByOne)
		for i := range warmUp + oneByOne {
			start := time.Now()
			if err := c.pump(1, 1, func(c *conn, _ int) { c.request(zkproto.OpSetData, req) }); err != nil {
				return err
			}
			if i >= warmUp {
				took = append(took, milliseconds(time.Since(start)))
			}
		}
		slices.Sort(took)
		b.report.add(e.kind, figure{name: "three nodes: one write at a time, p50", unit: "ms", goal: "0.6x"}, median(took))
		b.report.add(e.kind, figure{name: "three nodes: one write at a time, p99", unit: "ms", goal: "-"}, took[len(took)*99/100])
		alone, err := syncAlone(filepath.Join(e.dir, "sync"))
		if err != nil {
			return err
		}
		b.report.add(e.kind, figure{name: "fdatasync of 200 bytes meanwhile, p50", unit: "ms", goal: "-"}, alone)
		return nil
	})
}

// syncAlone is the median time of a small append and fdatasync to a preallocated file.
func syncAlone(path string) (float64, error) {
	f, err := storage.Create(storage.Disk(), path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := f.Allocate(0, fsyncs*entrySize); err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	entry := make([]byte, entrySize)
	took := make([]float64, fsyncs)
	for i := range took {
		start := time.Now()
		if _, err := f.Write(entry); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took[i] = milliseconds(time.Since(start))
	}
	return median(took), nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
