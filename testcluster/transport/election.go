package transport

import (
	"context"
	"log/slog"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// ElectionOptions are the particulars of an [ElectionPort].
type ElectionOptions struct {
	ID zab.ServerID
	// Listen is the address to listen on, Advertise the one that others are told; the one
	// listened on where it is empty.
	Listen, Advertise string
	// Peers has the election addresses of every other member.
	Peers   map[zab.ServerID][]string
	Network Network
	Cuts    *Cuts
	// ConnectTimeout bounds a dial (0: 5 s), HandshakeTimeout the wait for who has connected
	// (0: 10 s).
	ConnectTimeout, HandshakeTimeout time.Duration
	// MaxMessage bounds a message, in bytes; 0 is ZooKeeper's 524288.
	MaxMessage int
	Logger     *slog.Logger
	// Received takes a notification, with From and To. Reachable says that a connection to a
	// server stands, or that nobody listens at any of its addresses; a dial that times out
	// tells nothing. Both are called from the port's goroutines, one call at a time for a
	// peer, and must not block.
	Received  func(zab.Notification)
	Reachable func(id zab.ServerID, up bool)
}

// ElectionPort is a server's end of the election connections.
type ElectionPort struct{}

// ListenElection binds the port.
func ListenElection(ctx context.Context, o ElectionOptions) (*ElectionPort, error) {
	return &ElectionPort{}, nil
}

// Addr is the address the port listens on.
func (e *ElectionPort) Addr() string { return "" }

// Send hands a notification over for n.To. It never blocks: one message waits for a peer, and
// a newer one replaces it.
func (e *ElectionPort) Send(n zab.Notification) {}

// Close ends the port, its connections and its goroutines.
func (e *ElectionPort) Close() error { return nil }
