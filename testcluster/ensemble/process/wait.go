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

// awaitAll waits until all nodes that run serve, and until a session can be opened. It gives
// up when so many have ended that the others cannot serve.
func (c *Cluster) awaitAll(ctx context.Context, started []int) error {
	patient, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	s, err := c.load()
	if err != nil {
		return err
	}
	if !c.majority(started...) { // others are paused
		return errTooFew
	}
	var serving sync.WaitGroup
	var dead failures
	for _, n := range s.list() {
		if n.State != ensemble.Running && !slices.Contains(started, n.ID) {
			continue
		}
		serving.Go(func() {
			err := c.awaitServing(patient, n)
			if err == nil || patient.Err() != nil {
				return
			}
			if dead.add(err); !c.majority() {
				cancel()
			}
		})
	}
	serving.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !c.majority():
		return dead.because(errTooFew)
	case patient.Err() != nil:
		return dead.because(fmt.Errorf("it does not serve: %w", patient.Err()))
	}
	zk, err := zkclient.Dial(patient, zkclient.Config{Servers: c.ConnectString()})
	if err == nil {
		err = zk.Close(patient)
	}
	if err == nil && len(dead.errs) > 0 {
		err = &PartialError{&dead}
	}
	return err
}

// errTooFew: the ensemble cannot serve.
var errTooFew = errors.New("too few nodes run for a majority")

// failures are the nodes that could not be started, and why.
type failures struct {
	mu   sync.Mutex
	errs []error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

// because puts the failures behind what has come of them.
func (f *failures) because(err error) error {
	if len(f.errs) == 0 {
		return err
	}
	return fmt.Errorf("%w: %w", err, f)
}

// Error is one line.
func (f *failures) Error() string {
	texts := make([]string, len(f.errs))
	for i, err := range f.errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (f *failures) Unwrap() []error { return f.errs }

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
