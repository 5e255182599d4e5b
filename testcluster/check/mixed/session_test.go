package mixed

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

const (
	sessionTimeout = 3 * time.Second
	// A session is ended by the leader's clock, in whole ticks after it was last heard of by a learner's report.
	expirySlack = 5 * time.Second
)

// moveSession moves a session from each member to the next. Its ephemeral znode is there until the client is silent
// for the session's timeout, and goes once on every member.
func moveSession(t *testing.T, e *peertest.Ensemble) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, l := dialSession(t, e.Members[0], sessionTimeout, zkclient.Session{})
	session := client.Session()
	if _, _, err := client.Create(ctx, "/ephemeral", nil, nil, zkproto.ModeEphemeral, 0); err != nil {
		t.Fatal(err)
	}
	watches := watchEnd(ctx, t, e, "/ephemeral")
	for _, m := range append(e.Members[1:], e.Members[0]) {
		l.sever()
		client, l = dialSession(t, m, sessionTimeout, session)
		if got := client.Session().ID; got != session.ID {
			t.Fatalf("session %v became %v at %v", session.ID, got, m)
		}
		if _, _, err := client.Create(ctx, "/ephemeral/child", nil, nil, zkproto.ModePersistent, 0); err == nil {
			t.Fatalf("an ephemeral znode has a child at %v", m)
		}
	}
	stays(ctx, t, watches, sessionTimeout+sessionTimeout/2) // longer than it would without a client
	l.sever()
	silent := time.Now()
	goes(ctx, t, watches)
	switch took := time.Since(silent); {
	case took < sessionTimeout/2: // the last ping was up to a third of the timeout before
		t.Errorf("the session ended %v after the client's end, its timeout is %v", took, sessionTimeout)
	case took > sessionTimeout+expirySlack:
		t.Errorf("the session lived on for %v, its timeout is %v", took, sessionTimeout)
	}
	for _, w := range watches {
		if err := w.client.Sync(ctx, "/"); err != nil {
			t.Fatal(err)
		}
		if err := w.client.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		if n := w.ends.Load(); n != 1 {
			t.Errorf("%v told %d times that /ephemeral has gone", w.at, n)
		}
	}
}

// endWatch counts the deletions of a znode as one member tells them.
type endWatch struct {
	at     *peertest.Member
	client *zkclient.Client
	ends   atomic.Int32
	gone   chan struct{}
}

func watchEnd(ctx context.Context, t *testing.T, e *peertest.Ensemble, path string) []*endWatch {
	t.Helper()
	var all []*endWatch
	for _, m := range e.Members {
		w := &endWatch{at: m, client: dial(t, m.Addr()), gone: make(chan struct{})}
		if err := w.client.Sync(ctx, path); err != nil {
			t.Fatal(err)
		}
		err := w.client.AddWatch(ctx, path, zkproto.AddWatchPersistent, func(event zkproto.WatchedEvent) {
			if event.Type == zkproto.EventNodeDeleted && w.ends.Add(1) == 1 {
				close(w.gone)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.Exists(ctx, path, nil); err != nil {
			t.Fatalf("%s at %v: %v", path, m, err)
		}
		all = append(all, w)
	}
	return all
}

// stays fails the test if one of the watches tells of the end within a time.
func stays(ctx context.Context, t *testing.T, watches []*endWatch, d time.Duration) {
	t.Helper()
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-watches[0].gone:
	case <-ctx.Done():
	case <-over.C:
	}
	for _, w := range watches {
		if w.ends.Load() > 0 {
			t.Fatalf("%v: the ephemeral znode of a client that is there has gone", w.at)
		}
	}
}

func goes(ctx context.Context, t *testing.T, watches []*endWatch) {
	t.Helper()
	for _, w := range watches {
		select {
		case <-w.gone:
		case <-ctx.Done():
			t.Fatalf("%v: the ephemeral znode of a client that has gone is there", w.at)
		}
	}
}
