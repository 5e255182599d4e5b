package check_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check"
)

// While the server is killed and restarted: sequence numbers are never given twice, ephemeral
// znodes live exactly as long as their sessions, and the events of a recursive watch are those
// of the transactions, in their order and without gaps.
func TestKill_SequencesSessionsAndWatches(t *testing.T) {
	t.Parallel()
	s := newProcess(t, "tickTime=200", "maxSessionTimeout=20000")
	s.start()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	setup := client(t, s.addr, zkclient.Config{SessionTimeout: 20 * time.Second})
	for _, path := range []string{"/seq", "/lived", "/left"} {
		if _, _, err := setup.Create(t.Context(), path, nil, zkproto.OpenACL(), zkproto.ModePersistent, 0); err != nil {
			t.Fatal(err)
		}
	}
	o := observe(t, s.addr)

	ctx, cancel := context.WithTimeout(t.Context(), killTime(t))
	defer cancel()
	var wg sync.WaitGroup
	sequencers := []*sequencer{{name: "a"}, {name: "b"}}
	for _, q := range sequencers {
		c := client(t, s.addr, zkclient.Config{SessionTimeout: 20 * time.Second})
		wg.Go(func() { q.run(ctx, t, c) })
	}
	owners := []*owner{{name: "a"}, {name: "b"}}
	for _, w := range owners {
		w.c = client(t, s.addr, zkclient.Config{SessionTimeout: 20 * time.Second})
		wg.Go(func() { w.run(ctx, t) })
	}
	var l leaver
	wg.Go(func() { l.run(ctx, t, s.addr) })
	kills := s.killAtRandom(ctx, rand.New(rand.NewPCG(seed, 99)))
	wg.Wait()
	restarted := time.Now()

	created := checkSequence(t, setup, sequencers)
	for _, w := range owners {
		w.check(t)
	}
	l.check(t, setup, restarted)
	events := o.check(t, created)
	t.Logf("%d kills, %d sequential znodes, %d ephemeral znodes of %d sessions, %d events", kills, len(created), l.znodes, l.sessions, events)
	if kills == 0 || len(created) == 0 || l.sessions == 0 || events == 0 {
		t.Error("nothing was put to the test")
	}
}

// client connects, and is closed at the test's end.
func client(t *testing.T, addr string, cfg zkclient.Config) *zkclient.Client {
	t.Helper()
	cfg.Servers = addr
	c, err := zkclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.Close(ctx) // the server may be gone
	})
	return c
}

// The clients below stop when ctx ends, and wait for their last answer: a request that nobody
// waits for may be carried out while the results are looked at.

// sequencer creates sequential znodes and deletes some of them.
type sequencer struct {
	name    string
	created map[string]zkproto.Zxid // acknowledged, and not deleted
	gone    []string                // deleted, for sure or perhaps
}

func (q *sequencer) run(ctx context.Context, t *testing.T, c *zkclient.Client) {
	q.created = map[string]zkproto.Zxid{}
	last := ""
	for n := 0; ctx.Err() == nil; n++ {
		path, st, err := c.Create(t.Context(), "/seq/n-", fmt.Appendf(nil, "%s%d", q.name, n), zkproto.OpenACL(), zkproto.ModePersistentSequential, 0)
		if err != nil {
			q.tolerate(t, err)
			continue
		}
		if path <= last {
			t.Errorf("sequencer %s was given %s after %s", q.name, path, last)
		}
		last = path
		if n%3 > 0 {
			q.created[path] = st.Czxid
			continue
		}
		// The highest number goes, and must not come again.
		q.gone = append(q.gone, path)
		if err := c.Delete(t.Context(), path, 0); err != nil {
			q.tolerate(t, err)
		}
	}
}

// tolerate takes an error for what a kill may cause, or reports it.
func (q *sequencer) tolerate(t *testing.T, err error) {
	if !zkclient.OutcomeUnknown(err) {
		t.Errorf("sequencer %s: %v", q.name, err)
	}
}

