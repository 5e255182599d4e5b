package torture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// ephemeralRoot is the parent of all ephemeral znodes.
const ephemeralRoot = "/mine"

// A session is alive for its timeout since the leader was told of it last. A server tells the leader with its answers
// to pings, each half a tick: so a client's own account, from its last write or sync that was answered, may be a tick
// ahead. (Reads do not count: a server that is cut off answers them until it notices.)
const reportTime = tick

// owner keeps one session over moves and creates ephemeral znodes, which live as long as it.
type owner struct {
	*actor
	mine  map[string]zkproto.SessionID // acknowledged, not deleted, of that session
	heard time.Time                    // call of the last write or sync that was answered, of session
	of    zkproto.SessionID
}

func (o *owner) work(ctx context.Context) {
	o.mine = map[string]zkproto.SessionID{}
	for n := 0; ctx.Err() == nil; n++ {
		if o.rnd.IntN(100) == 0 {
			o.line.hangUp(false)
		}
		path := fmt.Sprintf("%s/%d-%d", ephemeralRoot, o.id, o.rnd.IntN(10))
		switch _, there := o.mine[path]; {
		case !there:
			o.create(path)
		case o.rnd.IntN(2) == 0:
			o.look(path)
		default:
			o.remove(path)
		}
	}
}

// answered notes that the servers heard a session at the call of something that was answered.
func (o *owner) answered(session zkproto.SessionID, called time.Time) {
	if now := o.c.Session().ID; now == session {
		o.heard, o.of = called, session
	}
}

func (o *owner) create(path string) {
	session, called := o.c.Session().ID, time.Now()
	_, st, err := o.c.Create(o.r.life, path, nil, zkproto.OpenACL(), zkproto.ModeEphemeral, 0)
	if err == nil {
		o.mine[path] = st.EphemeralOwner
		o.answered(session, called)
		o.r.count(func(r *Report) { r.Ephemerals++ })
	}
}

func (o *owner) remove(path string) {
	session, called := o.c.Session().ID, time.Now()
	err := o.c.Delete(o.r.life, path, -1)
	if err == nil {
		o.answered(session, called)
	}
	delete(o.mine, path) // or it is not known
}

// look demands that a znode is there while its session can be alive. Where it is not, the session must be over: it is
// asked to write once more.
func (o *owner) look(path string) {
	session, called := o.c.Session().ID, time.Now()
	if err := o.c.Sync(o.r.life, path); err != nil {
		return
	}
	_, err := o.c.Exists(o.r.life, path, nil)
	owner := o.mine[path]
	if err == nil {
		o.answered(session, called)
	}
	if !errors.Is(err, zkproto.NoNode) {
		return
	}
	delete(o.mine, path)
	o.early(path, owner, o.heard, ownerTime)
	if _, st, err := o.c.Create(o.r.life, path, nil, zkproto.OpenACL(), zkproto.ModeEphemeral, 0); err == nil {
		o.mine[path] = st.EphemeralOwner
		if st.EphemeralOwner == owner {
			o.r.problem("%s was gone although its session %v lives", path, owner)
		}
	}
}

// early is called when a znode of a session was found gone.
func (o *owner) early(path string, session zkproto.SessionID, heard time.Time, timeout time.Duration) {
	if gone := time.Since(heard); o.of == session && gone < timeout-reportTime {
		o.r.problem("%s was gone %v after its session %v had been heard, whose timeout is %v", path, gone, session, timeout)
	}
}

// leaver opens sessions that are closed, or left without a word, and looks at what they leave from another session.
type leaver struct {
	*actor // that looks
	left   []leaving
}

// leaving is a znode whose session's client is gone.
type leaving struct {
	path  string
	heard time.Time // the servers heard the session then, or later
}

func (l *leaver) work(ctx context.Context) {
	over, cancel := context.WithCancel(ctx)
	cancel()
	for n := 0; ctx.Err() == nil; n++ {
		way := &line{}
		c, err := zkclient.New(zkclient.Config{Servers: l.servers(), SessionTimeout: sessionTime, Dialer: way.dial})
		if err != nil {
			l.r.problem("a client could not be made: %v", err)
			return
		}
		patience, cancel := context.WithTimeout(ctx, time.Second)
		path := fmt.Sprintf("%s/left-%d-%d", ephemeralRoot, l.id, n)
		_, err = c.Exists(patience, ephemeralRoot, nil) // connected
		called := time.Now()
		if err == nil {
			_, _, err = c.Create(patience, path, nil, zkproto.OpenACL(), zkproto.ModeEphemeral, 0)
		}
		cancel()
		switch {
		case err != nil:
			way.hangUp(true)
			_ = c.Close(over) // in vain: the session is left
		case n%2 == 0:
			l.end(c, path)
		default:
			way.hangUp(true)
			_ = c.Close(over)
			l.left = append(l.left, leaving{path, called})
			l.count()
			l.alive(l.left[max(0, len(l.left)-1-l.rnd.IntN(4))])
		}
		pause(ctx, time.Duration(l.rnd.IntN(50))*time.Millisecond)
	}
}

func (l *leaver) count() {
	l.r.count(func(r *Report) { r.Sessions, r.Ephemerals = r.Sessions+1, r.Ephemerals+1 })
}

// servers is one server or another.
func (l *leaver) servers() string { return l.r.addrs()[l.rnd.IntN(len(l.r.nodes))] }

// end ends a session, and demands that its znode is gone when that is acknowledged.
func (l *leaver) end(c *zkclient.Client, path string) {
	if err := c.Close(l.r.life); err != nil {
		return
	}
	l.count()
	if l.c.Sync(l.r.life, path) != nil {
		return
	}
	if st, err := l.c.Exists(l.r.life, path, nil); err == nil {
		l.r.problem("%s outlives its session %v, whose end was acknowledged", path, st.EphemeralOwner)
	}
}

// alive demands that a znode is there while its session cannot have expired.
func (l *leaver) alive(z leaving) {
	if l.c.Sync(l.r.life, z.path) != nil {
		return
	}
	_, err := l.c.Exists(l.r.life, z.path, nil)
	if gone := time.Since(z.heard); errors.Is(err, zkproto.NoNode) && gone < sessionTime-reportTime {
		l.r.problem("%s was gone %v after its session had been heard, whose timeout is %v", z.path, gone, sessionTime)
	}
}

// ended waits until every ephemeral znode is gone: all of their sessions are closed or left by now.
func (r *run) ended(ctx context.Context, c *zkclient.Client) error {
	const slack = 5 * time.Second // for a busy machine
	deadline := time.Now().Add(ownerTime + 2*tick + slack)
	for {
		if err := c.Sync(ctx, ephemeralRoot); err != nil {
			return err
		}
		names, _, err := c.Children(ctx, ephemeralRoot, nil)
		if errors.Is(err, zkproto.NoNode) || err == nil && len(names) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if time.Now().After(deadline) {
			r.problem("ephemerals outlive their sessions: %q", names)
			return nil
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
