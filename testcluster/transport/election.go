package transport

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// ElectionOptions are the particulars of an [ElectionPort].
type ElectionOptions struct {
	ID zab.ServerID
	// Listen is the address to listen on, Advertise the one that others are told; the one
	// listened on where it is empty.
	Listen, Advertise string
	// Peers has the election addresses of the other members; one of this server's own is
	// passed over.
	Peers map[zab.ServerID][]string
	// Network is where the port is; nil is TCP.
	Network Network
	Cuts    *Cuts
	// ConnectTimeout bounds a dial (0: 5 s), HandshakeTimeout the wait for who has connected
	// (0: 10 s).
	ConnectTimeout, HandshakeTimeout time.Duration
	// MaxMessage bounds a message, in bytes; 0 is ZooKeeper's 524288.
	MaxMessage int
	// Logger gets a line for whatever an administrator should look at; nil is silence.
	Logger *slog.Logger
	// Received takes a notification, with From and To. Reachable says that a connection to a
	// server stands (true), or that nobody listens at any of its addresses (false); a dial that
	// times out tells nothing. Both are called from the port's goroutines, one call at a time
	// for a peer, and must not block. Reachable may be nil.
	Received  func(zab.Notification)
	Reachable func(id zab.ServerID, up bool)
}

func (o *ElectionOptions) setDefaults() {
	if o.Network == nil {
		o.Network = TCP()
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 5 * time.Second
	}
	if o.HandshakeTimeout <= 0 {
		o.HandshakeTimeout = 10 * time.Second
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = 512 << 10
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Reachable == nil {
		o.Reachable = func(zab.ServerID, bool) {}
	}
}

// maxStrangers bounds the servers that are talked to although no configuration has them: new
// ones that want to join, and observers without an id.
const maxStrangers = 64

// ElectionPort is a server's end of the election connections.
//
// Between two servers stands at most one connection, which the one with the larger id dials.
// The smaller one, when it has something to say and there is none, connects, tells its id and
// hangs up: the other then dials back. Source: QuorumCnxManager.
type ElectionPort struct {
	o        ElectionOptions
	listener net.Listener
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	running  sync.WaitGroup // every goroutine
	twin     atomic.Bool    // somebody with this server's id was told of

	mu struct {
		sync.Mutex
		closed        bool
		peers         map[zab.ServerID]*peer
		strangers     int           // among peers
		nextAnonymous zab.ServerID  // for observers without an id: -1, -2, …
		conns         map[wire]bool // all that stand
		greeting      []wire        // those that have not said who they are, oldest first
	}
}

// ListenElection binds the port and serves it until Close; ctx is for the binding alone. No
// peer is dialled before there is something to send.
func ListenElection(ctx context.Context, o ElectionOptions) (*ElectionPort, error) {
	o.setDefaults()
	listener, err := o.Network.Listen(ctx, o.Listen)
	if err != nil {
		return nil, fmt.Errorf("election port of server %d: %w", o.ID, err)
	}
	if o.Advertise == "" {
		o.Advertise = listener.Addr().String()
	}
	e := &ElectionPort{o: o, listener: listener}
	e.ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	e.mu.peers = make(map[zab.ServerID]*peer)
	e.mu.conns = make(map[wire]bool)
	e.mu.nextAnonymous = -1
	for id, addrs := range o.Peers {
		if id != o.ID {
			p := newPeer(e, id)
			p.known, p.configured = true, slices.Clone(addrs)
			e.mu.peers[id] = p
			e.running.Go(p.run)
		}
	}
	e.running.Go(e.accept)
	return e, nil
}

// Addr is the address the port listens on.
func (e *ElectionPort) Addr() string { return e.listener.Addr().String() }

// Send hands a notification over for n.To. It never blocks: one message waits for a peer, and
// a newer one replaces it. A fresh connection begins with the message that waits or, without
// one, with the last that was sent. What goes to this server itself, or to one that is neither
// configured nor connected, is dropped.
func (e *ElectionPort) Send(n zab.Notification) {
	e.mu.Lock()
	p := e.mu.peers[n.To]
	e.mu.Unlock()
	if p == nil {
		return
	}
	frame := AppendNotification(make([]byte, 4, 4+oldNotification+4+len(n.Config)), &n)
	jute.PutInt(frame, int32(min(len(frame)-4, math.MaxInt32)))
	p.send(frame)
}

// Close ends the port and its connections, and returns when its goroutines have gone: no
// callback is called any more.
func (e *ElectionPort) Close() error {
	e.cancel()
	err := e.listener.Close()
	e.mu.Lock()
	first := !e.mu.closed
	e.mu.closed = true
	conns := e.mu.conns
	e.mu.conns = nil
	e.mu.Unlock()
	for c := range conns {
		_ = c.Close() // each has a goroutine that looks at its errors
	}
	e.running.Wait()
	if !first {
		return nil
	}
	return err
}

// track has Close end c; after Close it ends c at once and says false.
func (e *ElectionPort) track(c wire) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.closed {
		_ = c.Close() // nobody has seen it
		return false
	}
	e.mu.conns[c] = true
	return true
}

// drop ends c.
func (e *ElectionPort) drop(c wire) {
	e.mu.Lock()
	delete(e.mu.conns, c)
	e.mu.Unlock()
	_ = c.Close() // it may have ended by itself
}

// peer finds a server, or makes a stranger of it: fresh, which the caller has to run. It is
// nil when there are too many of those.
func (e *ElectionPort) peer(id zab.ServerID) (p *peer, fresh bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if id == anonymousObserver {
		id = e.mu.nextAnonymous
		e.mu.nextAnonymous--
	}
	if p = e.mu.peers[id]; p != nil {
		return p, false
	}
	if e.mu.strangers == maxStrangers {
		return nil, false
	}
	p = newPeer(e, id)
	e.mu.peers[id] = p
	e.mu.strangers++
	return p, true
}

// forget removes a stranger whose connection has ended, and says whether it has gone.
func (e *ElectionPort) forget(p *peer) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !p.leave() {
		return false
	}
	delete(e.mu.peers, p.id)
	e.mu.strangers--
	return true
}
