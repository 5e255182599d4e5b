package transport

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// Cuts holds back the bytes between this server and others, as a pulled cable does: there is
// neither an error nor an end, and what is held goes on when the cable is back. It applies to
// connections whose peer is known and to dials, which hang until their time is up. A
// connection that this side closes meanwhile stays open to the other side until then.
//
// The zero value cuts nothing, and so does a nil *Cuts. It may be changed at any time.
type Cuts struct {
	now atomic.Pointer[cutState] // nil: nothing has been cut yet
	mu  struct {
		sync.Mutex
		unheard []*cutConn // closed here, and the other side must not hear of it yet
	}
}

// maxUnheard bounds the connections that are kept for a cut to heal; beyond it the oldest ends.
const maxUnheard = 64

// cutState is what holds until the next Set, which closes changed.
type cutState struct {
	in, out []zab.ServerID
	changed chan struct{}
}

// Set replaces what is cut: nothing arrives any more from the servers of in, and nothing
// leaves for those of out.
func (c *Cuts) Set(in, out []zab.ServerID) {
	next := &cutState{in: slices.Clone(in), out: slices.Clone(out), changed: make(chan struct{})}
	c.mu.Lock()
	if before := c.now.Swap(next); before != nil {
		close(before.changed)
	}
	var heard []*cutConn
	c.mu.unheard = slices.DeleteFunc(c.mu.unheard, func(conn *cutConn) bool {
		id, _ := conn.peer()
		still := slices.Contains(next.out, id)
		if !still {
			heard = append(heard, conn)
		}
		return !still
	})
	c.mu.Unlock()
	for _, conn := range heard {
		_ = conn.Conn.Close() // its owner has gone
	}
}

// keep takes over a connection that this side has closed while its peer is cut off, and says
// whether it is.
func (c *Cuts) keep(conn *cutConn) bool {
	id, known := conn.peer()
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, held := c.holds(id, false, true); !known || !held {
		return false
	}
	if len(c.mu.unheard) == maxUnheard {
		_ = c.mu.unheard[0].Conn.Close()
		c.mu.unheard = slices.Delete(c.mu.unheard, 0, 1)
	}
	c.mu.unheard = append(c.mu.unheard, conn)
	return true
}

// holds says whether the server is cut off; changed is closed when the answer may be another.
func (c *Cuts) holds(id zab.ServerID, in, out bool) (changed <-chan struct{}, held bool) {
	s := c.now.Load()
	if s == nil {
		return nil, false
	}
	return s.changed, in && slices.Contains(s.in, id) || out && slices.Contains(s.out, id)
}

// AwaitDial returns when nothing is cut between this server and another, which is when a dial
// to it may begin, or with the error of ctx. [ElectionPort] does it by itself; who dials a
// quorum port calls it before.
func (c *Cuts) AwaitDial(ctx context.Context, id zab.ServerID) error {
	if c == nil {
		return nil
	}
	for {
		changed, held := c.holds(id, true, true)
		if !held {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
