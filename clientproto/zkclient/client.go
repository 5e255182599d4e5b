package zkclient

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Client is one session with an ensemble, or, with [Config.Renew], one after another. Its
// methods may be called from many goroutines.
//
// Three goroutines serve it, all waited for by Close: run connects, reads and starts over;
// the writer of the present connection; the dispatcher of events. In the read-only state a
// fourth looks for a server that takes writes.
type Client struct {
	cfg    Config
	hosts  []string
	chroot string

	ctx    context.Context // ends run
	cancel context.CancelFunc
	done   chan struct{} // closed when run has ended
	wake   chan struct{} // one token: the writer has something to do
	// closing is closed by Close, under the lock.
	closing chan struct{}

	lastZxid atomic.Int64 // of the last reply; the next server must not be behind it
	links    atomic.Int64 // connections so far
	events   *dispatcher
	watches  watchTables

	next     int       // the host to try next; run's own
	attempts int       // since a connection last lasted; run's own
	failed   []Attempt // of the present pass over the hosts; run's own

	mu struct {
		sync.Mutex
		state    zkproto.KeeperState
		changed  chan struct{} // closed and replaced when anything below has changed
		terminal error         // why no call is taken any more
		server   string        // of the present connection

		setup    fifo // credentials and watches, to be sent before the queue
		queue    fifo // not yet handed to a connection
		dropped  int  // calls in the queue that nobody waits for any more
		sent     fifo // handed to the present connection, replies come in this order
		sentAuth fifo // the same for auth, whose replies keep an order of their own
		xid      int32

		session     Session
		timeout     time.Duration // negotiated
		heard       time.Time     // when a server was last heard
		lost        time.Time     // when the last connection ended
		seenWriter  bool          // the session is one that the whole ensemble knows
		handshaking bool          // a session may be coming into being
		goodbye     *Call         // closeSession, once Close has been called
		repeated    bool          // it was sent twice
		auth        []AuthInfo
		pass        *ConnectError // the last full pass without success, since the last success
		unreachable bool          // OnUnreachable was told, since the last success
	}
}

// New returns a client that is connecting. The error is one of the Config.
func New(cfg Config) (*Client, error) {
	cfg, hosts, chroot, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{
		cfg: cfg, hosts: hosts, chroot: chroot,
		done:    make(chan struct{}),
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		events:  newDispatcher(),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.mu.changed = make(chan struct{})
	c.mu.auth = append(c.mu.auth, cfg.Auth...)
	c.mu.timeout = cfg.SessionTimeout
	if cfg.Session.ID != 0 {
		c.mu.session, c.mu.seenWriter, c.mu.heard = cfg.Session, true, time.Now()
	}
	go c.events.run()
	go c.run()
	return c, nil
}

// Dial is New and [Client.ConnectOnce]; where that fails the client is closed.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.ConnectOnce(ctx); err != nil {
		_ = c.Close(ctx) // the first error is the one that matters
		return nil, err
	}
	return c, nil
}

// Connected waits until the client is connected. When ctx ends first, the error wraps its
// error and, if every server has been tried in vain, a *[ConnectError].
func (c *Client) Connected(ctx context.Context) error { return c.await(ctx, false) }

// ConnectOnce is Connected, but fails with a *[ConnectError] as soon as every server has been
// tried once in vain. Where one of them hung up on the handshake, an election may be going on:
// then it tries for [ElectionPatience]. The client goes on trying.
func (c *Client) ConnectOnce(ctx context.Context) error { return c.await(ctx, true) }

// ElectionPatience is how long ConnectOnce waits for servers that are there and do not serve.
// An ensemble that has lost its leader is back in less.
const ElectionPatience = 2 * time.Second

func (c *Client) await(ctx context.Context, once bool) error {
	patience := time.NewTimer(ElectionPatience)
	defer patience.Stop()
	for impatient := false; ; {
		c.mu.Lock()
		state, terminal, pass, changed := c.mu.state, c.mu.terminal, c.mu.pass, c.mu.changed
		c.mu.Unlock()
		switch {
		case terminal != nil:
			return fmt.Errorf("connect to %s: %w", c.cfg.Servers, terminal)
		case connected(state):
			return nil
		case once && pass != nil && (impatient || !pass.electing()):
			return pass
		}
		select {
		case <-changed:
		case <-patience.C:
			impatient = true
		case <-ctx.Done():
			if pass != nil {
				return fmt.Errorf("%w: %w", ctx.Err(), pass)
			}
			return fmt.Errorf("connect to %s: %w", c.cfg.Servers, ctx.Err())
		}
	}
}

func connected(s zkproto.KeeperState) bool {
	return s == zkproto.StateSyncConnected || s == zkproto.StateConnectedReadOnly
}

// State is Disconnected until the first connection.
func (c *Client) State() zkproto.KeeperState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.state
}

// Session is the present session; its ID is 0 before the first connection.
func (c *Client) Session() Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.session
}

// SessionTimeout is the one the server granted, or the one asked for until then.
func (c *Client) SessionTimeout() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.timeout
}

// Server is the host:port of the present connection, "" where there is none.
func (c *Client) Server() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.server
}

// Connections is how many connections there have been. It counts one before anything is read from it: as long as the
// number stays the same, no event of a persistent watch was missed.
func (c *Client) Connections() int64 { return c.links.Load() }

// Chroot is the path that stands before every path of this client, "" for none.
func (c *Client) Chroot() string { return c.chroot }

// LastZxid is the zxid of the last reply: what the client has seen at least.
func (c *Client) LastZxid() zkproto.Zxid { return zkproto.Zxid(c.lastZxid.Load()) }

// changedLocked wakes those who wait for a change of state.
func (c *Client) changedLocked() {
	close(c.mu.changed)
	c.mu.changed = make(chan struct{})
}

// kick gives the writer its token.
func (c *Client) kick() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
