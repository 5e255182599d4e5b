package zkclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Defaults of [Config].
const (
	DefaultSessionTimeout = 30 * time.Second
	// DefaultMaxBuffer is Apache's jute.maxbuffer.
	DefaultMaxBuffer = 0xfffff
	// maxReply bounds a reply. Apache's client has the same limit for both directions, and so
	// cannot list a znode with many children; its server does not limit replies.
	maxReply = 64 << 20
)

// Dialer opens a connection. It is net.Dialer.DialContext by default; another one may add
// TLS or a link made for a test.
type Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// AuthInfo is a credential: for scheme digest, Auth is "user:password".
type AuthInfo struct {
	Scheme string
	Auth   []byte
}

// Session is what it takes to attach to a session from anywhere.
type Session struct {
	ID       zkproto.SessionID
	Password []byte
}

// Config says what to connect to and how. Only Servers is needed.
type Config struct {
	// Servers is a connect string, see [ParseConnectString].
	Servers string
	// SessionTimeout is asked for; the server answers with one within its own limits.
	SessionTimeout time.Duration
	// ReadOnly accepts a server that has lost its quorum and serves reads alone, while the
	// client goes on looking for one that serves writes.
	ReadOnly bool
	// Renew opens a new session when one has expired. Otherwise the client is done then.
	Renew bool
	// Session, if its ID is not 0, is attached to instead of opening a new one.
	Session Session
	// Auth is sent on every new connection. A server that refuses one of these ends the client
	// with zkproto.AuthFailed.
	Auth []AuthInfo
	// SASL, if set, makes a mechanism for each new connection, which authenticates before any
	// request is sent. A server that refuses it ends the client with zkproto.AuthFailed.
	SASL func() SASLMechanism
	// OnEvent gets the changes of state and the events of watches set with [DefaultWatch].
	OnEvent func(zkproto.WatchedEvent)
	// OnUnreachable is told why, once after each loss of the connection, when no server has taken the
	// session back for [ElectionPatience]. The client goes on trying.
	OnUnreachable func(*ConnectError)
	Dialer        Dialer
	// Shuffle tries the servers in random order instead of the order of the connect string.
	Shuffle bool
	// Rand is the source of that order and of the jitter of delays. It is not shared.
	Rand *rand.Rand
	// MaxBuffer is the largest request frame in bytes: the jute.maxbuffer of the servers,
	// which drop the connection that sends a larger one.
	MaxBuffer int
}

// withDefaults fills in what is left out and parses the servers.
func (cfg Config) withDefaults() (_ Config, hosts []string, chroot string, err error) {
	hosts, chroot, err = ParseConnectString(cfg.Servers)
	if err != nil {
		return cfg, nil, "", err
	}
	if cfg.SessionTimeout < 0 || cfg.SessionTimeout.Milliseconds() > 1<<31-1 {
		return cfg, nil, "", errors.New("session timeout " + cfg.SessionTimeout.String() + " does not fit 31 bits of milliseconds")
	}
	if cfg.SessionTimeout == 0 {
		cfg.SessionTimeout = DefaultSessionTimeout
	}
	if cfg.MaxBuffer <= 0 {
		cfg.MaxBuffer = DefaultMaxBuffer
	}
	if cfg.Dialer == nil {
		cfg.Dialer = new(net.Dialer).DialContext
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(zkproto.WatchedEvent) {}
	}
	if cfg.OnUnreachable == nil {
		cfg.OnUnreachable = func(*ConnectError) {}
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if cfg.Shuffle {
		cfg.Rand.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	}
	return cfg, hosts, chroot, nil
}
