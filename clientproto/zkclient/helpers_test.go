package zkclient_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// events has what a callback was called with, until the test takes it.
type events struct{ ch chan zkproto.WatchedEvent }

func newEvents() *events { return &events{make(chan zkproto.WatchedEvent, 10000)} }

func (e *events) take(ev zkproto.WatchedEvent) { e.ch <- ev }

// next waits for an event of this type and path; others before it are an error.
func (e *events) next(t testing.TB, typ zkproto.EventType, path string) zkproto.WatchedEvent {
	t.Helper()
	ev := e.any(t)
	if ev.Type != typ || ev.Path != path {
		t.Fatalf("event %v, want %s %s", ev, typ, path)
	}
	return ev
}

func (e *events) any(t testing.TB) zkproto.WatchedEvent {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case ev := <-e.ch:
		return ev
	case <-timeout.C:
		t.Fatal("no event came")
		panic("unreachable")
	}
}

// state waits for a change of state, past any others.
func (e *events) state(t testing.TB, want zkproto.KeeperState) {
	t.Helper()
	for {
		ev := e.any(t)
		if ev.Type == zkproto.EventNone && ev.State == want {
			return
		}
	}
}

// none checks that no event is waiting to be taken.
func (e *events) none(t testing.TB) {
	t.Helper()
	select {
	case ev := <-e.ch:
		t.Errorf("unexpected event %v", ev)
	default:
	}
}

// dial connects, and closes at the end of the test; Close must then leave no goroutine.
func dial(t testing.TB, cfg zkclient.Config) *zkclient.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := zkclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeClient(t, c) })
	if err := c.Connected(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}

func closeClient(t testing.TB, c *zkclient.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// checkGoroutines fails if goroutines of the client are still there at the end of the test.
// It must be called before what it is to outlast.
func checkGoroutines(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		var left []string
		deadline := time.Now().Add(patience)
		for left = clientGoroutines(); len(left) > 0 && time.Now().Before(deadline); left = clientGoroutines() {
			runtime.Gosched()
		}
		if len(left) > 0 {
			t.Errorf("goroutines of the client are left:\n%s", strings.Join(left, "\n\n"))
		}
	})
}

func clientGoroutines() []string {
	buf := make([]byte, 1<<20)
	var found []string
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "zkclient.(*Client).") || strings.Contains(g, "zkclient.(*dispatcher).") {
			found = append(found, g)
		}
	}
	return found
}