// checkSequence demands that what was acknowledged is there, and that numbers and zxids grow
// together. It returns all znodes.
func checkSequence(t *testing.T, c *zkclient.Client, sequencers []*sequencer) map[string]zkproto.Zxid {
	t.Helper()
	names, _, err := c.Children(t.Context(), "/seq", nil)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	found := map[string]zkproto.Zxid{}
	last := zkproto.Zxid(0)
	for _, name := range names {
		st, err := c.Exists(t.Context(), "/seq/"+name, nil)
		if err != nil || st.Czxid <= last {
			t.Errorf("/seq/%s was created at %v, and one with a lower number at %v; %v", name, st.Czxid, last, err)
		}
		last = st.Czxid
		found["/seq/"+name] = st.Czxid
	}
	given := map[string]string{}
	for _, q := range sequencers {
		for path, zxid := range q.created {
			if found[path] != zxid {
				t.Errorf("%s was acknowledged at %v, and is found at %v", path, zxid, found[path])
			}
		}
		for _, path := range append(slices.Collect(maps.Keys(q.created)), q.gone...) {
			if other, twice := given[path]; twice {
				t.Errorf("%s was given to %s and to %s", path, other, q.name)
			}
			given[path] = q.name
		}
	}
	return found
}

// owner keeps one session for the whole time and creates ephemeral znodes.
type owner struct {
	name   string
	c      *zkclient.Client
	ledger check.Ledger
}

func (o *owner) run(ctx context.Context, t *testing.T) {
	for n := 0; ctx.Err() == nil; n++ {
		path := fmt.Sprintf("/lived/%s%d", o.name, n%20)
		value := fmt.Sprint(n)
		_, _, err := o.c.Create(t.Context(), path, []byte(value), zkproto.OpenACL(), zkproto.ModeEphemeral, 0)
		switch {
		case errors.Is(err, zkproto.NodeExists):
			err := o.c.Delete(t.Context(), path, -1)
			if errors.Is(err, zkproto.NoNode) {
				err = nil
			}
			o.wrote(t, path, check.Absent, err)
		default:
			o.wrote(t, path, check.Present(value), err)
		}
	}
}

func (o *owner) wrote(t *testing.T, path string, to check.State, err error) {
	if errors.Is(err, zkproto.SessionExpired) {
		t.Errorf("session %s expired, and was never away for long", o.name)
	}
	o.ledger.Wrote(path, to, check.OutcomeOf(err, zkclient.OutcomeUnknown))
}

func (o *owner) check(t *testing.T) {
	t.Helper()
	for _, place := range o.ledger.Places() {
		found, err := look(t.Context(), o.c, place)
		if err == nil {
			err = o.ledger.Verify(place, found)
		}
		if err != nil {
			t.Errorf("of the session that lives: %v", err)
		}
	}
}

// leaver opens sessions that are closed, or left without a word.
type leaver struct {
	sessions, znodes int
	left             []leaving     // znodes of sessions that nobody comes back to
	timeout          time.Duration // of those
}

// leaving is a znode whose session's client is gone.
type leaving struct {
	path   string
	spoken time.Time // the session did, then or later; zero where the znode may never have been
}

func (l *leaver) run(ctx context.Context, t *testing.T, addr string) {
	l.timeout = 2 * time.Second
	ended, cancel := context.WithCancel(ctx)
	cancel()
	reader := client(t, addr, zkclient.Config{SessionTimeout: 20 * time.Second})
	for n := 0; ctx.Err() == nil; n++ {
		var d cutDialer
		c, err := zkclient.Dial(ctx, zkclient.Config{Servers: addr, SessionTimeout: l.timeout, Dialer: d.dial})
		if err != nil {
			continue // the server is down, or the time is over
		}
		path := fmt.Sprintf("/left/%d", n)
		before := time.Now()
		_, _, err = c.Create(t.Context(), path, nil, zkproto.OpenACL(), zkproto.ModeEphemeral, 0)
		if err != nil && !zkclient.OutcomeUnknown(err) {
			t.Errorf("%s: %v", path, err)
		}
		l.sessions++
		l.znodes++
		if n%2 == 0 {
			l.close(t, c, reader, path)
			continue
		}
		d.cut()
		_ = c.Close(ended) // in vain: that is the point
		if err != nil {
			before = time.Time{}
		}
		l.left = append(l.left, leaving{path, before})
		// One that was left a while ago, and just now.
		l.alive(t, reader, l.left[max(0, len(l.left)-50)])
		l.alive(t, reader, l.left[len(l.left)-1])
	}
}

