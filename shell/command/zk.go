package command

import (
	"context"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// ZK is a ZooKeeper session as commands use it; its methods are those of zkclient.Client, whose comments tell
// more. Paths are absolute. Version -1 is any. A watch that is nil is none; one-shot watches are called once,
// those of AddWatch again and again, and each a last time when its session ends, with type None. An error wraps
// the server's zkproto.Code where it was the server that refused.
type ZK interface {
	Create(ctx context.Context, path string, data []byte, acl []zkproto.ACL, mode zkproto.CreateMode, ttl time.Duration) (string, zkproto.Stat, error)
	Delete(ctx context.Context, path string, version int32) error
	Exists(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) (zkproto.Stat, error)
	Get(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]byte, zkproto.Stat, error)
	Set(ctx context.Context, path string, data []byte, version int32) (zkproto.Stat, error)
	// Children are sorted.
	Children(ctx context.Context, path string, watch func(zkproto.WatchedEvent)) ([]string, zkproto.Stat, error)
	GetACL(ctx context.Context, path string) ([]zkproto.ACL, zkproto.Stat, error)
	SetACL(ctx context.Context, path string, acl []zkproto.ACL, version int32) (zkproto.Stat, error)
	Sync(ctx context.Context, path string) error
	Multi(ctx context.Context, ops []zkproto.MultiOp) ([]zkproto.MultiResult, error)
	MultiRead(ctx context.Context, ops []zkproto.MultiOp) ([]zkproto.MultiResult, error)
	AddAuth(ctx context.Context, scheme string, auth []byte) error
	WhoAmI(ctx context.Context) ([]zkproto.ClientInfo, error)
	Ephemerals(ctx context.Context, prefix string) ([]string, error)
	AllChildrenNumber(ctx context.Context, path string) (int, error)
	AddWatch(ctx context.Context, path string, mode zkproto.AddWatchMode, watch func(zkproto.WatchedEvent)) error
	CheckWatches(ctx context.Context, path string, t zkproto.WatcherType) error
	RemoveWatches(ctx context.Context, path string, t zkproto.WatcherType, local bool) error
	Config(ctx context.Context, watch func(zkproto.WatchedEvent)) ([]byte, zkproto.Stat, error)
	Reconfig(ctx context.Context, joining, leaving, newMembers string, from int64) ([]byte, zkproto.Stat, error)

	// Server is the host:port of the present connection, "" where there is none.
	Server() string
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
	// Unreachable is told, once after each loss of the connection, why no server takes the session back. Nil is
	// nobody.
	Unreachable func(error)
}

// Client is how the shell reaches servers. cmd/zoka fills it: commands know no sockets.
type Client struct {
	// Dial opens a session, and returns when it is there, or when that has failed or taken Target.Timeout.
	Dial func(context.Context, Target) (ZK, error)
	// WithSent returns a context for one call of a ZK's method; sent is called when the call's request has its
	// place in the session's queue, so that a later request cannot overtake it.
	WithSent func(ctx context.Context, sent func()) context.Context
	// FourLetter asks the first server of a connect string with a four-letter word.
	FourLetter func(ctx context.Context, server, word string) (string, error)
	// Kafka is how it reaches brokers.
	Kafka KafkaClient
}
