package ensemble

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// errClosed: the ensemble has been closed.
var errClosed = errors.New("the ensemble is closed")

// with runs a change of one node.
func (e *Ensemble) with(op string, id int, change func(*member) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := errClosed
	if !e.closed {
		err = fmt.Errorf("%w: they are 1 to %d", ErrNoNode, len(e.nodes))
		if id >= 1 && id <= len(e.nodes) {
			err = change(e.nodes[id-1])
		}
	}
	if err != nil {
		return &NodeError{Op: op, ID: id, Err: err}
	}
	return nil
}

// running is with, of a node that runs.
func (e *Ensemble) running(op string, id int, change func(*member)) error {
	return e.with(op, id, func(m *member) error {
		if m.server == nil {
			return ErrNotRunning
		}
		change(m)
		return nil
	})
}

// Kill ends a node without a last word. What it has written stays; with Sync and InMemory
// what it has synced, and by chance more.
func (e *Ensemble) Kill(_ context.Context, id int) error {
	return e.running("kill", id, (*member).kill)
}

// Pause stops a node's clock and all that it reads and writes.
func (e *Ensemble) Pause(_ context.Context, id int) error {
	return e.running("pause", id, (*member).pause)
}

// Resume ends a pause.
func (e *Ensemble) Resume(_ context.Context, id int) error {
	return e.running("resume", id, (*member).resume)
}

func (m *member) pause() {
	m.paused = true
	m.gate.setShut(true)
	m.server.Pause()
}

func (m *member) resume() {
	m.paused = false
	m.server.Resume()
	m.gate.setShut(false)
}

// Restart starts a node again on what it has kept.
func (e *Ensemble) Restart(ctx context.Context, id int) error {
	err := e.with("restart", id, func(m *member) error {
		if err := m.stop(); err != nil {
			return err
		}
		return m.start(ctx)
	})
	if err == nil {
		err = e.await(ctx, "restart", id)
	}
	if err == nil {
		err = e.restartBroker(ctx, id)
	}
	return err
}

// startPatience is how long a node may take until it serves.
const startPatience = time.Minute

// await waits until a node serves, or is excused.
func (e *Ensemble) await(ctx context.Context, op string, id int) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	const first, last = time.Millisecond, 20 * time.Millisecond
	begun := time.Now()
	for pause := first; ; pause = min(pause*3/2, last) {
		_, err := flw.Srvr(ctx, e.nodes[id-1].addr, nil)
		nodes, _ := e.Nodes() // they are all there
		switch {
		case err == nil || errors.Is(err, flw.ErrNotServing) && Excused(nodes, id, time.Since(begun)):
			return nil
		case nodes[id-1].State == Down:
			return &NodeError{Op: op, ID: id, Err: ErrNotRunning}
		}
		select {
		case <-ctx.Done():
			return &NodeError{Op: op, ID: id, Err: fmt.Errorf("it does not serve: %w", errors.Join(ctx.Err(), err))}
		case <-time.After(pause):
		}
	}
}

// cutPatience is how long a node may take that has links to a majority, and perhaps none to
// the leader.
const cutPatience = 4 * time.Second

// Excused tells whether a node that has said for some time that it does not serve may be
// right: it finds no majority, or has long looked for a leader by links some of which are cut.
func Excused(nodes []Node, id int, after time.Duration) bool {
	if !Reaches(nodes, id) {
		return true
	}
	at := slices.IndexFunc(nodes, func(n Node) bool { return n.ID == id })
	return after > cutPatience && len(nodes[at].In)+len(nodes[at].Out) > 0
}

// Reaches tells whether a node, and those that run and that it has links to, are a majority.
func Reaches(nodes []Node, id int) bool {
	at := slices.IndexFunc(nodes, func(n Node) bool { return n.ID == id })
	if at < 0 {
		return false
	}
	voters, near := 0, 0
	for _, n := range nodes {
		if n.Observer {
			continue
		}
		voters++
		if n.State == Running && !slices.Contains(nodes[at].In, n.ID) && !slices.Contains(nodes[at].Out, n.ID) {
			near++
		}
	}
	return near > voters/2
}

// Partition cuts links.
func (e *Ensemble) Partition(_ context.Context, p Partition) error {
	return e.cut(func(nodes []Node) error { return p.Apply(nodes) })
}

// Heal mends all links.
func (e *Ensemble) Heal(context.Context) error {
	return e.cut(func(nodes []Node) error {
		for i := range nodes {
			nodes[i].In, nodes[i].Out = nil, nil
		}
		return nil
	})
}

func (e *Ensemble) cut(change func([]Node) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	nodes := e.listLocked()
	if err := change(nodes); err != nil {
		return err
	}
	for i, m := range e.nodes {
		m.in, m.out = nodes[i].In, nodes[i].Out
		m.cuts.Set(serverIDs(m.in), serverIDs(m.out))
	}
	return nil
}

func serverIDs(ids []int) []zab.ServerID {
	list := make([]zab.ServerID, len(ids))
	for i, id := range ids {
		list[i] = zab.ServerID(id)
	}
	return list
}