// alive demands that a znode is there while its session cannot have expired.
func (l *leaver) alive(t *testing.T, reader *zkclient.Client, z leaving) {
	_, err := reader.Exists(t.Context(), z.path, nil)
	if lived := time.Since(z.spoken); errors.Is(err, zkproto.NoNode) && lived < l.timeout {
		t.Errorf("%s was gone %v after its session had spoken, whose timeout is %v", z.path, lived, l.timeout)
	}
}

// close ends a session, and demands that its znode is gone when that is acknowledged.
func (l *leaver) close(t *testing.T, c, reader *zkclient.Client, path string) {
	if err := c.Close(t.Context()); err != nil {
		l.left = append(l.left, leaving{path: path})
		return
	}
	if st, err := reader.Exists(t.Context(), path, nil); err == nil {
		t.Errorf("%s outlives its session %v, whose end was acknowledged: %+v", path, c.Session().ID, st)
	}
}

// check demands that what was left goes once the server has run for long enough.
func (l *leaver) check(t *testing.T, c *zkclient.Client, restarted time.Time) {
	t.Helper()
	const tick, slack = 200 * time.Millisecond, 5 * time.Second // slack for a busy machine
	deadline := restarted.Add(l.timeout + tick + slack)
	for _, z := range l.left {
		path := z.path
		gone := make(chan struct{})
		_, err := c.Exists(t.Context(), path, func(zkproto.WatchedEvent) { close(gone) })
		if errors.Is(err, zkproto.NoNode) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-gone:
		case <-time.After(time.Until(deadline)):
			t.Errorf("%s outlives its session by more than a tick", path)
		}
	}
}

// cutDialer makes connections until it is cut, which ends the last one too.
type cutDialer struct {
	mu   sync.Mutex
	last net.Conn
	over bool
}

func (d *cutDialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil && d.over {
		_ = nc.Close() // nothing was sent
		return nil, errors.New("the line is cut")
	}
	d.last = nc
	return nc, err
}

func (d *cutDialer) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.last != nil {
		_ = d.last.Close() // a cut has no niceties
	}
}

// observer keeps the events of a recursive watch, parted by losses of the connection.
type observer struct {
	mu    sync.Mutex
	parts [][]zkproto.WatchedEvent
}

func observe(t *testing.T, addr string) *observer {
	t.Helper()
	o := &observer{parts: [][]zkproto.WatchedEvent{nil}}
	c := client(t, addr, zkclient.Config{SessionTimeout: 20 * time.Second, OnEvent: func(e zkproto.WatchedEvent) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if e.Type == zkproto.EventNone {
			o.parts = append(o.parts, nil)
			return
		}
		last := len(o.parts) - 1
		o.parts[last] = append(o.parts[last], e)
	}})
	if err := c.AddWatch(t.Context(), "/seq", zkproto.AddWatchPersistentRecursive, zkclient.DefaultWatch); err != nil {
		t.Fatal(err)
	}
	return o
}

// check compares the events with the znodes that were created and are still there. It
// returns the number of events.
func (o *observer) check(t *testing.T, created map[string]zkproto.Zxid) (count int) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	byZxid := map[zkproto.Zxid]string{}
	for path, zxid := range created {
		byZxid[zxid] = path
	}
	last := zkproto.Zxid(0)
	for _, part := range o.parts {
		told := map[string]bool{}
		for _, e := range part {
			count++
			if e.Zxid < last {
				t.Errorf("the event %v of %v comes after one of %v", e, e.Zxid, last)
			}
			last = e.Zxid
			if e.Type != zkproto.EventNodeCreated {
				continue
			}
			told[e.Path] = true
			if zxid, there := created[e.Path]; there && zxid != e.Zxid {
				t.Errorf("%s was created at %v, and its event says %v", e.Path, zxid, e.Zxid)
			}
			if path, there := byZxid[e.Zxid]; there && path != e.Path {
				t.Errorf("%v created %s, and its event says %s", e.Zxid, path, e.Path)
			}
		}
		if len(part) == 0 {
			continue
		}
		for path, zxid := range created {
			if zxid > part[0].Zxid && zxid < part[len(part)-1].Zxid && !told[path] {
				t.Errorf("%s was created at %v, between events of %v and %v, and nobody was told", path, zxid, part[0].Zxid, part[len(part)-1].Zxid)
			}
		}
	}
	return count
}
