package command

import (
	"context"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// ZK is a ZooKeeper session as commands use it. Paths are absolute and already checked. Version -1 is any.
// A watch that is nil is none; it is called once for one-shot watches, and again and again for those of
// AddWatch. An error wraps the server's [zkproto.Code], or says that the outcome is unknown.
type ZK interface {
	// Create makes a znode and returns its path, which differs from the one asked for where the mode is
	// sequential. ttl is for the modes that have one, in whole milliseconds.
	Create(ctx context.Context, path string, data []byte, acl []zkproto.ACL, mode zkproto.CreateMode, ttl time.Duration) (string, *zkproto.Stat, error)
	Delete(ctx context.Context, path string, version int32) error
	Exists(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) (*zkproto.Stat, error)
	Get(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]byte, *zkproto.Stat, error)
	Set(ctx context.Context, path string, data []byte, version int32) (*zkproto.Stat, error)
	Children(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]string, *zkproto.Stat, error)

	// Close ends the session on the server and waits, no longer than ctx, until that is known.
	Close(ctx context.Context) error
}

// Target says how to open a session.
type Target struct {
	Servers  string // host:port[,host:port][/chroot]
	Timeout  time.Duration
	ReadOnly bool // a read-only server will do
	// Events is called with the changes of the session's state, one call at a time.
	Events func(zkproto.WatchedEvent)
}

// Client is how the shell reaches servers. cmd/zoka fills it: commands know no sockets.
type Client struct {
	// Dial opens a session, and returns when it is there.
	Dial func(context.Context, Target) (ZK, error)
	// WithSent returns a context for one call of a ZK's method; sent is called when the call's request has its
	// place in the session's queue, so that a later request cannot overtake it.
	WithSent func(ctx context.Context, sent func()) context.Context
	// FourLetter asks a server (host:port) with a four-letter word.
	FourLetter func(ctx context.Context, server, word string) (string, error)
}
