package quorum

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// Options are the particulars of a [Node].
type Options struct {
	Core    zab.Config
	Durable zab.Durable // as Load returns it

	Folder *txnlog.Folder
	Log    *txnlog.Log // taken over, once Start has returned no error
	// Writer has MaxBatch and FlushDelay; the rest is set by the node.
	Writer txnlog.WriterOptions
	// SnapshotSizeFactor is how much of the log, as a part of the newest snapshot's size, is
	// read for a learner rather than sending it a snapshot; 0 is 0.33.
	SnapshotSizeFactor float64

	App App

	Network transport.Network
	Cuts    *transport.Cuts // may be nil
	// Tick is the length of the core's ticks; 0 is 10 ms.
	Tick time.Duration
	// ElectionAddr and QuorumAddr are this server's own, to listen on. QuorumAddr is bound
	// only while it leads.
	ElectionAddr, QuorumAddr string
	// Advertise is the election address that others are told; "" is ElectionAddr.
	Advertise string
	// Election and Quorum are the members' addresses, each member's in the order in which
	// they are tried.
	Election, Quorum map[zab.ServerID][]string
	// ConnectTimeout bounds the dialling of one address, HandshakeTimeout the wait for an
	// election peer's first message; 0 is 5 s each.
	ConnectTimeout, HandshakeTimeout time.Duration
	// MaxLinkQueue bounds the bytes that wait for one server; 0 is transport's. A server that
	// takes less than it is sent is cut off, and comes back through synchronisation.
	MaxLinkQueue int
	// MaxPacket bounds a packet from another server, in bytes; 0 is transport's.
	MaxPacket int
	// Logger takes the lines for people; nil is none.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Tick == 0 {
		o.Tick = 10 * time.Millisecond
	}
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = 5 * time.Second
	}
	if o.HandshakeTimeout == 0 {
		o.HandshakeTimeout = 5 * time.Second
	}
	if o.SnapshotSizeFactor == 0 {
		o.SnapshotSizeFactor = 0.33
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o *Options) validate() error {
	switch {
	case o.Folder == nil || o.Log == nil:
		return errors.New("start an ensemble's node: no data folder, or no log")
	case o.App == nil:
		return errors.New("start an ensemble's node: no application")
	case o.Network == nil:
		return errors.New("start an ensemble's node: no network")
	case o.Tick < 0:
		return fmt.Errorf("start an ensemble's node: a tick of %v", o.Tick)
	}
	return nil
}
