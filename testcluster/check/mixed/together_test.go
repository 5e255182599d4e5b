package mixed

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/check"
)

// layouts are the ensembles that the tests run on; the last voter leads at first.
var layouts = []string{
	"debian debian zoka",  // ours leads two of Apache's
	"zoka debian debian",  // ours follows
	"zoka zoka 39",        // two of ours follow
	"39 zoka zoka",        // ours leads another of ours, and Apache's 3.9
	"debian debian +zoka", // ours observes
	"zoka zoka +debian",   // Apache's observes ours
}

// What any member is told, by our client or a foreign one, all members have; any of them may die, and comes back to
// the same znodes.
func TestTogether(t *testing.T) {
	for _, layout := range layouts {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			e := prepare(t, layout, "snapCount=200")
			found(t, e)
			scribbleAtEach(t, e)
			readEverywhere(t, e)
			readEverywhereByGoZookeeper(t, e)
			sameTrees(t, e)
			moveSession(t, e)
			killEach(t, e)
			catchUpBySnapshot(t, e)
			sameTrees(t, e)
			noDigestMismatch(t, e)
		})
	}
}

// scribbleAtEach writes something of every kind through each member.
func scribbleAtEach(t *testing.T, e *peertest.Ensemble) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, m := range e.Members {
		if err := check.Scribble(ctx, dial(t, m.Addr()), fmt.Sprintf("/by-%d", m.ID)); err != nil {
			t.Fatalf("%v: %v", m, err)
		}
	}
}

// readEverywhere writes through each member, and reads from each after a sync.
func readEverywhere(t *testing.T, e *peertest.Ensemble) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	writer := dial(t, e.Members[0].Addr())
	if _, _, err := writer.Create(ctx, "/shared", nil, nil, zkproto.ModePersistent, 0); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		for _, w := range e.Members {
			value := fmt.Sprintf("round %d by %v", round, w)
			stat, err := dial(t, w.Addr()).Set(ctx, "/shared", []byte(value), -1)
			if err != nil {
				t.Fatalf("write at %v: %v", w, err)
			}
			for _, r := range e.Members {
				c := dial(t, r.Addr())
				if err := c.Sync(ctx, "/shared"); err != nil {
					t.Fatalf("sync at %v: %v", r, err)
				}
				got, gotStat, err := c.Get(ctx, "/shared", nil)
				if err != nil || string(got) != value || gotStat != stat {
					t.Errorf("%v has %q %+v, %v; %v was told %q %+v", r, got, gotStat, err, w, value, stat)
				}
			}
		}
	}
}

// readEverywhereByGoZookeeper does so with a client that is not ours.
func readEverywhereByGoZookeeper(t *testing.T, e *peertest.Ensemble) {
	t.Helper()
	conns := make([]*zk.Conn, len(e.Members))
	for i, m := range e.Members {
		c, _, err := zk.Connect([]string{m.Addr()}, 10*time.Second, zk.WithLogger(nowhere{}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
	}
	for i, w := range conns {
		path := fmt.Sprintf("/foreign-%d", i)
		if _, err := w.Create(path, []byte(path), 0, zk.WorldACL(zk.PermAll)); err != nil {
			t.Fatalf("go-zookeeper creates at %v: %v", e.Members[i], err)
		}
		for j, r := range conns {
			if _, err := r.Sync(path); err != nil {
				t.Fatalf("go-zookeeper syncs at %v: %v", e.Members[j], err)
			}
			if got, _, err := r.Get(path); err != nil || string(got) != path {
				t.Errorf("go-zookeeper reads %q at %v, %v", got, e.Members[j], err)
			}
		}
	}
}

type nowhere struct{}

func (nowhere) Printf(string, ...any) {}

// killEach kills one member after the other. The rest goes on serving, if it is a quorum, and the member finds what
// it has missed.
func killEach(t *testing.T, e *peertest.Ensemble) {
	t.Helper()
	for _, m := range e.Members {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		rest := others(e, m)
		client := dial(t, connectString(rest))
		m.Kill()
		path := fmt.Sprintf("/without-%d", m.ID)
		if voters(rest) > voters(e.Members)/2 {
			createAgain(ctx, t, client, path)
			if _, err := client.Set(ctx, path, []byte(m.String()), -1); err != nil && !errors.Is(err, zkproto.ConnectionLoss) {
				t.Fatalf("without %v: %v", m, err)
			}
		}
		m.Start(t)
		e.Await(t) // all of them: who has missed two leaders may need a SNAP
		// Apache's observer does not log what it got by an earlier DIFF.
		if leader := e.Leader(t); m != leader && !(m.Observer && m.Program().Apache) {
			wantWay(t, leader, m, "DIFF")
		}
		cancel()
	}
}

func voters(members []*peertest.Member) int {
	n := 0
	for _, m := range members {
		if !m.Observer {
			n++
		}
	}
	return n
}

// catchUpBySnapshot lets each kind of follower miss more than a leader keeps at hand.
func catchUpBySnapshot(t *testing.T, e *peertest.Ensemble) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	leader := e.Leader(t)
	for _, m := range others(e, leader) {
		if m.Program().Apache == leader.Program().Apache && !*apacheOnly {
			continue
		}
		if voters(others(e, m)) <= voters(e.Members)/2 {
			continue
		}
		m.Kill()
		createMany(ctx, t, leader, fmt.Sprintf("/missed-by-%d", m.ID), 700)
		m.Restart(t)
		wantWay(t, leader, m, "SNAP")
		return
	}
}

// noDigestMismatch asks Apache's members whether they have found the others' digests of the tree right.
func noDigestMismatch(t *testing.T, e *peertest.Ensemble) {
	t.Helper()
	for _, m := range e.Members {
		if n := m.Metrics(t)["zk_digest_mismatches_count"]; m.Program().Apache && n != "0" {
			t.Errorf("%v counts %q digest mismatches", m, n)
		}
	}
}
