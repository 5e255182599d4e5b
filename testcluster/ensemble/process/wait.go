package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
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

// settle waits until what was started serves. If that fails it is stopped again.
func (c *Cluster) settle(ctx context.Context, started Started) error {
	err := c.awaitAll(ctx, started)
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

// awaitAll waits until all nodes that run serve, but for those that are cut off, and until a
// session can be opened. It gives up when so many have ended, or are cut off, that the others
// cannot serve.
func (c *Cluster) awaitAll(ctx context.Context, started Started) error {
	patient, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	s, err := c.load()
	if err != nil {
		return err
	}
	nodes := s.list()
	for i, n := range nodes {
		if slices.Contains(started.New, n.ID) {
			nodes[i].State = ensemble.Running // it may have ended already: that will be told
		}
	}
	w := &waiting{}
	if err := paused(nodes); err != nil {
		w.fail(err)
	}
	switch {
	case !c.majority(started.New...): // others are paused
		return w.because(errTooFew)
	case !slices.ContainsFunc(nodes, func(n ensemble.Node) bool { return ensemble.Reaches(nodes, n.ID) }):
		return &NotServingError{errCut}
	}
	w.await(patient, cancel, c, nodes)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !c.majority():
		return w.because(errTooFew)
	case patient.Err() != nil:
		return &NotServingError{w.because(patient.Err())}
	case len(w.addrs) == 0:
		return &NotServingError{w.because(errCut)}
	}
	if err := session(patient, strings.Join(w.addrs, ",")); err != nil {
		return &NotServingError{err}
	}
	fresh := slices.DeleteFunc(nodes, func(n ensemble.Node) bool { return !slices.Contains(started.New, n.ID) })
	if err := c.awaitBrokers(patient, fresh, w.addrs, started.at); err != nil {
		return &NotServingError{err}
	}
	if len(w.errs) > 0 {
		return &PartialError{len(w.addrs), len(nodes), &w.failures}
	}
	return nil
}

// sessionPatience is how long nodes that have said that they serve may take to show it: one
// that was their leader may have gone since.
const sessionPatience = 15 * time.Second

// session opens a session, which is a write, and closes it.
func session(ctx context.Context, servers string) error {
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	for {
		zk, err := zkclient.Dial(ctx, zkclient.Config{Servers: servers})
		if err == nil {
			err = zk.Close(ctx)
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// waiting is what the nodes have come to, as their waits tell.
type waiting struct {
	failures
	addrs []string // of those that serve
}

// await waits for all nodes that run, and no longer when so many have ended that it is no use.
func (w *waiting) await(ctx context.Context, cancel context.CancelFunc, c *Cluster, nodes []ensemble.Node) {
	var answers sync.WaitGroup
	for _, n := range nodes {
		if n.State != ensemble.Running {
			continue
		}
		answers.Go(func() {
			serves, err := c.awaitServing(ctx, n)
			switch {
			case serves:
				w.serve(n.Addr)
			case err == nil:
				w.fail(&ensemble.NodeError{ID: n.ID, Err: cutOff(n)})
			case errors.Is(ctx.Err(), context.Canceled): // it is not to blame
			default:
				if w.fail(err); !c.majority() {
					cancel()
				}
			}
		})
	}
	answers.Wait()
}

func (w *waiting) serve(addr string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addrs = append(w.addrs, addr)
}

// majority tells whether enough voters run, if these do.
func (c *Cluster) majority(these ...int) bool {
	nodes, err := c.Nodes()
	if err != nil {
		return false
	}
	voters, alive := 0, 0
	for _, n := range nodes {
		if n.Observer {
			continue
		}
		voters++
		if n.State == ensemble.Running || slices.Contains(these, n.ID) {
			alive++
		}
	}
	return alive > voters/2
}

// awaitServing waits until a node serves. One that is cut off need only say that it does not;
// where it could find a majority all the same it has a while to try.
func (c *Cluster) awaitServing(ctx context.Context, n ensemble.Node) (serves bool, err error) {
	const first, last = 2 * time.Millisecond, 20 * time.Millisecond
	begun := time.Now()
	for pause := first; ; pause = min(pause*3/2, last) {
		_, err := flw.Srvr(ctx, n.Addr, nil)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, flw.ErrNotServing) && c.excused(n.ID, time.Since(begun)):
			return false, nil
		}
		if ended := c.whyEnded(n.ID); ended != nil {
			return false, &ensemble.NodeError{ID: n.ID, Err: ended}
		}
		select {
		case <-ctx.Done():
			return false, &ensemble.NodeError{ID: n.ID, Err: fmt.Errorf("it does not serve: %w: %w", ctx.Err(), err)}
		case <-time.After(pause):
		}
	}
}

// awaitNode waits until a node that was started serves, or is excused.
func (c *Cluster) awaitNode(ctx context.Context, id int, since time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	s, err := c.load()
	if err != nil {
		return err
	}
	serves, err := c.awaitServing(ctx, ensemble.Node{ID: id, Addr: s.node(id).addr()})
	if err == nil && serves {
		err = c.awaitBrokers(ctx, []ensemble.Node{s.list()[id-1]}, []string{s.node(id).addr()}, since)
	}
	var node *ensemble.NodeError
	if errors.As(err, &node) {
		node.Op = "restart"
	}
	return err
}

// excused tells whether a node need not serve.
func (c *Cluster) excused(id int, after time.Duration) bool {
	nodes, err := c.Nodes()
	return err == nil && ensemble.Excused(nodes, id, after)
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
