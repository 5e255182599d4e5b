package torture

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check/history"
)

// actor is a client that records what it does.
type actor struct {
	r    *run
	id   int
	rnd  *rand.Rand
	c    *zkclient.Client
	line *line
	done []history.Op
}

// newActor connects to the servers, in random order where there are several.
func (r *run) newActor(servers string, timeout time.Duration, onEvent func(zkproto.WatchedEvent)) (*actor, error) {
	a := &actor{r: r, id: len(r.clients), line: &line{}}
	a.rnd = r.chance(1000 + a.id)
	var err error
	a.c, err = zkclient.New(zkclient.Config{
		Servers: servers, SessionTimeout: timeout, Renew: true, Shuffle: true,
		Rand: r.chance(2000 + a.id), Dialer: a.line.dial, OnEvent: onEvent,
	})
	return a, err
}

func (a *actor) ops() []history.Op { return a.done }

func (a *actor) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = a.c.Close(ctx) // its server may be gone
}

// patience is how long an operation is waited for, now and then: what is given up may still be carried out.
func (a *actor) patience() (context.Context, context.CancelFunc) {
	if a.rnd.IntN(20) == 0 {
		return context.WithTimeout(a.r.life, time.Duration(1+a.rnd.IntN(300))*time.Millisecond)
	}
	return context.WithCancel(a.r.life)
}

// call is one request under way.
type call struct {
	op      history.Op
	call    *zkclient.Call
	session zkproto.SessionID
	stat    zkproto.Stat
	create  zkproto.Create2Response
	data    zkproto.DataResponse
	mode    zkproto.CreateMode
}

// start sends an operation's request.
func (a *actor) start(ctx context.Context, op history.Op, mode zkproto.CreateMode) *call {
	op.Client = a.id
	k := &call{op: op, session: a.c.Session().ID, mode: mode}
	if op.Call == 0 {
		k.op.Call = a.r.now()
	}
	switch op.Kind {
	case history.Create:
		req := &zkproto.CreateRequest{Path: op.Path, Data: []byte(op.Value), ACL: zkproto.OpenACL(), Mode: mode}
		k.call = a.c.Start(ctx, zkproto.OpCreate2, req, &k.create)
	case history.Set:
		k.call = a.c.Start(ctx, zkproto.OpSetData, &zkproto.SetDataRequest{Path: op.Path, Data: []byte(op.Value), Version: op.Version}, &k.stat)
	case history.Delete:
		k.call = a.c.Start(ctx, zkproto.OpDelete, &zkproto.PathVersionRequest{Path: op.Path, Version: op.Version}, nil)
	default:
		k.call = a.c.Start(ctx, zkproto.OpGetData, &zkproto.PathWatchRequest{Path: op.Path}, &k.data)
	}
	return k
}

// wait waits for the answer. ok is false where there is nothing to record: the request was never sent, or was a read
// without an answer. The error of such is returned too.
func (a *actor) wait(ctx context.Context, k *call) (op *history.Op, ok bool, err error) {
	err = k.call.Wait(ctx)
	op = &k.op
	op.Return = a.r.now()
	switch {
	case zkclient.OutcomeUnknown(err):
		op.Unknown = true
		return op, true, err
	case err == nil:
	case errors.Is(err, zkproto.NoNode), errors.Is(err, zkproto.NodeExists), errors.Is(err, zkproto.BadVersion):
		errors.As(err, &op.Code)
	default:
		return op, false, err
	}
	if op.Session = a.c.Session().ID; op.Session != k.session {
		op.Session = 0 // one or the other
	}
	op.Server = a.c.Server()
	op.Zxid = k.call.Zxid()
	if err == nil {
		k.read()
	}
	return op, true, err
}

// read takes what the answer says of the znode.
func (k *call) read() {
	op := &k.op
	switch op.Kind {
	case history.Create:
		op.Path, op.Mzxid = k.create.Path, k.create.Stat.Mzxid
	case history.Set:
		op.Mzxid, op.GotVersion = k.stat.Mzxid, k.stat.Version
	case history.SyncRead, history.Read:
		op.Mzxid, op.GotVersion, op.Got = k.data.Stat.Mzxid, k.data.Stat.Version, string(k.data.Data)
	}
}

// do carries an operation out and records it. A SyncRead sends its sync just before the get, and is none if the sync is
// not answered.
func (a *actor) do(ctx context.Context, op history.Op, mode zkproto.CreateMode) (*history.Op, error) {
	var sync *zkclient.Call
	if op.Kind == history.SyncRead {
		op.Call = a.r.now()
		sync = a.c.Start(ctx, zkproto.OpSync, &zkproto.PathRequest{Path: op.Path}, &zkproto.PathResponse{})
	}
	k := a.start(ctx, op, mode)
	if sync != nil {
		if err := sync.Wait(ctx); err != nil {
			_ = k.call.Wait(ctx) // whatever it read
			return nil, err
		}
	}
	done, ok, err := a.wait(ctx, k)
	if !ok {
		return nil, err
	}
	if done.Unknown && mode.Sequential() {
		return nil, err // nobody knows its path
	}
	a.done = append(a.done, *done)
	return done, err
}

// line is a client's way to its servers, which can be broken.
type line struct {
	mu struct {
		sync.Mutex
		conn net.Conn
		over bool
	}
}

var errCut = errors.New("the line is cut")

func (l *line) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.mu.over {
		_ = conn.Close() // nothing was sent
		return nil, errCut
	}
	l.mu.conn = conn
	return conn, err
}

// hangUp ends the present connection; with over there is no other.
func (l *line) hangUp(over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.over = l.mu.over || over
	if l.mu.conn != nil {
		_ = l.mu.conn.Close() // a cut has no niceties
	}
}
