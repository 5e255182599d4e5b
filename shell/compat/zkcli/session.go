package zkcli

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// session is a ZooKeeper handle in Apache's sense: one that was closed, has expired, or was refused stays so.
type session struct {
	ZK
	servers string // as they were named
	// refused: the server did not take a credential. Apache's handle is dead then.
	refused atomic.Bool
	// turn is closed when its events may be shown: those of the session before come first.
	turn chan struct{}
	// silent: its events are shown to nobody any more.
	silent atomic.Bool
}

// alive says whether commands may use the session.
func (s *session) alive() bool {
	if s == nil || s.refused.Load() {
		return false
	}
	switch s.State() {
	case zkproto.StateExpired, zkproto.StateClosed, zkproto.StateAuthFailed:
		return false
	}
	return true
}

// state is the word in the prompt.
func (f *Front) state() string {
	switch {
	case f.now == nil:
		return "NOT_CONNECTED"
	case f.now.refused.Load():
		return "AUTH_FAILED"
	}
	switch f.now.State() {
	case zkproto.StateSyncConnected:
		return "CONNECTED"
	case zkproto.StateConnectedReadOnly:
		return "CONNECTEDREADONLY"
	case zkproto.StateAuthFailed:
		return "AUTH_FAILED"
	case zkproto.StateExpired, zkproto.StateClosed:
		return "CLOSED"
	}
	return "CONNECTING"
}

// Connect shows the banner and opens the first session; for a single command it is opened when that turns out to need
// one. It returns when there is a connection, or when an attempt has failed: then commands fail one by one, except
// under -waitforconnection.
func (f *Front) Connect(ctx context.Context) error {
	banner := "Welcome to ZooKeeper!\nJLine support is enabled\n"
	if len(f.opts.Words) > 0 {
		banner = ""
	}
	f.say("Connecting to " + f.opts.Server + "\n")
	f.due = len(f.opts.Words) > 0 && !f.opts.Wait
	switch {
	case f.due:
		return nil
	case f.opts.Wait:
		err := f.open(ctx, f.opts.Server)
		if err == nil {
			f.say(banner)
		}
		return err
	}
	f.say(banner)
	return f.open(ctx, f.opts.Server)
}

// open replaces the session, and waits for the connection as Connect does. The old one stays where the servers are
// not named as they should be.
func (f *Front) open(ctx context.Context, servers string) error {
	if err := f.begin(ctx, servers); err != nil {
		return failuref("%v", err)
	}
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	if f.opts.Wait {
		if err := f.now.Connected(limited); err != nil {
			return failuref("%s", keeperError("", zkproto.ConnectionLoss))
		}
	} else if err := f.now.ConnectOnce(limited); err != nil {
		return nil // the prompt says CONNECTING, and the commands what is wrong
	}
	f.settle(ctx)
	return nil
}

// begin replaces the session by one that is being opened.
func (f *Front) begin(ctx context.Context, servers string) error {
	next := &session{servers: servers, turn: make(chan struct{})}
	defer close(next.turn)
	zk, err := f.cfg.Open(command.Target{
		Servers: servers, Timeout: f.timeout, ReadOnly: f.opts.ReadOnly,
		Events: func(ev zkproto.WatchedEvent) { f.event(next, ev) },
	})
	if err != nil {
		return err
	}
	next.ZK = zk
	switch {
	case f.now.alive():
		f.endSession(ctx)
	case f.now != nil:
		f.silence(ctx, f.now)
	}
	f.now, f.due = next, false
	f.shown.Store(next)
	return nil
}

// event shows an event.
func (f *Front) event(s *session, ev zkproto.WatchedEvent) {
	<-s.turn
	if s.silent.Load() {
		return
	}
	if ev.Type == zkproto.EventNone && ev.State == zkproto.StateAuthFailed {
		s.refused.Store(true)
		s.silent.Store(true)
	}
	if f.watches.on() {
		f.cfg.Events("\nWATCHER::\n\n" + ev.String())
	}
}

// settle waits for the events that belong before what is printed next.
func (f *Front) settle(ctx context.Context) {
	if f.now != nil {
		_ = f.now.Settle(ctx) // with an end of ctx comes the end of the command
	}
}

// ready returns why a request would not reach a server now. Apache's client tries again in the background, and so
// does ours; requests fail as soon as an attempt has failed.
func (f *Front) ready(ctx context.Context) error {
	if f.due {
		if err := f.open(ctx, f.opts.Server); err != nil {
			return err
		}
	}
	if s := f.now.State(); s == zkproto.StateSyncConnected || s == zkproto.StateConnectedReadOnly {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	if err := f.now.ConnectOnce(limited); err != nil {
		if ctx.Err() == nil && f.now.alive() {
			return zkproto.ConnectionLoss
		}
		return err
	}
	f.settle(ctx)
	return nil
}

// endSession closes the session, which an event tells of.
func (f *Front) endSession(ctx context.Context) {
	_ = f.out.Flush() // the writer keeps the error
	if err := f.now.Close(ctx); err != nil {
		fmt.Fprintln(f.stderr, err)
	}
}

// silence closes a session without a word.
func (f *Front) silence(ctx context.Context, s *session) {
	s.silent.Store(true)
	if err := s.Close(ctx); err != nil {
		fmt.Fprintln(f.stderr, err)
	}
}

// Close ends the session, if it has not ended, so that its ephemeral znodes go at once.
func (f *Front) Close(ctx context.Context) {
	if f.now != nil {
		f.silence(ctx, f.now)
	}
}

func (f *Front) closeSession(ctx context.Context, _ line) error {
	if f.due {
		if err := f.ready(ctx); err != nil {
			return failed("", err)
		}
	}
	f.endSession(ctx)
	return nil
}

// reconnect is the command connect.
func (f *Front) reconnect(ctx context.Context, words []lex.Word) error {
	servers := f.Servers()
	if len(words) > 0 {
		servers = words[0].Text
	}
	return f.open(ctx, servers)
}

// Servers are those of the session. It may be called at any time, and so may Children.
func (f *Front) Servers() string {
	if s := f.shown.Load(); s != nil {
		return s.servers
	}
	return f.opts.Server
}

// Children lists the children of a znode for completion, if there is a connection.
func (f *Front) Children(ctx context.Context, path string) ([]string, error) {
	s := f.shown.Load()
	if s == nil || s.State() != zkproto.StateSyncConnected {
		return nil, command.ErrNotConnected
	}
	names, _, err := s.ZK.Children(ctx, path, nil)
	return names, err
}
