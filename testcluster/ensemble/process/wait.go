package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// startPatience is how long an ensemble may take until it serves. Data of gigabytes have to
// be read in that time; without them it is a blink.
const startPatience = 2 * time.Minute

// PartialError tells of an ensemble that serves with fewer nodes than it should.
type PartialError struct{ Err error }

func (e *PartialError) Error() string { return "it serves, but " + e.Err.Error() }
func (e *PartialError) Unwrap() error { return e.Err }

// settle waits until what was started serves. If that fails it is stopped again.
func (c *Cluster) settle(ctx context.Context, started Started) error {
	err := c.awaitAll(ctx, started.New)
	var partial *PartialError
	if err == nil || errors.As(err, &partial) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*stopPatience)
	defer cancel()
	return errors.Join(err, c.update(ctx, func(s *state) error {
		var ours []*node
		for _, id := range started.New {
			ours = append(ours, s.node(id))
		}
		return c.stop(ctx, ours, syscall.SIGTERM)
	}))
}

// awaitAll waits until all nodes that run serve, and until a session can be opened.
func (c *Cluster) awaitAll(ctx context.Context, started []int) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	s, err := c.load()
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	failed := make([]error, len(s.Nodes))
	for i, n := range s.list() {
		if n.State == ensemble.Running || slices.Contains(started, n.ID) {
			serving.Go(func() { failed[i] = c.awaitServing(ctx, n) })
		}
	}
	serving.Wait()
	dead := errors.Join(failed...)
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return ctx.Err()
	}
	if dead != nil && !c.majority(s, failed) {
		return dead
	}
	zk, err := zkclient.Dial(ctx, zkclient.Config{Servers: c.ConnectString()})
	if err != nil {
		return errors.Join(dead, err)
	}
	if err := zk.Close(ctx); err != nil {
		return errors.Join(dead, err)
	}
	if dead != nil {
		return &PartialError{dead}
	}
	return nil
}

// majority tells whether enough voters have not failed.
func (c *Cluster) majority(s *state, failed []error) bool {
	voters, alive := 0, 0
	for i, n := range s.Nodes {
		if n.Observer {
			continue
		}
		voters++
		if failed[i] == nil && n.running() {
			alive++
		}
	}
	return alive > voters/2
}

// awaitServing waits until a node serves, or has ended.
func (c *Cluster) awaitServing(ctx context.Context, n ensemble.Node) error {
	return c.awaitAnswer(ctx, n.ID, n.Addr, func(err error) bool { return err == nil })
}

// awaitAnswer asks a node until what it says is enough.
func (c *Cluster) awaitAnswer(ctx context.Context, id int, addr string, enough func(error) bool) error {
	const first, last = 2 * time.Millisecond, 20 * time.Millisecond
	for pause := first; ; pause = min(pause*3/2, last) {
		_, err := flw.Srvr(ctx, addr, nil)
		if enough(err) {
			return nil
		}
		if ended := c.whyEnded(id); ended != nil {
			return &ensemble.NodeError{Op: "start", ID: id, Err: ended}
		}
		select {
		case <-ctx.Done():
			return &ensemble.NodeError{Op: "await", ID: id, Err: fmt.Errorf("it does not serve: %w: %w", ctx.Err(), err)}
		case <-time.After(pause):
		}
	}
}

// awaitNode waits until a node that was started serves; where it finds no majority, until it
// says so.
func (c *Cluster) awaitNode(ctx context.Context, id int) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	s, err := c.load()
	if err != nil {
		return err
	}
	return c.awaitAnswer(ctx, id, s.node(id).addr(), func(err error) bool {
		return err == nil || errors.Is(err, flw.ErrNotServing) && !c.reaches(id)
	})
}

// reaches tells whether a node can find a majority.
func (c *Cluster) reaches(id int) bool {
	nodes, err := c.Nodes()
	return err == nil && ensemble.Reaches(nodes, id)
}

// whyEnded returns nil for a node that runs, and else what it has said last.
func (c *Cluster) whyEnded(id int) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	if s.node(id).running() {
		return nil
	}
	text, err := lastLine(c.logFile(id))
	if err != nil {
		return err
	}
	return fmt.Errorf("it has ended: %s", text)
}

// lastLine is the last line of a file.
func lastLine(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	const longest = 4 << 10
	b := make([]byte, min(size, longest))
	if _, err := f.ReadAt(b, size-int64(len(b))); err != nil {
		return "", err
	}
	b = bytes.TrimSpace(b)
	return string(b[bytes.LastIndexByte(b, '\n')+1:]), nil
}
