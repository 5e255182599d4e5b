package command

import (
	"context"
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Sessions holds the shell's ZooKeeper session: it opens one when the first command needs it, another after one
// has expired, and closes the last. It is safe for use by several goroutines.
type Sessions struct {
	dial    func(context.Context, Target) (ZK, error)
	options *Options
	// changed is told of changes of the session's state, apart from those that were asked for; moved of all.
	changed func(zkproto.WatchedEvent)
	moved   func()

	dialing chan struct{} // held while a session is opened or closed

	mu     sync.Mutex
	target Target // of the last session, or of the first to come
	now    *held  // nil before the first session and after the last
	closed bool   // by Close: only Connect opens another
}

// held is a session with its state. It is guarded by Sessions.mu.
type held struct {
	zk    ZK
	state zkproto.KeeperState
	// quiet: its changes were asked for, since it is being opened or closed.
	quiet bool
}

// NewSessions returns Sessions without a session. The timeout of target is the option's. Events go to changed
// when the session's state changes by itself; moved is called whenever [Sessions.State] has changed.
func NewSessions(client Client, options *Options, target Target, changed func(zkproto.WatchedEvent), moved func()) *Sessions {
	return &Sessions{
		dial: client.Dial, options: options, changed: changed, moved: moved, target: target,
		dialing: make(chan struct{}, 1),
	}
}

// ZK returns the session, opening it if need be. After Close it returns [ErrNotConnected].
func (s *Sessions) ZK(ctx context.Context) (ZK, error) {
	if zk, err := s.current(); zk != nil || err != nil {
		return zk, err
	}
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	if zk, err := s.current(); zk != nil || err != nil {
		return zk, err
	}
	return s.open(ctx, s.Servers())
}

func (s *Sessions) current() (ZK, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrNotConnected
	}
	if s.now == nil || s.now.state == zkproto.StateExpired {
		return nil, nil
	}
	return s.now.zk, nil
}

// Connect opens a session, and then closes the one before. Empty servers are those of the last session.
func (s *Sessions) Connect(ctx context.Context, servers string) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	if servers == "" {
		servers = s.Servers()
	}
	_, err := s.open(ctx, servers)
	return err
}

// Close ends the session. Without one it does nothing.
func (s *Sessions) Close(ctx context.Context) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	s.mu.Lock()
	old := s.now
	s.now, s.closed = nil, true
	s.mu.Unlock()
	return s.end(ctx, old)
}

// open is called with dialing held.
func (s *Sessions) open(ctx context.Context, servers string) (ZK, error) {
	next := &held{state: zkproto.StateDisconnected, quiet: true}
	s.mu.Lock()
	target := s.target
	s.mu.Unlock()
	target.Servers = servers
	target.Timeout = s.options.Now().Timeout
	target.Events = func(ev zkproto.WatchedEvent) { s.event(next, ev) }

	zk, err := s.dial(ctx, target)
	if err != nil && ctx.Err() == nil {
		err = &ConnectError{Servers: servers, Err: err}
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	old := s.now
	next.zk, next.quiet = zk, false
	if next.state == zkproto.StateDisconnected { // the event may be late
		next.state = zkproto.StateSyncConnected
	}
	s.now, s.target.Servers, s.closed = next, servers, false
	s.mu.Unlock()
	_ = s.end(ctx, old) // an expired session, or one that is given up for the new one
	return zk, nil
}

// end closes a session that is not the present one any more. Who is in a hurry must wait for that: nobody else
// would end it. The client bounds it.
func (s *Sessions) end(ctx context.Context, old *held) error {
	if old == nil {
		return nil
	}
	s.mu.Lock()
	old.quiet = true
	s.mu.Unlock()
	err := old.zk.Close(context.WithoutCancel(ctx))
	s.moved()
	return err
}

func (s *Sessions) event(h *held, ev zkproto.WatchedEvent) {
	s.mu.Lock()
	tell := !h.quiet && h.state != ev.State
	h.state = ev.State
	s.mu.Unlock()
	if tell {
		s.changed(ev)
	}
	s.moved()
}

// lock takes the right to open and close sessions, or gives up with ctx.
func (s *Sessions) lock(ctx context.Context) error {
	select {
	case s.dialing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Sessions) unlock() { <-s.dialing }

// Servers are those of the session, or those that the next one will be opened on.
func (s *Sessions) Servers() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.target.Servers
}

// Server is the host:port that the session is connected to, "" where there is none.
func (s *Sessions) Server() string {
	s.mu.Lock()
	now := s.now
	s.mu.Unlock()
	if now == nil {
		return ""
	}
	return now.zk.Server()
}

// State is the session's state in zkCli's words: CONNECTED, CONNECTING, CLOSED, CONNECTEDREADONLY, AUTH_FAILED
// and, before the first session, NOT_CONNECTED.
func (s *Sessions) State() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return "CLOSED"
	case s.now == nil:
		return "NOT_CONNECTED"
	}
	switch s.now.state {
	case zkproto.StateDisconnected:
		return "CONNECTING"
	case zkproto.StateConnectedReadOnly:
		return "CONNECTEDREADONLY"
	case zkproto.StateAuthFailed:
		return "AUTH_FAILED"
	case zkproto.StateExpired, zkproto.StateClosed:
		return "CLOSED"
	}
	return "CONNECTED"
}
